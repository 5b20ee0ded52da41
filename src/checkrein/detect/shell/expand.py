"""Word expansion, in bash's order: braces, tilde, parameters, substitutions, splitting. Globs are kept as patterns."""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.lexer import unescape_ansi
from checkrein.detect.shell.model import World
from checkrein.detect.shell.nodes import Arithmetic, Literal, Parameter, Part, Process, Script, Substitution, Word
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import ANYTHING, NOWHERE, Value

MAX_BRACES = 200
GLOB = frozenset("*?[")
SEQUENCE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
ASSIGNED = frozenset(("=", ":="))


class Expander:
    """Expands words of one shell.

    ``run`` gives the output of a substitution's script, ``process`` the path that stands for a process substitution.
    """

    def __init__(
        self, state: State, world: World, run: Callable[[Script], Value], process: Callable[[Script, str], str]
    ) -> None:
        self.state = state
        self.world = world
        self.run = run
        self.process = process

    def fields(self, words: Sequence[Word]) -> list[Value]:
        """All fields of all words, in order."""
        result: list[Value] = []
        for word in words:
            plain = word.plain
            if plain is not None and not word.braces and not GLOB.intersection(plain) and plain[:1] != "~":
                result.append(Value(plain))
                continue
            for variant in expand_braces(word):
                result.extend(self._split(variant))
        return result

    def single(self, word: Word) -> Value:
        """The word as one field, as in an assignment or a redirection: no splitting."""
        pieces = list(self._pieces(word))
        text = "".join(value.text for value, _ in pieces)
        origins = frozenset[str]().union(*(value.origins for value, _ in pieces))
        return Value(text, any(value.glob for value, _ in pieces), origins)

    def _pieces(self, word: Word) -> Iterator[tuple[Value, bool]]:
        """(value, whether it is split on blanks) of each part; ``"$@"`` is joined."""
        for at, part in enumerate(word.parts):
            if isinstance(part, Literal):
                text = part.text
                if at == 0 and not part.quoted and text.startswith("~"):
                    text = self._tilde(text)
                yield Value(text, not part.quoted and bool(GLOB.intersection(text))), False
            elif isinstance(part, Parameter):
                values = self.parameter(part)
                joined = Value(" ".join(v.text for v in values), any(v.glob for v in values), _origins(values))
                yield joined, not part.quoted
            else:
                yield self.part(part), not isinstance(part, Process) and not part.quoted

    def _split(self, word: Word) -> list[Value]:
        if self._many(word):
            return self._split_array(word)
        fields: list[Value] = []
        current: Value | None = None
        for value, splits in self._pieces(word):
            if not splits:
                current = _join(current, value)
                continue
            separators = self._separators()
            chunks = re.split(f"[{re.escape(separators)}]+", value.text) if separators else [value.text]
            unquoted = [Value(chunk, bool(GLOB.intersection(chunk)) or value.glob, value.origins) for chunk in chunks]
            if unquoted and unquoted[0].text:
                current = _join(current, unquoted[0])
            for chunk in unquoted[1:]:
                if current is not None:
                    fields.append(current)
                current = chunk if chunk.text else None
        if current is not None:
            fields.append(current)
        return fields

    def _separators(self) -> str:
        values = self.state.variables.get("IFS")
        return values[0].text if values and values[0].known else " \t\n"

    def _many(self, word: Word) -> bool:
        return any(
            isinstance(part, Parameter) and (part.name == "@" or part.index == "@") and part.quoted for part in word.parts
        )

    def _split_array(self, word: Word) -> list[Value]:
        """``"pre${a[@]}post"``: one field per element."""
        fields: list[Value] = [Value("")]
        touched = False
        for at, part in enumerate(word.parts):
            if isinstance(part, Parameter) and (part.name == "@" or part.index == "@"):
                values = self.parameter(part)
                if values:
                    fields[-1] = _join(fields[-1], values[0])
                    fields.extend(values[1:])
                    touched = True
            else:
                fields[-1] = _join(fields[-1], self.single(Word((part,)) if at else Word(word.parts[:1])))
                touched = True
        return fields if touched else []

    def _tilde(self, text: str) -> str:
        user, slash, rest = text[1:].partition("/")
        if user == "":
            return self.variable_text("HOME", self.world.home) + slash + rest
        if user == "+":
            return self.state.cwd + slash + rest
        return f"/home/{user}{slash}{rest}" if re.fullmatch(r"[a-z_][\w-]*", user) else text

    def variable_text(self, name: str, default: str) -> str:
        """The text of a scalar, ``default`` where it is not set in this shell."""
        values = self.state.variables.get(name)
        return values[0].text if values else default

    def part(self, part: Part) -> Value:
        """The value of a part that is no parameter."""
        if isinstance(part, Substitution):
            return self.run(part.body)
        if isinstance(part, Process):
            return Value(self.process(part.body, part.direction))
        if isinstance(part, Arithmetic):
            for inner in part.parts:
                if not isinstance(inner, Literal):
                    self.single(Word((inner,)))
            return Value(part.text.strip()) if part.text.strip().isdigit() else ANYTHING
        return self.single(Word((part,)))

    # -- parameters

    def parameter(self, part: Parameter) -> list[Value]:
        """The values of a parameter expansion: one for a scalar, any number for ``@``, ``*`` and arrays."""
        name, operator = part.name, part.operator
        if operator.startswith("indirect"):
            pointed = self._lookup(Parameter(name))
            name = pointed[0].text if pointed and pointed[0].known else UNKNOWN
            operator = operator.removeprefix("indirect")
        values = self._lookup(Parameter(name, index=part.index))
        if operator.startswith("length"):
            known = values is not None and all(v.known for v in values)
            if part.index in ("@", "*") or name in ("@", "*"):
                return [Value(str(len(values or [])))]
            return [Value(str(len(values[0].text)))] if known and values else [ANYTHING]
        if not operator:
            return [ANYTHING] if values is None else values
        argument = self.single(part.argument) if part.argument else Value("")
        return self._operate(name, operator, argument, values)

    def _operate(self, name: str, operator: str, argument: Value, values: list[Value] | None) -> list[Value]:
        kind = operator.removeprefix(":")
        if kind in ("-", "=", "?", "+") and operator != ":":
            if kind == "+":
                return [argument]
            if values is None:
                # unset here, perhaps set in the environment: the default is what is known to be possible
                values = [argument] if kind != "?" else [ANYTHING]
            elif not any(v.text for v in values) and operator.startswith(":"):
                values = [argument]
            if operator in ASSIGNED and values:
                self.state.set(name, values[0])
            return values
        if values is None:
            return [ANYTHING]
        return [_transform(value, operator, argument) for value in values]

    def _lookup(self, part: Parameter) -> list[Value] | None:
        """None where a variable is not known to be set."""
        name, state = part.name, self.state
        if name in ("@", "*"):
            return list(state.positional)
        if name.isdigit():
            number = int(name)
            if number == 0:
                return [Value(state.name)]
            return [state.positional[number - 1]] if number <= len(state.positional) else [Value("")]
        if name == "#":
            return [Value(str(len(state.positional)))]
        if name in state.arrays:
            return self._element(state.arrays[name], part.index)
        if name in state.variables:
            return [state.variables[name][0]]
        if name == "PWD":
            return [Value(state.cwd)]
        if name == "IFS":
            return [Value(" \t\n")]
        if name == "HOME":
            return [Value(self.world.home)]
        inherited = self.world.variable(name)
        return None if inherited is None else [Value(inherited, origins=frozenset((f"env:{name}",)))]

    def _element(self, items: tuple[Value, ...], index: str) -> list[Value]:
        if index in ("@", "*"):
            return list(items)
        at = index.strip() or "0"
        if re.fullmatch(r"-?\d+", at):
            number = int(at)
            return [items[number]] if -len(items) <= number < len(items) else [Value("")]
        return [Value(UNKNOWN, origins=_origins(items))]


