"""What a text holds in other forms, and the way back to where it stands."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.decode import Part, parts, rewrite
from checkrein.detect.secrets.examples import expand

MARK = "needle-in-the-hay"


def readings(text: str) -> dict[str, str]:
    return {part.form: part.text for part in parts(text)}


def place(text: str, wanted: str = MARK, form: str | None = None) -> list[str]:
    """The original characters of ``wanted`` in each reading of ``text`` that holds it."""
    found = []
    for part in parts(text):
        at = part.text.find(wanted)
        if at >= 0 and form in (None, part.form):
            start, end = part.source(at, at + len(wanted))
            found.append(text[start:end])
    return found


@pytest.mark.parametrize("text", ["", "plain", "two\nlines", "50% of 3%", "é中😀", "{}", '{"a": "b"}', "a" * 100])
def test_a_plain_text_has_one_reading(text: str) -> None:
    (part,) = parts(text)
    assert (part.text, part.form, part.source(0, 1)) == (text, "", (0, 1))


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        (r'x = "a\nneedle-in-the-hay\t"', "escapes", MARK),
        (r"printf 'a\x41needle-\x69n-the-hay'", "escapes", r"needle-\x69n-the-hay"),
        (r"'needle-\u0069n-the-\u{68}ay'", "escapes", r"needle-\u0069n-the-\u{68}ay"),
        (r"'needle-\U00000069n-the-hay'", "escapes", r"needle-\U00000069n-the-hay"),
        (r"'needle-\151n-the-hay'", "escapes", r"needle-\151n-the-hay"),
        (r"needle\-in\-the\-hay", "escapes", r"needle\-in\-the\-hay"),
        ("'needle-in-\\\n    the-hay'", "escapes", "needle-in-\\\n    the-hay"),
        ("'needle-in-\\\r\n\tthe-hay'", "escapes", "needle-in-\\\r\n\tthe-hay"),
        ("?q=needle%2Din-the%2dhay&x", "url", "needle%2Din-the%2dhay"),
        ("?q=%C3%A9needle%2Din-the-hay%20x", "url", "needle%2Din-the-hay"),
        ("\x1b[31mneedle-\x1b[0m\x1b[1;32min-the-hay\x1b[m", "terminal", "needle-\x1b[0m\x1b[1;32min-the-hay"),
        ("\x1b]8;;x\x07needle-in-the-hay\x1b]8;;\x1b\\", "terminal", MARK),
        ("<a b=&quot;needle&#45;in&#x2D;the-hay&quot;>&amp;", "markup", "needle&#45;in&#x2D;the-hay"),
        ("needle\u200b-in-\u200d\u200cthe-hay “x”", "invisible", "needle\u200b-in-\u200d\u200cthe-hay"),
        ("\ufeffneedle\u00ad-in-\u2060the-\ufeffhay", "invisible", "needle\u00ad-in-\u2060the-\ufeffhay"),
        ("\0".join("a=needle-in-the-hay\n"), "wide", "\0".join(MARK)),
        (r'{"a": "1\nneedle-in-the\u002dhay", "b": 2}', "json", r"needle-in-the\u002dhay"),
        (r'{"a": "http:\/\/x\/needle-in-the-hay\n"}', "json", MARK),
    ],
)
def test_a_form_is_read(text: str, form: str, expected: str) -> None:
    assert place(text, form=form) == [expected]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
@pytest.mark.parametrize("text", [f"user {MARK} and more", f"{MARK * 3}", f"ÿ?>ÿ?> {MARK} {'long ' * 40}"])
def test_base64_covers_its_token(encode: Callable[[bytes], bytes], text: str) -> None:
    token = encode(text.encode()).decode().strip()
    assert place(f"data: {token}\nmore", form="base64") == [token]


def test_base64_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    token = base64.b64encode(f"{MARK} and so on".encode()).decode()
    assert place(f"x {token[:-3]}…") == [token[:-3]]


@pytest.mark.parametrize("data", [bytes(range(256)), b"\x89PNG\r\n\x1a\n" + bytes(90), "ä".encode("latin-1") * 40])
def test_base64_of_something_else_is_no_text(data: bytes) -> None:
    assert list(readings(f"data: {base64.b64encode(data).decode()}")) == [""]


def test_wrapped_lines_that_hold_no_text_together_are_read_alone() -> None:
    lines = [base64.b64encode(f"{number} {MARK} ".ljust(57).encode()).decode() for number in range(3)]
    other = base64.b64encode(bytes(range(200, 248)) + bytes(9)).decode()
    assert place("\n".join([*lines, other, *lines]))[0] == lines[0]
    assert [part.text.count(MARK) for part in parts("\n".join([*lines, other, *lines]))] == [0, 6]


def test_a_control_string_goes_over_no_lines_left_out() -> None:
    """An OSC may go over line ends, but the end of another one, further down, does not end it."""
    text = f"\x1b[1ma\x1b]0;\nplain\n\x1b[1m{MARK}\x07\nplain\n\x1b]0;\n\x1b\\{MARK}!"
    assert readings(text)["terminal"] == f"a\x1b]0;\n{MARK}\x07\n{MARK}!"
    assert place(text, f"{MARK}\x07", "terminal") == [f"{MARK}\x07"]
    assert place(text, f"{MARK}!", "terminal") == [f"{MARK}!"]


def test_the_end_of_a_line_left_out_is_that_of_the_line_before() -> None:
    assert place("é\\n1\nplain\n2\\n中", "1\n2", "escapes") == ["1\nplain\n2"]


@pytest.mark.parametrize("escaped", ["\\/", "\\u00e9", "\\ud83d\\ude00", "\\\\u", "\\\\/", '\\"\\b\\f\\r\\t'])
def test_every_escape_of_json_is_read(escaped: str) -> None:
    """In a block of lines the ones with rare escapes are read in another way."""
    kinds = (f'{{"é": "{MARK}-#\\n{escaped}"}}', f'{{"中": "\\n{MARK}-#"}}', f'{{"a": "{escaped}{MARK}-#{escaped}"}}')
    lines = [line.replace("#", f"{number:02}") for number in range(40) for line in kinds]
    text = "\n".join(lines)
    (read,) = (part for part in parts(text) if part.form == "json")
    for number in range(40):
        assert place(text, f"{MARK}-{number:02}", "json") == [f"{MARK}-{number:02}"]
    assert [read.source(at, at + len(MARK)) for at in starts(read.text)] == [(at, at + len(MARK)) for at in starts(text)]
    halves = read.text.encode("utf-16", "surrogatepass").decode("utf-16")
    assert halves.replace("\n", "") == "".join(unescaped(line) for line in lines).replace("\n", "")


def starts(text: str) -> list[int]:
    return [match.start() for match in re.finditer(MARK, text)]


def unescaped(line: str) -> str:
    """A line of JSON that is an object with one text."""
    ((name, text),) = json.loads(line).items()
    return f'{{"{name}": "{text}"}}'


ESCAPED = [
    *(
        "\\",
        "\\\\",
        "n",
        "e",
        '"',
        "/",
        "d",
        "8",
        "0",
        "12",
        "400",
        "x",
        "x5c",
        "x4",
        "u",
        "u0041",
        "u005c",
        "ud83d",
        "U0001f600",
    ),
    *("u{5c}", "u{110000}", "U00110000", "\n", "\r", "\r\n", " ", "\t", "é", "😀", "\0", "\x7f", "_", "[", "a"),
]


@given(st.lists(st.sampled_from(ESCAPED), max_size=12))
def test_escapes_are_resolved_at_once_as_one_by_one(pieces: list[str]) -> None:
    text = "".join(pieces)
    one_by_one = rewrite.ESCAPES.sequence.sub(rewrite.ESCAPES.decoded, text)
    assert rewrite.unescaped(text.encode()).decode("utf-8", "surrogatepass") == one_by_one


def test_what_is_not_an_escape_stays() -> None:
    assert readings(r"re.match('\d+\w\.x', a)") == {"": r"re.match('\d+\w\.x', a)", "escapes": r"re.match('\d+\w.x', a)"}
    assert list(readings("100%ly %zz %F %ff%41")) == ["", "url"]


def test_lines_of_json_are_read_once_and_the_others_as_they_are() -> None:
    lines = ['{"a": "b\\nc"}', "plain \\d", '{"a": "b', '{"d": "e\\tf"}', '{"plain": 1}']
    found = list(parts("\n".join(lines)))
    assert [part.text for part in found if part.form == "json"] == ['{"a": "b\nc"}\n{"d": "e\tf"}']
    (rest,) = (part.text for part in found if part.form == "")
    assert "plain \\d" in rest
    assert '{"a": "b' in rest
    assert "b\\nc" not in rest


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\n", " \n\t"])
def test_lines_of_json_are_read_whatever_stands_between_them(between: str) -> None:
    text = between.join(['{"a": "b\\nc"}', '"d\\te"', "[1]"])
    first = next(iter(parts(text)))
    assert (first.form, first.text.split()) == ("json", ['{"a":', '"b', 'c"}', '"d', 'e"', "[1]"])


def test_a_long_file_of_json_lines_is_read_in_blocks() -> None:
    lines = [json.dumps({"n": number, "text": f"line\n{MARK}-{number}\n"}) for number in range(3_000)]
    text = "\n".join(lines)
    for number in (0, 1_499, 2_999):
        assert place(text, f"{MARK}-{number}\n") == [f"{MARK}-{number}\\n"]
    assert sum(len(part.text) for part in parts(text)) < 1.1 * len(text)


def test_json_that_was_cut_is_read() -> None:
    text = json.dumps({"a": "x\n" + MARK + '"\n'}) * 2
    assert place(text[7:-4], MARK + '"')[0] == MARK + '\\"'


def test_forms_within_forms() -> None:
    inner = base64.b64encode(f"{MARK} {MARK}".encode()).decode()
    text = json.dumps({"body": json.dumps({"token": f"a\n{inner}"})})
    assert inner in place(text)


def test_no_deeper_than_asked_for() -> None:
    text = f'"{MARK}"\n'
    for _ in range(3):
        text = json.dumps(text)
    assert [any(f'"{MARK}"\n' in part.text for part in parts(text, depth)) for depth in range(5)] == [False] * 3 + [True] * 2
    assert [part.form for part in parts(text, 0)] == [""]


@pytest.mark.parametrize(
    "unit", ["\\", "\\n", "%25", "%", "\x1b[", "\x1b[1m", '\\"', "{", '{"a":"\\n"}\n', "\\u0041%41\x1b[1m", "QUJD\n"]
)
def test_hostile_repetition_is_bounded(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert sum(len(part.text) for part in parts(text)) <= 12 * len(text)


@given(st.text(), st.integers(0, 3))
def test_any_text_is_read(text: str, depth: int) -> None:
    for part in parts(text, depth):
        check_places(text, part)


PIECES = ("\\", "n", "u0041", '"', "%41", "%", "\x1b[1m", "{", "}", ":", "a", "\n", "QUJDREVGR0hJ", "é", "😀")


@given(st.lists(st.sampled_from(PIECES)))
def test_any_mix_of_forms_is_read(pieces: list[str]) -> None:
    text = "".join(pieces)
    for part in parts(text):
        check_places(text, part)


def check_places(text: str, part: Part) -> None:
    """Every character has a place in the original, and they stand in order."""
    last = 0
    for index in range(len(part.text)):
        start, end = part.source(index, index + 1)
        assert 0 <= start < end <= len(text)
        assert start >= last or "base64" in part.form or part.text[index] == "\n"
        last = start


@given(st.text(), st.text())
def test_json_is_read_to_the_character(before: str, after: str) -> None:
    for ascii_only in (True, False):
        text = json.dumps({"k": before + MARK + after, "n": [1, "\n"]}, ensure_ascii=ascii_only)
        assert MARK in place(text)


@given(st.text())
def test_the_json_of_a_text_decodes_to_it(text: str) -> None:
    """As ``json`` reads it, but for surrogates, which keep their two halves."""
    document = json.dumps(["\n", text])
    read = [part.text for part in parts(document) if part.form in ("json", "escapes")]
    assert read[0].encode("utf-16", "surrogatepass").decode("utf-16") == f'["\n", "{text}"]'


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_url_encoding_of_a_text_decodes_to_it(text: str) -> None:
    encoded = quote("%" + text, safe="")
    assert readings(encoded)["url"] == "%" + text


@given(st.lists(st.sampled_from(["\\\\", "\\n", "\\u0041", '\\"', "a", "é", "😀", "\\ud83d\\ude00"]), min_size=1))
def test_places_in_a_long_document(pieces: list[str]) -> None:
    """Long enough for several stretches, in which the way back is worked out one by one."""
    body = "".join(pieces) * (4_000 // len(pieces))
    text = f'{{"a": "{body}{MARK}\\n{body}"}}'
    assert place(text, form="json") == [MARK]
    (part,) = (part for part in parts(text) if part.form == "json")
    ends = [part.source(index, index + 1) for index in range(0, len(part.text), 7)]
    assert all(text[start:end] in {*pieces, "\\ud83d", "\\ude00", "\\n"} or len(text[start:end]) == 1 for start, end in ends)
    assert ends == sorted(ends)


LINES = "name: x\nkey: needle\nend: in-the-hay"


@pytest.mark.parametrize(
    ("form", "margins"),
    [
        ("lines", ["     1\t", "     2\t", "     3\t"]),
        ("lines", ["    9→", "   10→", "   11→"]),
        ("lines", ["12:", "13:", "14:"]),
        ("lines", ["8 | ", "9 | ", "10 | "]),
        ("lines", ["config/app.yml:7:", "config/app.yml:8:", "config/app.yml-9-"]),
        ("lines", ["./a.env:1:12:", "./b.env:2:1:", "./c.env:3:5:"]),
        ("lines", ["a/b.conf:", "a/b.conf:", "a/c.conf:"]),
        ("diff", ["+", "+", "+"]),
        ("diff", ["-", "+", " "]),
    ],
)
def test_lines_are_read_without_what_tools_put_before_them(form: str, margins: list[str]) -> None:
    lines = [margin + line for margin, line in zip(margins, LINES.splitlines(), strict=True)]
    head = "@@ -1,3 +1,3 @@\n" if form == "diff" else ""
    text = head + "\n".join(lines)
    assert readings(text)[form] == head.removeprefix("@@ -") + LINES
    assert place(text, "x\nkey: needle\nend", form) == [f"x\n{margins[1]}key: needle\n{margins[2]}end"]


@pytest.mark.parametrize(
    "text",
    [
        "key: value\n- item\n+ plus\n",
        "12 monkeys\n3.5 x",
        "std::string x;\nhttp://a.b/c",
        "2026-01-02T03:04:05.1Z x",
        "a, b:1",
    ],
)
def test_what_is_no_margin_stays(text: str) -> None:
    assert readings(text).keys() == {""}


def test_a_diff_is_read_as_one_once_and_a_diff_within_it_again() -> None:
    inner = f"@@ -1 +1,2 @@\n a\n+{MARK}"
    for head in ("@@ -1 +1 @@", "@@@ -1 -1 +1 @@@", "@@@@ -1 -1 -1 +1 @@@@"):
        assert readings(f"{head}\n+{MARK}\n").keys() == {"", "diff"}
    assert readings("@@ -0,0 +1,3 @@\n" + "".join(f"+{line}\n" for line in inner.split("\n"))).keys() == {
        "",
        "diff",
        "diff+diff",
    }


@pytest.mark.parametrize("text", ["fmt = '@@ -{} +{} @@'\n- a\n+ b", "a @@ -1 +1 @@\n- a\n+ b", "@@ x @@\n+ a"])
def test_what_only_names_the_beginning_of_a_hunk_is_no_diff(text: str) -> None:
    assert readings(text).keys() == {""}


HIDDEN = f"NAME=1\nKEY={MARK}\n"


@pytest.mark.parametrize(
    ("token", "form"),
    [
        (HIDDEN.encode().hex(), "base64"),
        (HIDDEN.encode().hex().upper(), "base64"),
        (HIDDEN.encode().hex()[:-1], "base64"),
        ("\n".join((HIDDEN * 2).encode().hex()[at : at + 60] for at in (0, 60)), "base64"),
        (base64.b64encode(gzip.compress(HIDDEN.encode(), mtime=0)).decode(), "base64"),
        (base64.b64encode(gzip.compress(HIDDEN.encode() * 9, mtime=0)).decode()[:-9], "base64"),
    ],
    ids=["hex", "HEX", "cut hex", "wrapped hex", "gzip", "cut gzip"],
)
def test_a_token_that_holds_text_is_covered_whole(token: str, form: str) -> None:
    assert place(f"x: {token} y", form=form) == [token]


@pytest.mark.parametrize("digits", ["d41d8cd98f00b204e9800998ecf8427e", "0" * 40, "ab" * 64, "1234567890" * 4])
def test_digits_that_spell_no_text_are_no_text(digits: str) -> None:
    assert readings(f"sha: {digits}").keys() == {""}


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b\x08 no gzip at all, though it says so", gzip.compress(bytes(range(128, 256)), mtime=0)]
)
def test_what_only_begins_like_gzip_is_no_text(data: bytes) -> None:
    assert readings(base64.b64encode(data).decode()).keys() == {""}


def test_what_is_compressed_is_read_within_bounds() -> None:
    token = base64.b64encode(gzip.compress(b"A" * 3_000_000)).decode()
    assert len(readings(token)["base64"]) <= 64 * len(token)


DUMPS = {
    "xxd": ("{at:08x}: {pairs:<40} {shown}", " ", 4),
    "hexdump": ("{at:08x}  {pairs:<48}  |{shown}|", " ", 2),
    "od": ("{at:06x} {pairs:<48}  >{shown}<", " ", 2),
    "bare": ("{at:08x}: {pairs}", " ", 4),
}


@pytest.mark.parametrize(("line", "between", "width"), DUMPS.values(), ids=DUMPS)
def test_a_dump_is_read_and_its_lines_are_covered(line: str, between: str, width: int) -> None:
    shown = [HIDDEN[at : at + 16] for at in range(0, len(HIDDEN), 16)]
    lines = []
    for number, piece in enumerate(shown):
        digits = piece.encode().hex()
        pairs = between.join(digits[at : at + width] for at in range(0, len(digits), width))
        lines.append(line.format(at=16 * number, pairs=pairs, shown=piece.replace("\n", ".")))
    text = "\n".join(["$ dump .env", *lines, "$"])
    assert readings(text)["dump"] == HIDDEN
    assert place(text, form="dump") == ["\n".join(lines)]


TOKEN = expand("tok-{alnum:40}.{b64url:160}.{b64url:43}")


@pytest.mark.parametrize("width", [60, 80, 97, 120])
@pytest.mark.parametrize("before", ["", "token: ", "é中 "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_long_token_that_a_terminal_broke_is_read(width: int, before: str, end: str) -> None:
    """Also where two of them stand there, with other lines around."""
    lines = ["$ show", *(2 * [*(line for line in folded(before + TOKEN, width)), "", "x " * 20])]
    text = end.join(lines)
    assert readings(text)["wrapped"].count(TOKEN) == 2
    assert place(text, TOKEN, "wrapped") == [end.join(folded(before + TOKEN, width)).removeprefix(before)]


def folded(line: str, width: int) -> list[str]:
    return [line[at : at + width] for at in range(0, len(line), width)]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(folded(TOKEN, 59)),
        "\n".join(folded(TOKEN, 80)) + "\n" + "wider " * 20,
        "\n".join(f"{line} " for line in folded(TOKEN, 80)),
        "\n".join(f"  {line}" for line in folded(TOKEN, 80)),
        "\n".join([expand("{b64:64}")] * 9),
        TOKEN[:100] + "\n" + TOKEN[100:],
        "\n".join(folded(TOKEN[:240], 80)),
        "\n".join([expand("A_KEY={b64url:90}"), expand("B_KEY={b64url:90}"), "C=1"]),
        "\n".join([expand("{b64url:90}"), expand("{b64url:90}"), "end: 1"]),
        "\n".join(["ten words that are no token but fill a line of sixty or more"] * 9),
    ],
    ids=[
        "narrow",
        "a wider line",
        "blanks behind",
        "blanks before",
        "base64",
        "once",
        "no rest",
        "settings",
        "an entry behind",
        "words",
    ],
)
def test_what_no_terminal_broke_stays(text: str) -> None:
    assert "wrapped" not in readings(text)


def words(data: bytes, width: int, form: str) -> list[str]:
    """Numbers of ``width`` bytes, the lowest byte first, as machines of today hold them."""
    return [format(int.from_bytes(data[at : at + width], "little"), form) for at in range(0, len(data), width)]


ESCAPED = {ord("\n"): "\\n", ord("\t"): "\\t", 0: "\\0"}
OTHER_DUMPS = {
    "od": (7, "o", lambda data: "".join(f" {word}" for word in words(data, 2, "06o"))),
    "od -x": (7, "o", lambda data: "".join(f" {word}" for word in words(data, 2, "04x"))),
    "od -b": (7, "o", lambda data: "".join(f" {byte:03o}" for byte in data)),
    "od -c": (
        7,
        "o",
        lambda data: "".join(f" {ESCAPED.get(byte) or (chr(byte) if byte < 127 else f'{byte:03o}'):>3}" for byte in data),
    ),
    "od -tx1": (7, "o", lambda data: "".join(f" {byte:02x}" for byte in data)),
    "od -tx4": (7, "o", lambda data: "".join(f" {word}" for word in words(data, 4, "08x"))),
    "hexdump": (7, "x", lambda data: "".join(f" {word}" for word in words(data, 2, "04x"))),
    "xxd -b": (8, "x", lambda data: ": " + " ".join(f"{byte:08b}" for byte in data) + "  ......"),
}


@pytest.mark.parametrize(("digits", "base", "shown"), OTHER_DUMPS.values(), ids=OTHER_DUMPS)
@pytest.mark.parametrize("first", [0, 160])
def test_other_dumps_are_read(digits: int, base: str, shown: Callable[[bytes], str], first: int) -> None:
    """Also from the middle of one on. What a last number of two bytes has too many is a zero."""
    data = f"A='é\t {MARK}'\n".encode()
    lines = [f"{at + first:0{digits}{base}}{shown(data[at : at + 16])}" for at in range(0, len(data), 16)]
    text = "\n".join(lines)
    (read,) = (part for part in parts(text) if part.form == "dump")
    assert read.text.rstrip("\0").encode("latin-1") == data
    assert place(text, form="dump") == ["\n".join(lines)]


def test_the_text_beside_a_dump_is_not_read_as_more_of_it() -> None:
    digits = "0123456789abcdef" * 3
    lines = [f"{at:08x}: {digits[at : at + 16].encode().hex(' ', 2)}  {digits[at : at + 16]}" for at in range(0, 48, 16)]
    assert readings("\n".join(lines))["dump"] == digits


@given(
    st.text(min_size=1).filter(lambda text: len(text.encode()) >= 24),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_all_text_in_base64_is_read(text: str, encode: Callable[[bytes], bytes]) -> None:
    token = encode(text.encode()).decode()
    assert any(part.text == text for part in parts(f"x: {token}"))


@pytest.mark.parametrize(
    "unit", ["{uuid}", "{hex:64}", "src/main/resources/templates/fragments/", "some_long_name_of_a_constant_in_code"]
)
def test_what_base64_of_text_cannot_be_is_not_decoded(unit: str) -> None:
    assert list(readings(expand(unit))) == [""]


def test_lines_in_other_alphabets_keep_their_places() -> None:
    lines = [
        json.dumps(
            {"n": number, "text": f"é中\n{MARK}-{number}\n" if number % 3 else f"a\n{MARK}-{number}\n"}, ensure_ascii=False
        )
        for number in range(2_000)
    ]
    text = "\n".join(lines)
    for number in (0, 1, 2, 1_000, 1_998, 1_999):
        assert place(text, f"{MARK}-{number}\n", "json") == [f"{MARK}-{number}\\n"]
