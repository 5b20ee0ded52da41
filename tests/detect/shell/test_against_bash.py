"""Words and lists are read as the real bash reads them: the same fields and commands, or marked as unknown."""

# ruff: noqa: E501 - tables of cases, one family a line
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.interpreter import Analysis, analyse
from empty_world import EmptyWorld

BASH = shutil.which("bash") or "/bin/bash"
MARK = "argv_of"  # a function in bash, an unlisted program for the analysis
PRELUDE = f'{MARK}() {{ printf \'%s\\0\' "$#" "$@"; }}\n'
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to compare with")


@dataclass(frozen=True)
class HomeWorld(EmptyWorld):
    """A machine with an empty environment, and a home folder."""

    def is_dir(self, path: str) -> bool:
        return path == self.home


def in_bash(folder: Path, codes: Sequence[str]) -> list[list[list[str]] | None]:
    """For each code the argument lists that bash calls the marker with; None where bash finds no valid shell. One process."""
    script = [PRELUDE]
    for code in codes:
        quoted = "'" + code.replace("'", "'\\''") + "'"
        script.append(f"( eval {quoted}\nstatus=$?; wait; exit $status ) 2>/dev/null || printf 'FAILED\\0'\nprintf 'NEXT\\0'\n")
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    path = folder / ".cases.sh"
    path.write_text("".join(script), encoding="utf-8", errors="replace")
    run = subprocess.run(
        [BASH, "--norc", "--noprofile", str(path)],
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    results: list[list[list[str]] | None] = []
    calls: list[list[str]] = []
    failed = False
    items = iter(run.stdout.decode("utf-8", "replace").split("\0")[:-1])
    for item in items:
        if item == "NEXT":
            results.append(None if failed and not calls else calls)
            calls, failed = [], False
        elif item == "FAILED":
            failed = True
        else:
            calls.append([next(items) for _ in range(int(item))])
    assert len(results) == len(codes)
    return results


def by_us(folder: Path, code: str) -> tuple[list[list[str]], Analysis]:
    analysis = analyse(code, HomeWorld(home=str(folder)), str(folder))
    return [list(argv[1:]) for argv in analysis.programs if argv[0] == MARK], analysis


def told(ours: list[str], theirs: list[str]) -> bool:
    """True where a reading is the same, or says where it does not know."""
    return ours == theirs or any(UNKNOWN in field for field in ours)


def compare(folder: Path, codes: Sequence[str]) -> None:
    """Every call that bash makes is among ours, field by field."""
    wrong: list[str] = []
    for code, theirs in zip(codes, in_bash(folder, codes), strict=True):
        if theirs is None:
            continue
        ours, analysis = by_us(folder, code)
        blind = any(effect.kind in (EffectKind.UNRESOLVED, EffectKind.RUN_UNKNOWN) for effect in analysis.effects)
        missed = [] if blind else [call for call in theirs if not any(told(mine, call) for mine in ours)]
        wrong.extend(f"{code!r}: bash {call}, we {ours}" for call in missed)
    assert not wrong, "\n".join(wrong[:30])


BAR = "¦"
TABLES = {
    "quoting": r"""
a'b'c¦"a b"¦a\ b¦\a\b¦"a\b\$\"\\\`"¦'a\b'¦$'a\tb\x41\101\u00e9\'\\'¦$'a\0b'c¦$"hello"¦''¦""¦a""b¦"a"'b'c¦a\
b¦"a\
b"¦'a\
b'¦$¦a$¦"$"¦$'\cA\e\z'¦"\z"¦$'a
b'¦a#b¦"#"¦x=y¦x=~¦~¦~/a¦"~"¦\~¦~"/a"¦~root/x¦~+¦a~¦~/"b c"¦of=~/x¦--o=~/x¦x=a:~¦~$E¦$X'$X'"$X"
¦$X¦"$X"¦${X}¦"${X}y"¦$Xy¦${X}y¦"$X$Y"¦$X$Y¦a$X¦a${X}b¦${N}¦"${N}"¦a$N¦$E¦"$E"¦$E$E¦"$E"$E¦${#X}¦${#N}¦"${#X}"
""",
    "defaults": r"""
${N:-d}¦${N-d}¦"${N:-d e}"¦${N:-d e}¦${N:-"d e"}¦${N:-'d e'}¦"${N:-'d e'}"¦"${N:-"d e"}"¦"${N:-\}}"¦${N:-a"b c"d e}¦${E:-d}
¦${E-d}¦${X:-d}¦${X-d}¦${X:+y z}¦"${X:+y z}"¦${E:+y}¦${E+y}¦${N:+y}¦${N+y}¦${N:=q}$N¦"${N=q r}"$N¦${X:?no}¦${N:-$X}¦"${N:-$X}"
¦${N:-${X}}¦${N:-~}¦"${N:-~}"¦${N:-{a,b}}¦${N:-\ }¦a${N:- b }c¦"${N:-$'a'}"¦${N:-$'a b'}¦${N:-`echo a b`}¦${N:-$(echo a b)}
""",
    "operators": r"""
${X#a}¦${X##* }¦${X%b}¦${X%% *}¦${P#*/}¦${P##*/}¦${P%/*}¦${P%%/*}¦${P%.*}¦${P##*.}¦${P#"*"}¦${G#\*}¦${G#'*'}¦${G#*}¦${G##*}
¦${X/a/b}¦${X//[ab]/c}¦${P//\//_}¦${P//"/"/-}¦${P/#\/usr/x}¦${P/%txt/y}¦${X/ /}¦${X/a}¦${X^^}¦${X,,}¦${X^}¦${X,}¦${X:1}¦${X:1:1}
¦${X: -1}¦${X:0:-1}¦${X:9}¦"${X@U}"¦${X@Q}¦${X@L}¦${P:1:3}¦"${P:4}"¦"${X/b/&&}"¦${X/a/\\}¦${!R}¦"${!R}"¦${P#/[a-u]*/}¦${X#[^b]}
""",
    "arrays": r"""
${A[0]}¦${A[1]}¦"${A[1]}"¦${A[2]}¦${A[-1]}¦${A[9]}¦$A¦"${A[@]}"¦${A[@]}¦"${A[*]}"¦${A[*]}¦x"${A[@]}"y¦${#A[@]}¦${#A}¦${!A[@]}
¦"${A[@]:1}"¦"${A[@]:0:2}"¦${A[@]: -1}¦"${A[@]#a}"¦"${A[@]/a/b}"¦${A[$O]}¦${A[O]}¦"$@"¦$@¦"$*"¦$*¦"${@:2}"¦"${@:2:1}"¦"${*:2}"
¦$#¦$1¦"$2"¦${3}¦${10}¦$10¦"a$@b"¦"$@""$@"¦${@: -2}¦"${S[@]}"¦"${S[5]}"¦${S[0]}¦${!S[@]}¦"${S[@]:1}"¦${Z[@]}¦"${Z[@]}"
¦"${Z[*]}"¦"${A[@]:-x}"¦${Z[@]:-x}¦"${@:-x}"
""",
    "braces": r"""
{a,b}¦x{a,b}y¦{a,b}{c,d}¦{a,{b,c}}¦{1..4}¦{4..1}¦{01..03}¦{1..9..3}¦{a..e..2}¦{e..a}¦{a}¦{}¦{a,}¦{,a}x¦"{a,b}"¦\{a,b}¦{a\,b,c}
¦{a,"b c"}¦{a,$X}¦{"a",b}c¦{a,b¦a,b}¦{a,{b}¦x{1..2}{a,b¦{1..2}{3..4}¦{a..1}¦{-1..1}¦~/{a,b}¦{~,x}¦{$X,b}¦{a,b}$N¦$N{a,}¦{1..3..0}¦{,}
¦{$(echo a b),c}¦a{b,c}'d'{e,f}¦{'a,b',c}¦${X}{1,2}¦"$X"{1,2}¦{x,y\}¦{x,y}}¦{{a,b},c}¦{10..08}¦{A..C}¦{a,b}{c¦{,,}x¦{a}{b,c}
""",
    "outputs": r"""
$(echo a b)¦"$(echo a b)"¦`echo a b`¦"`echo a\`echo b\``"¦$(echo "a  b")¦"$(echo "a  b")"¦$(printf 'a\nb')¦"$(printf 'a\n\n')"¦$(echo)
¦"$(echo -n a)"¦"$(echo -e 'a\tb\0101\x41\101\cz')"¦"$(echo -ne 'a\n')"¦"$(echo -E 'a\n')"¦"$(echo '\n')"¦"$(echo -x -n)"¦"$(echo -nx)"
¦"$(printf '%s-%s,' a b c)"¦"$(printf '%5s,%-5s,%.2s,' a b abc)"¦"$(printf %d 12)"¦"$(printf %05d 12)"¦"$(printf %x 255)"¦"$(printf %c xyz)"
¦"$(printf '%b' 'a\tb\0101\101')"¦"$(printf 'a\tb\x41\101\"')"¦"$(printf '%%')"¦"$(printf '\x25s' x)"¦"$(printf '%s')"¦"$(printf -- '-a')"
¦"$(printf '%q' 'a b')"¦"$(printf '%*s' 3 a)"¦"$(printf '%b' 'a\cb' c)"¦"$(printf 'a\0b')"¦$(echo $(echo $(echo a)))
¦$(printf 'a\nb\nc\n' | head -n1)¦"$(printf 'a\nb\nc\n' | tail -n 1)"¦$(printf 'a\nb\nc\n' | tail -n +2)¦$(printf 'a\nb\n' | head -n -1)
¦$(printf abc | head -c 2)¦$(printf 'b\na\n' | sort)¦$(printf 'b\na\n' | tac)¦$(printf 'a\na\nb\n' | uniq)¦$(printf 'b\nB\na\n' | sort)
¦$(printf 'a\nb\n' | tail -1)¦$(printf 'a\nb' | head -1)¦$(echo hello | tr a-y b-z)¦$(echo 'a b' | tr -d ' ')¦$(echo abc | rev)
¦$(echo aGk= | base64 -d)¦$(echo 'aGk=aGk=' | base64 -d)¦$(echo aGk | base64 -d)¦$(printf hi | base64)¦$(seq 3)¦$(seq 2 2 6)
¦$(basename /a/b.c .c)¦$(dirname /a/b)¦"$(cat <<<"a b")"¦"$(cat <<E
a $X
E
)"¦"$(cat <<'E'
a $X
E
)"¦"$(cat <<-E
	a ${N:-"q"} ${N:-'r'} \$X \"b\" \
	c
	E
)"¦$(echo a;echo b)¦$(echo a & wait)¦$( (echo a) )¦$(($O+1))¦$((2))¦$[1+1]¦$((0x10))¦$(( (1) ))¦"$(echo "$(echo ")")")"¦$(echo \))¦$(echo ')')
¦$(echo a # b )
)¦$(case a in a) echo x;; esac)¦$(for i in a b; do echo $i; done)¦$(if true; then echo y; fi)¦$(f() { echo g; }; f)¦$({ echo a; echo b; })
¦$(echo a | xargs echo b)¦$(printf 'a b\nc' | xargs -n1 echo)¦$(echo 'a "b c"' | xargs -n1 echo)¦$(printf 'a\0b' | xargs -0 echo)
""",
}
SETUP = (
    "X='a b'; E=; P=/usr/lib/x.tar.txt; G='*a*b'; R=X; O=1; A=(a 'b c' d); S=([5]=f [2]=t); Z=(); unset N; Y='c d'; "
    "set -- one 'two three' four; "
)


@pytest.mark.parametrize("name", TABLES)
def test_the_fields_of_words(name: str, tmp_path: Path) -> None:
    words = [word.strip("\n") for word in TABLES[name].split(BAR)]
    compare(tmp_path, [f"{SETUP}{MARK} {word}" for word in words])


@pytest.mark.parametrize("separators", [":", " ", ":,", "", " :", "a", "\\n", "x"])
def test_splitting(separators: str, tmp_path: Path) -> None:
    values = ["a:b", ":a::b:", " a : b ", "a,b c", "::", " ", "", "axa", "a b", "a: :b", "a\\n\\nb", " :a"]
    words = ["$V", '"$V"', "x$V", "$V$V", '$(echo "$V")', "${V}y", "$*", '"$*"', "$@", '"${V[*]}"', "${N:-$V}", "${N:-a:b c}"]
    codes = [f"set -- p:q 'r s'; IFS=$'{separators}'; V=$'{value}'; {MARK} {word}" for value in values for word in words]
    compare(tmp_path, codes)


READS = r"""
read a b <<< 'x y z'; argv_of "$a" "$b"¦read -r a <<< ' x\y '; argv_of "$a"¦IFS=: read a b <<< 'x:y z:w'; argv_of "$a" "$b"
¦IFS=, read -ra L <<< 'a,b c,,d'; argv_of "${L[@]}"¦printf '1\n2\n' | { read a; read b; argv_of "$a" "$b"; }¦read <<< ' a '; argv_of "$REPLY"
¦printf 'a b\nc\n' | while read x y; do argv_of "$x" "$y"; done¦while IFS= read -r l; do argv_of "$l"; done <<< ' a '
¦mapfile -t M < <(printf 'a\nb c\n'); argv_of "${M[@]}"¦read -d '' v <<< 'a b'; argv_of "$v"¦read -n1 v <<< abc; argv_of "$v"
¦IFS=: read a <<< 'x:'; argv_of "$a"¦IFS=: read a b <<< 'x:y:'; argv_of "$a" "$b"¦read a b c <<< 'x'; argv_of "$a" "$b" "$c"
¦mapfile M < <(printf 'a\nb\n'); argv_of "${M[@]}"¦IFS= read -r a b <<< ' x y '; argv_of "$a" "$b"¦read a\
 b <<< 'x y'; argv_of "$b"
"""
STATES = r"""
X=a; X+=b; argv_of $X¦X=(a b); X+=(c); argv_of "${X[@]}"¦X=(a b); X=c; argv_of "${X[@]}"¦X[1]=b; X[0]=a; argv_of "${X[@]}" "${X[1]}"
¦declare -a X=(a 'b c'); argv_of "${X[@]}"¦declare -A M=([k]=v); argv_of "${M[k]}"¦declare -n r=X; X='a b'; argv_of "$r"; r=c; argv_of "$X"
¦declare -u X=abc; argv_of $X¦declare -i X=1+1; argv_of $X¦local_f() { local v=(a b); argv_of "${v[@]}"; }; local_f
¦printf -v X '%s-%s' a b; argv_of $X¦printf -v 'A[1]' x; argv_of "${A[1]}"¦X=5; ((X++)); argv_of $X¦X=5; let X=X+1; argv_of $X
¦X=1; : $((X=7)); argv_of $X¦for ((i=0;i<2;i++)); do argv_of $i; done¦set -- a b c; shift; argv_of "$@"¦set -- a b c; shift 2; argv_of "$@"
¦f() { argv_of "$@" "$#"; }; f x 'y z'¦f() { argv_of $1; }; f a; argv_of "$1"¦X=a f2() { argv_of b; }; f2¦f() { argv_of in; }; unset -f f; f
¦X='a b' eval 'argv_of $X'¦eval argv_of a\ b "'c d'"¦eval 'X=1;' 'argv_of $X'¦X=a; X=b true; argv_of $X¦: a b; argv_of $_
¦if true; then X=a; else X=b; fi; argv_of $X¦X=z; false && X=a; argv_of $X¦X=z; true || X=a; argv_of $X¦X=z; case y in y) X=a;; esac; argv_of $X
¦for i in a b; do X=$i; done; argv_of $X $i¦X=argv_of; while true; do $X 1; X='argv_of 2'; [ -n "$D" ] && break; D=1; done
¦Y=a; (Y=b; argv_of $Y); argv_of $Y¦{ Y=b; }; argv_of $Y¦Y=a; Y=b | true; argv_of $Y¦alias argv_of=:; argv_of a¦argv_of() { :; }; argv_of a
¦false && argv_of() { :; }; argv_of a¦if false; then argv_of() { :; }; fi; argv_of b¦f() { argv_of 1; }; if false; then f() { :; }; fi; f
¦f() { [ $# -gt 0 ] || return; "$@"; f; }; f argv_of a¦f() { if [ "$1" = go ]; then argv_of b; else f go; fi; }; f start
¦time argv_of a¦time { argv_of a; }¦time (argv_of a)¦time X=1 argv_of a¦! argv_of a¦coproc { argv_of a >&2; }; argv_of b¦trap 'argv_of t' EXIT
¦command eval argv_of a¦builtin eval 'argv_of a'¦eval() { :; }; builtin eval 'argv_of a'¦select x in a; do argv_of s; break; done <<< 1
¦{ argv_of a; } 2>/dev/null¦argv_of a > /dev/stdout¦> /dev/stdout argv_of a¦2>&1 argv_of a¦argv_of a 3>&1¦X=1 Y=2 argv_of a
¦cd /; argv_of $PWD¦cd / && cd ..; argv_of "$PWD"¦cd /usr || cd /tmp; argv_of "$PWD"¦false && cd /usr; argv_of "$PWD"¦pushd / >/dev/null; argv_of "$PWD"
¦X=abc; argv_of ${X/b/$(echo -)}¦a[$(argv_of i >&2; echo 0)]=x; argv_of "${a[0]}"¦argv_of "${A[$(echo 1)]}"¦argv_of $((1)) $[2]
¦source /dev/stdin <<< 'argv_of s'¦. /dev/stdin <<< 'argv_of s'¦[[ -n $(argv_of t >&2) ]] || argv_of u¦((1)) && argv_of v¦argv_of a;argv_of b
¦argv_of a&argv_of b;wait¦argv_of a
argv_of b¦argv_of a | cat¦f() ( argv_of a ); f¦function g { argv_of a; }; g¦function h() { argv_of a; }; h¦f ()
{ argv_of a
}
f¦case a in (a) argv_of 1;; b|c) argv_of 2;& *) argv_of 3;;& esac; argv_of 4¦while false; do :; done; argv_of z¦until true; do :; done; argv_of z
¦: <<A; argv_of x
argv_of no
A
argv_of y¦: <<A <<B; argv_of z
a
A
b
B
argv_of w¦: <<"A B"
x
A B
argv_of v¦X=$(cat <<A
a
A
); argv_of $X # comment
argv_of b # argv_of c¦argv_of a \
 b¦argv_of 'a' # x \
argv_of c¦if ! false; then argv_of a; fi¦if false; then :; elif true; then argv_of b; fi¦for x in a; { argv_of $x; }¦for x; do argv_of $x; done
¦set -- a 'b c'; for x in "$@"; do argv_of "$x"; done¦for x in $(echo a b) c{1,2}; do argv_of $x; done
"""


@pytest.mark.parametrize("table", [READS, STATES], ids=["read", "state"])
def test_what_a_shell_keeps(table: str, tmp_path: Path) -> None:
    compare(tmp_path, [code.strip("\n") for code in table.split(BAR)])


ATOMS = [
    "a",
    "b c",
    "-rf",
    "/etc",
    "*x",
    "$X",
    "${N:-d e}",
    "$(echo e f)",
    "~",
    "#",
    "{a,b}",
    "$@",
    "\\",
    "'",
    '"',
    "=",
    ":",
    "\n",
    "`echo g`",
]
pieces = st.one_of(
    st.sampled_from(ATOMS).map(lambda atom: f"'{atom}'" if "'" not in atom else '"\'"'),
    st.sampled_from([atom for atom in ATOMS if atom not in ('"', "\\")]).map(
        lambda atom: f'"{atom}"' if "`" not in atom else atom
    ),
    st.sampled_from(
        [
            "a",
            "b",
            "$X",
            '"$X"',
            "${X}",
            "\\ ",
            "\\$",
            "$'\\x41 '",
            "{a,b}",
            "{1..2}",
            "$(echo e f)",
            '"$(echo "e  f")"',
            "`echo g`",
        ]
    ),
    st.sampled_from(
        [
            "${N:-d e}",
            '"${N:-d e}"',
            '${N:-"d e"}',
            "${X%b}",
            "${X# }",
            "$@",
            '"$@"',
            '"$*"',
            "${A[1]}",
            '"${A[@]}"',
            "~",
            "''",
            "\\\n",
        ]
    ),
)
words = st.lists(pieces, min_size=1, max_size=5).map("".join)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
@given(batch=st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), min_size=60, max_size=60))
def test_generated_words(batch: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    compare(tmp_path_factory.mktemp("bash"), [f"{SETUP}{MARK} {line}" for line in batch])


simple = st.integers(0, 99).map(lambda number: f"{MARK} {number}")
lists = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" && ", " || ", "; ", "\n", " & ", " | "]), inner).map("".join),
        inner.map(lambda code: f"{{ {code}; }}"),
        inner.map(lambda code: f"({code})"),
        inner.map(lambda code: f"if true; then {code}; else :; fi"),
        inner.map(lambda code: f"for i in 1 2; do {code}; done"),
        inner.map(lambda code: f"while {code}; do break; done"),
        inner.map(lambda code: f"case x in y) :;; *) {code};; esac"),
        inner.map(lambda code: f"f() {{ {code}; }}; f"),
        inner.map(lambda code: f"! {code}"),
        inner.map(lambda code: f"time {{ {code}; }} 2>/dev/null"),
        inner.map(lambda code: "eval '" + code.replace("'", "'\\''") + "'"),
        inner.map(lambda code: f"{code} 2>/dev/null # note\n:"),
        inner.map(lambda code: f"cat <<E >/dev/null\ntext\nE\n{code}"),
    ),
    max_leaves=4,
)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
@given(batch=st.lists(lists, min_size=40, max_size=40))
def test_generated_lists(batch: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    compare(tmp_path_factory.mktemp("bash"), batch)