def _origins(values: Sequence[Value]) -> frozenset[str]:
    return frozenset[str]().union(*(value.origins for value in values)) if values else NOWHERE


def _join(left: Value | None, right: Value) -> Value:
    if left is None:
        return right
    return Value(left.text + right.text, left.glob or right.glob, left.origins | right.origins)


def _transform(value: Value, operator: str, argument: Value) -> Value:
    """``${name<operator>argument}`` on a value that is set."""
    text, pattern = value.text, argument.text
    if operator in ("^^", "^", ",,", ",") and not pattern:
        changed = {"^^": text.upper(), ",,": text.lower(), "^": text[:1].upper() + text[1:], ",": text[:1].lower() + text[1:]}
        return Value(changed[operator], value.glob, value.origins)
    if not value.known or not argument.known:
        return Value(UNKNOWN, origins=value.origins | argument.origins)
    if operator in ("#", "##", "%", "%%"):
        return Value(_strip(text, pattern, operator), value.glob, value.origins)
    if operator.startswith("/"):
        return Value(_substitute(text, pattern, operator), value.glob, value.origins)
    if operator == ":":
        return Value(_slice(text, pattern), value.glob, value.origins)
    if operator == "@":
        return Value(unescape_ansi(text) if pattern == "E" else text, value.glob, value.origins)
    return Value(UNKNOWN, origins=value.origins)


