"""What simple programs print, where it follows from their words and input alone.

Known output is what lets ``$(echo rm) -rf ~`` and ``echo cm0= | base64 -d | sh`` be read as what they run.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Sequence

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.model import Invocation, absolute
from checkrein.detect.shell.options import parse_options
from checkrein.detect.shell.syntax.escapes import echo_text, printf_text
from checkrein.detect.shell.values import Stream

Content = Callable[[str], Stream]


def output_of(invocation: Invocation, content: Content) -> Stream | None:
    """What the program prints, None where that is not known. ``content`` gives what is known of a file."""
    program = TABLE.get(invocation.name)
    if program is None:
        return None
    result = program(invocation, content)
    return Stream(result) if isinstance(result, str) else result


def _echo(invocation: Invocation, _: Content) -> str:
    words = list(invocation.args)
    escapes, newline = False, "\n"
    while words and re.fullmatch(r"-[neE]+", words[0]):
        option = words.pop(0)
        escapes = escapes or "e" in option
        newline = "" if "n" in option else newline
    text = " ".join(words)
    if not escapes:
        return text + newline
    text, stops = echo_text(text)
    return text if stops else text + newline


def _printf(invocation: Invocation, _: Content) -> str:
    return printf_text(invocation.args)


def _cat(invocation: Invocation, content: Content) -> Stream | None:
    options = parse_options(invocation.args)
    paths = options.words
    if not paths:
        return Stream(invocation.stdin) if invocation.stdin is not None else None
    result = Stream("")
    for path in paths:
        if path == "-":
            result += Stream(invocation.stdin or UNKNOWN)
        else:
            result += content(absolute(path, invocation.cwd))
    return result


def _base64(invocation: Invocation, content: Content) -> str | Stream | None:
    options = parse_options(invocation.args, values=("-w", "--wrap", "-b", "-o"), flags=("--decode", "--ignore-garbage"))
    source = _input(invocation, content, options.words)
    if source is None or UNKNOWN in source.text:
        return None
    if options.has("-d", "-D", "--decode"):
        tolerant = options.has("-i", "--ignore-garbage")
        return _decoded(lambda: _base64_text(source.text, tolerant=tolerant))
    return base64.b64encode(source.text.encode("utf-8", "replace")).decode() + "\n"


def _base64_text(source: str, *, tolerant: bool) -> bytes:
    """What ``base64 -d`` prints: all up to the first character that is wrong, padded groups in a row one after the other."""
    text = re.sub(r"[^A-Za-z0-9+/=]" if tolerant else r"\n", "", source)
    valid = re.match(r"[A-Za-z0-9+/=]*", text)
    kept = valid[0] if valid else ""
    groups = (kept[at : at + 4] for at in range(0, len(kept), 4))
    return b"".join(
        base64.b64decode(group.rstrip("=") + "=" * (-len(group.rstrip("=")) % 4))
        for group in groups
        if len(group.rstrip("=")) > 1
    )


def _base32(invocation: Invocation, content: Content) -> str | Stream | None:
    options = parse_options(invocation.args, values=("-w", "--wrap"), flags=("--decode",))
    source = _input(invocation, content, options.words)
    if source is None or UNKNOWN in source.text or not options.has("-d", "--decode"):
        return None
    return _decoded(lambda: base64.b32decode("".join(source.text.split())))


def _xxd(invocation: Invocation, content: Content) -> str | Stream | None:
    options = parse_options(invocation.args, values=("-c", "-g", "-l", "-s", "-n", "-o"))
    source = _input(invocation, content, options.words)
    if source is None or UNKNOWN in source.text or not options.has("-r"):
        return None
    text = source.text if options.has("-p") else " ".join(line.partition(":")[2][:41] for line in source.text.splitlines())
    return _decoded(lambda: bytes.fromhex("".join(text.split())))


def _decoded(decode: Callable[[], bytes]) -> str | Stream:
    try:
        return decode().decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return Stream()


def _input(invocation: Invocation, content: Content, paths: Sequence[str]) -> Stream | None:
    if paths and paths[0] != "-":
        return content(absolute(paths[0], invocation.cwd))
    return Stream(invocation.stdin) if invocation.stdin is not None else None


def _tr(invocation: Invocation, _: Content) -> str | None:
    options = parse_options(invocation.args)
    words, source = options.words, invocation.stdin
    if source is None:
        return None
    sets = [_tr_set(word) for word in words]
    if not sets or any(chars is None for chars in sets):
        return UNKNOWN
    first = sets[0] or ""
    if set(options.given) - {"-d", "--delete"} or len(sets) != (1 if options.given else 2):
        return UNKNOWN
    if options.given:
        return "".join(char for char in source if char not in first)
    second = sets[1] or ""
    if not second:
        return source
    padded = second + second[-1] * max(len(first) - len(second), 0)
    return source.translate({ord(old): new for old, new in zip(first, padded, strict=False)})


def _tr_set(word: str) -> str | None:
    classes = {
        "[:upper:]": "A-Z",
        "[:lower:]": "a-z",
        "[:digit:]": "0-9",
        "[:alpha:]": "A-Za-z",
        "[:space:]": " \t\n",
        "[:blank:]": " \t",
    }
    for name, chars in classes.items():
        word = word.replace(name, chars)
    if "[:" in word or "[=" in word or re.search(r"\[.\*", word, re.DOTALL):
        return None
    text = echo_text(word)[0] if "\\" in word else word
    result: list[str] = []
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-":
            low, high = ord(text[at]), ord(text[at + 2])
            if high - low > 256:
                return None
            result.extend(chr(code) for code in range(low, high + 1))
            at += 3
        else:
            result.append(text[at])
            at += 1
    return "".join(result)


def _rev(invocation: Invocation, content: Content) -> str | None:
    source = _input(invocation, content, invocation.args)
    return None if source is None else "\n".join(line[::-1] for line in source.text.split("\n"))


def _ends(invocation: Invocation, content: Content) -> str | Stream | None:
    """head and tail: exactly the lines or bytes that come out, where they can be counted."""
    args = [f"-n{word[1:]}" if re.fullmatch(r"-\d+", word) else word for word in invocation.args]
    options = parse_options(args, values=("-n", "-c", "--lines", "--bytes"))
    source = _input(invocation, content, options.words)
    if source is None:
        return None
    in_bytes = options.has("-c", "--bytes")
    count = (options.last("-c", "--bytes") if in_bytes else options.last("-n", "--lines")) or "10"
    if len(options.words) > 1 or not re.fullmatch(r"[-+]?\d{1,9}", count, re.ASCII) or (in_bytes and not source.text.isascii()):
        return Stream(UNKNOWN, source.origins)
    parts: Sequence[str] = source.text if in_bytes else source.text.splitlines(keepends=True)
    if UNKNOWN in source.text:  # unknown text may hold lines of its own
        known = count.isdigit() and int(count) >= len(parts) and not in_bytes
        return source if known or source.text.strip("\n").count("\n") == 0 else Stream(UNKNOWN, source.origins)
    number = int(count.lstrip("+-"))
    if invocation.name == "head":
        kept = (
            parts[: len(parts) - number]
            if count[0] == "-" and number <= len(parts)
            else parts[:number]
            if count[0] != "-"
            else ""
        )
    elif count[0] == "+":
        kept = parts[max(number - 1, 0) :]
    else:
        kept = parts[len(parts) - number :] if number < len(parts) else parts
    return Stream("".join(kept), source.origins)


def _ordered(invocation: Invocation, content: Content) -> str | Stream | None:
    """sort, uniq and tac: known where there is one line, or where lower-case letters and digits alone give the order."""
    options = parse_options(invocation.args, values=("-k", "-t", "-s", "-w", "-f", "-S", "-T", "-o"))
    source = _input(invocation, content, options.words)
    if source is None:
        return None
    lines = source.text.splitlines()
    if len(lines) < 2 and not options.has("-c", "-d", "-D"):
        return source
    simple = all(re.fullmatch(r"[a-z0-9]*", line, re.ASCII) for line in lines)
    if invocation.name == "tac" and UNKNOWN not in source.text and not options.given:
        lines.reverse()
    elif invocation.name == "sort" and simple and set(options.given) <= {"-u", "-r"}:
        lines = sorted(dict.fromkeys(lines) if options.has("-u") else lines, reverse=options.has("-r"))
    elif invocation.name == "uniq" and UNKNOWN not in source.text and not options.given:
        lines = [line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1]]
    else:
        return Stream(_paths_only(lines), source.origins)
    return Stream("\n".join(lines) + "\n", source.origins)


def _paths_only(lines: Sequence[str]) -> str:
    """Lines whose order is not known: as they stand where all are paths, which a program then takes in any order."""
    return "\n".join(lines) + "\n" if all(line.startswith(("/", "./", UNKNOWN)) for line in lines) else UNKNOWN


def _tee(invocation: Invocation, _: Content) -> str | None:
    return invocation.stdin


def _pwd(invocation: Invocation, _: Content) -> str:
    return invocation.cwd + "\n"


def _basename(invocation: Invocation, _: Content) -> str | None:
    words = parse_options(invocation.args, values=("-s",)).words
    if not words:
        return None
    name = words[0].rstrip("/").rsplit("/", 1)[-1]
    return (name.removesuffix(words[1]) if len(words) > 1 else name) + "\n"


def _dirname(invocation: Invocation, _: Content) -> str | None:
    words = parse_options(invocation.args).words
    if not words:
        return None
    folder, slash, _name = words[0].rstrip("/").rpartition("/")
    return (folder or (slash or ".")) + "\n"


def _realpath(invocation: Invocation, _: Content) -> str | None:
    words = parse_options(invocation.args, values=("--relative-to", "--relative-base")).words
    return absolute(words[-1], invocation.cwd) + "\n" if words else None


def _which(invocation: Invocation, _: Content) -> str | None:
    words = [word for word in invocation.args if not word.startswith("-")]
    return f"/usr/bin/{words[0]}\n" if words and UNKNOWN not in words[0] and "/" not in words[0] else None


def _command_v(invocation: Invocation, content: Content) -> str | None:
    return _which(invocation, content) if any(word.lower() == "-v" for word in invocation.args[:1]) else None


def _seq(invocation: Invocation, _: Content) -> str | None:
    words = [word for word in invocation.args if re.fullmatch(r"-?\d{1,12}", word, re.ASCII)]
    if not words or len(words) != len(invocation.args):
        return None
    numbers = [int(word) for word in words]
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) > 2 else 1
    span = range(first, numbers[-1] + (1 if step > 0 else -1), step or 1)
    return "".join(f"{number}\n" for number in span) if len(span) <= 500 else None


def _mktemp(invocation: Invocation, _: Content) -> str:
    folder = invocation.env.get("TMPDIR") or invocation.world.variable("TMPDIR") or "/tmp"  # noqa: S108 - nothing is created
    words = parse_options(invocation.args, values=("-p", "--suffix")).words
    template = words[0].replace("X", "") if words else "tmp."
    return absolute(f"{template}{UNKNOWN}", folder) + "\n"


def _find(invocation: Invocation, _: Content) -> str | None:
    from checkrein.detect.shell.files.find import found_paths  # noqa: PLC0415 - find has handlers, which need this module

    return "\n".join(found_paths(invocation)) + "\n"


def _process_ids(invocation: Invocation, _: Content) -> Stream:
    """pgrep, pidof, lsof: ids that are not known, of processes whose name or port is."""
    words = parse_options(invocation.args, values=("-u", "-U", "-g", "-P", "-t", "-s", "-F", "-d", "-o")).words
    named = [f"process:{word}" for word in words]
    if invocation.name == "lsof":
        named = [f"process:port:{word.rsplit(':', 1)[1]}" for word in invocation.args if ":" in word]
    return Stream(UNKNOWN, frozenset(named))


def _rot13(invocation: Invocation, _: Content) -> str | None:
    return codecs.encode(invocation.stdin, "rot13") if invocation.stdin is not None else None


def _listing(invocation: Invocation, _: Content) -> str:
    """ls: names below the folders that were named, and what patterns match."""
    words = [
        re.sub(r"[*?]|\[[^]]*\]", UNKNOWN, word) if at in invocation.globs else f"{word}/{UNKNOWN}"
        for at, word in enumerate(invocation.argv)
        if at and not word.startswith("-")
    ]
    return "".join(f"./{word}\n" if word.startswith(UNKNOWN) else f"{word}\n" for word in words or [UNKNOWN])


def _git(invocation: Invocation, _: Content) -> str | None:
    """git ls-files --others: any file below the current folder that git does not track, ignored ones as well."""
    options = parse_options(invocation.args[1:], values=("-x", "-X", "--exclude", "--exclude-from"))
    others = invocation.args[:1] == ("ls-files",) and options.has("-o", "--others") and not options.has("--exclude-standard")
    return f"./{UNKNOWN}\n" if others else None


TABLE: dict[str, Callable[[Invocation, Content], str | Stream | None]] = {
    "base32": _base32,
    "base64": _base64,
    "basename": _basename,
    "cat": _cat,
    "command": _command_v,
    "dirname": _dirname,
    "echo": _echo,
    "fd": _find,
    "fdfind": _find,
    "find": _find,
    "gbase64": _base64,
    "git": _git,
    "ls": _listing,
    "head": _ends,
    "mktemp": _mktemp,
    "lsof": _process_ids,
    "pgrep": _process_ids,
    "pidof": _process_ids,
    "printf": _printf,
    "pwd": _pwd,
    "realpath": _realpath,
    "rev": _rev,
    "rot13": _rot13,
    "seq": _seq,
    "sort": _ordered,
    "tac": _ordered,
    "tail": _ends,
    "tee": _tee,
    "tr": _tr,
    "uniq": _ordered,
    "which": _which,
    "xxd": _xxd,
}