def _strip(text: str, pattern: str, operator: str) -> str:
    lengths = range(len(text) + 1)
    if operator in ("#", "##"):
        sizes = lengths if operator == "#" else reversed(lengths)
        return next((text[size:] for size in sizes if fnmatch.fnmatchcase(text[:size], pattern)), text)
    sizes = lengths if operator == "%" else reversed(lengths)
    return next((text[: len(text) - size] for size in sizes if fnmatch.fnmatchcase(text[len(text) - size :], pattern)), text)


def _substitute(text: str, argument: str, operator: str) -> str:
    pattern, _, replacement = argument.partition("/")
    if GLOB.intersection(pattern):
        return UNKNOWN
    if operator == "/#":
        return replacement + text[len(pattern) :] if text.startswith(pattern) else text
    if operator == "/%":
        return text[: len(text) - len(pattern)] + replacement if text.endswith(pattern) else text
    if not pattern:
        return text
    return text.replace(pattern, replacement) if operator == "//" else text.replace(pattern, replacement, 1)


def _slice(text: str, argument: str) -> str:
    start_text, _, length_text = argument.partition(":")
    try:
        start = int(start_text or "0")
        length = int(length_text) if length_text.strip() else None
    except ValueError:
        return UNKNOWN
    tail = text[start:] if start >= 0 else text[max(len(text) + start, 0) :]
    if length is None:
        return tail
    return tail[:length] if length >= 0 else tail[: len(tail) + length]


# -- braces


def expand_braces(word: Word) -> list[Word]:
    """``a{b,c}d`` as the words ``abd`` and ``acd``; ``{1..3}`` as its numbers. At most ``MAX_BRACES`` words."""
    if not word.braces:
        return [word]
    atoms: list[str | Part] = []
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            atoms.extend(part.text)
        else:
            atoms.append(part)
    return [_word(variant) for variant in itertools.islice(_variants(atoms, 0), MAX_BRACES)]


def _variants(atoms: list[str | Part], depth: int) -> Iterator[list[str | Part]]:
    opening = 0
    while True:
        try:
            opening = atoms.index("{", opening)
        except ValueError:
            yield atoms
            return
        choices, closing = _choices(atoms, opening)
        if choices and depth < 8:
            break
        opening += 1
        if opening > 400:  # a long run of lone braces is text
            yield atoms
            return
    tails = list(itertools.islice(_variants(atoms[closing + 1 :], depth + 1), MAX_BRACES))
    for choice in choices:
        for inner in _variants(choice, depth + 1):
            for tail in tails:
                yield atoms[:opening] + inner + tail


def _choices(atoms: list[str | Part], opening: int) -> tuple[list[list[str | Part]], int]:
    """The alternatives of the brace at ``opening`` and where it closes; none where it is no brace expansion."""
    level = 0
    pieces: list[list[str | Part]] = [[]]
    for at in range(opening, len(atoms)):
        atom = atoms[at]
        if atom == "{":
            level += 1
            if level == 1:
                continue
        elif atom == "}":
            level -= 1
            if level == 0:
                if len(pieces) > 1:
                    return pieces, at
                return _sequence(pieces[0]), at
        elif atom == "," and level == 1:
            pieces.append([])
            continue
        pieces[-1].append(atom)
    return [], opening


def _sequence(atoms: list[str | Part]) -> list[list[str | Part]]:
    match = SEQUENCE.fullmatch("".join(atom if isinstance(atom, str) else UNKNOWN for atom in atoms))
    if match is None:
        return []
    first, last, step = match.groups()
    if first.lstrip("-").isdigit() != last.lstrip("-").isdigit():
        return []
    numeric = first.lstrip("-").isdigit()
    start, stop = (int(first), int(last)) if numeric else (ord(first), ord(last))
    stride = max(abs(int(step)), 1) if step and int(step) else 1
    numbers = range(start, stop + (1 if stop >= start else -1), stride if stop >= start else -stride)
    return [list(str(number) if numeric else chr(number)) for number in itertools.islice(numbers, MAX_BRACES)]


def _word(atoms: list[str | Part]) -> Word:
    parts: list[Part] = []
    text: list[str] = []
    for atom in atoms:
        if isinstance(atom, str):
            text.append(atom)
            continue
        if text:
            parts.append(Literal("".join(text)))
            text = []
        parts.append(atom)
    if text:
        parts.append(Literal("".join(text)))
    return Word(tuple(parts))
