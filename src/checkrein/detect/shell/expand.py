"""Word expansion, in bash's order: braces, tilde, parameters, substitutions, splitting. Globs are kept as patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.braces import expand_braces
from checkrein.detect.shell.model import World
from checkrein.detect.shell.nodes import Arithmetic, Literal, Parameter, Part, Process, Script, Substitution, Word
from checkrein.detect.shell.parser import Parser
from checkrein.detect.shell.state import ELSEWHERE, State, elsewhere
from checkrein.detect.shell.transform import quoted_pattern, transform
from checkrein.detect.shell.values import ANYTHING, Value

MAX_LENGTH = 1_000_000  # characters of one field; what would be longer is unknown
GLOB = frozenset("*?[")
BLANKS = " \t\n"
TILDE = re.compile(r"((?:[A-Za-z_]\w*=)?)~([A-Za-z_][\w-]*|[+-]?\d*)(?=/|$)")
IN_ARITHMETIC = re.compile(
    r"(?:\+\+|--)\s*([A-Za-z_]\w*)|([A-Za-z_]\w*)\s*(?:\[[^]]*\]\s*)?(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))"
)
ASSIGNED = frozenset(("=", ":="))
VOLATILE = frozenset(
    ("_", "RANDOM", "SECONDS", "LINENO", "BASHPID", "SRANDOM", "EPOCHSECONDS", "EPOCHREALTIME", "OPTARG", "BASH_COMMAND")
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a part of a word gives: text that is ``split`` or not; ``ends`` is True where a field ends behind it (``"$@"``)."""

    value: Value
    split: bool = False
    ends: bool = False


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
            if plain is not None and not word.braces and not GLOB.intersection(plain) and "~" not in plain:
                result.append(Value(plain))
                continue
            for variant in expand_braces(word):
                result.extend(self._split(variant))
        return result

    def single(self, word: Word) -> Value:
        """The word as one field, as in an assignment or a redirection: no splitting."""
        pieces = list(self._pieces(word, assigned=True))
        texts: list[str] = []
        for piece in pieces:
            texts.append(piece.value.text)
            if piece.ends:
                texts.append(" ")
        values = [piece.value for piece in pieces]
        return bounded(Value("".join(texts), any(value.glob for value in values), origins_of(values)))

    def pattern(self, word: Word) -> Value:
        """The word as a pattern: what was quoted in it is escaped with brackets, so that it stands for itself."""
        values: list[Value] = []
        for part in word.parts:
            value = Value(part.text) if isinstance(part, Literal) else self.single(Word((part,)))
            quoted = not isinstance(part, Process) and part.quoted
            values.append(Value(quoted_pattern(value.text), origins=value.origins) if quoted else value)
        return bounded(Value("".join(value.text for value in values), origins=origins_of(values)))

    def _split(self, word: Word) -> list[Value]:
        fields: list[Value] = []
        current: Value | None = None
        for piece in _joined(self._pieces(word)):
            current = self._split_text(piece.value, current, fields) if piece.split else _join(current, piece.value)
            if piece.ends and current is not None:
                fields.append(current)
                current = None
        if current is not None:
            fields.append(current)
        return [bounded(field) for field in fields]

    def _split_text(self, value: Value, current: Value | None, fields: list[Value]) -> Value | None:
        """Split as IFS says; complete fields go to ``fields``, the one that is still open is returned."""
        separators = self.separators()
        if separators is None:
            return _join(current, Value(UNKNOWN, origins=value.origins))
        for text, delimiter in split_fields(value.text, separators):
            if text:
                current = _join(current, Value(text, bool(GLOB.intersection(text)) or value.glob, value.origins))
            if delimiter.strip(BLANKS):
                fields.append(current or Value(""))
                current = None
            elif delimiter and current is not None:
                fields.append(current)
                current = None
        return current

    def separators(self) -> str | None:
        """The characters of IFS, None where they are not known."""
        values = self.state.variables.get("IFS")
        if values is None:
            return BLANKS
        return values[0].text if len(values) == 1 and values[0].known else None

    # -- parts

    def _pieces(self, word: Word, *, assigned: bool = False, inside: bool = False) -> Iterator[Piece]:
        """What each part gives. ``inside`` an expansion, unquoted text is split, too (``${x:-a b}``)."""
        for at, part in enumerate(word.parts):
            if isinstance(part, Literal):
                text = part.text
                if not part.quoted and "~" in text:
                    text = self._tildes(text, first=at == 0, last=at == len(word.parts) - 1, assigned=assigned)
                yield Piece(Value(text, not part.quoted and bool(GLOB.intersection(text))), inside and not part.quoted)
            elif isinstance(part, Parameter):
                yield from self._parameter_pieces(part, assigned=assigned)
            else:
                split = not part.quoted if isinstance(part, (Substitution, Arithmetic)) else False
                yield Piece(self.part(part), split)

    def _parameter_pieces(self, part: Parameter, *, assigned: bool) -> Iterator[Piece]:
        kind = part.operator.removeprefix("indirect").removeprefix(":")
        default = self._default(part) if kind in ("-", "=", "+") and part.operator[-1:] == kind else None
        if default is not None:
            if not part.quoted and not default.parts:
                return
            pieces = list(self._pieces(default, assigned=assigned, inside=not part.quoted))
            if part.quoted and not pieces:
                pieces = [Piece(Value(""))]
            if kind == "=":
                self.state.set(part.name, self.single(default))
            yield from pieces
            return
        values = self.parameter(part)
        all_of_it = part.index in ("@", "*") or part.name in ("@", "*")
        if not all_of_it or "length" in part.operator:
            yield from (Piece(value, not part.quoted) for value in values)
        elif "*" in (part.index, part.name) and (part.quoted or assigned):
            separators = self.separators()
            joint = UNKNOWN if separators is None else separators[:1]
            yield Piece(Value(joint.join(value.text for value in values), origins=origins_of(values)), not part.quoted)
        else:
            last = len(values) - 1
            yield from (Piece(value, not part.quoted, ends=at < last) for at, value in enumerate(values))

    def _default(self, part: Parameter) -> Word | None:
        """The argument of ``${name:-argument}`` or ``${name:+argument}`` where it is what the expansion gives."""
        values = self._values(part)
        empty = values is not None and not any(value.text for value in values)
        missing = values is None or (not values) or (empty and ":" in part.operator)
        argument = part.argument or Word(())
        if part.operator.endswith("+"):
            if values is None:
                return Word((Literal(UNKNOWN, quoted=True), *(p for p in argument.parts if not isinstance(p, Literal))))
            return Word(()) if missing else argument
        # unset here, perhaps set in the environment: the default is what is known to be possible
        return argument if missing else None

    def _tildes(self, text: str, *, first: bool, last: bool, assigned: bool) -> str:
        """Expand a tilde at the beginning, and behind ``name=`` or, in an assignment, ``:``."""
        if not first:
            return text

        def one(match: re.Match[str]) -> str:
            if match.end() == len(piece) and not (last or closed):
                return match[0]
            return match[1] + self._home(match[2])

        results: list[str] = []
        named = bool(re.match(r"[A-Za-z_]\w*=", text))
        pieces = text.split(":") if assigned or named else [text]
        for at, piece in enumerate(pieces):
            closed = at < len(pieces) - 1
            results.append(TILDE.sub(one, piece, count=1) if TILDE.match(piece) else piece)
        return ":".join(results)

    def _home(self, user: str) -> str:
        if user == "":
            return self._text("HOME", self.world.home)
        if user == "+":
            return self.state.cwd
        if user == "-":
            return self._text("OLDPWD", UNKNOWN)
        if user == "root":
            return "/root"
        return UNKNOWN if user[0] in "+-0123456789" else f"/home/{user}"

    def _text(self, name: str, default: str) -> str:
        values = self.state.variables.get(name)
        return default if not values else values[0].text if len(values) == 1 else UNKNOWN

    def part(self, part: Part) -> Value:
        """The value of a part that is no parameter."""
        if isinstance(part, Substitution):
            return self.run(part.body)
        if isinstance(part, Process):
            return Value(self.process(part.body, part.direction))
        if isinstance(part, Arithmetic):
            self.parts(part.parts)
            self.calculate(part.text)
            text = part.text.strip()
            return Value(text) if re.fullmatch(r"0|[1-9]\d{0,17}", text, re.ASCII) else ANYTHING
        return self.single(Word((part,)))

    def parts(self, parts: Iterable[Part]) -> str:
        """Expand parts for what they run; their text."""
        return self.single(Word(tuple(parts))).text

    def calculate(self, text: str) -> None:
        """An arithmetic expression ran: what it assigns is a number that is not known."""
        for match in IN_ARITHMETIC.finditer(text):
            self.state.set(match[1] or match[2], ANYTHING)

    # -- parameters

    def parameter(self, part: Parameter) -> list[Value]:
        """The values of a parameter expansion: one for a scalar, any number for ``@``, ``*`` and arrays."""
        operator = part.operator.removeprefix("indirect")
        if part.operator.startswith("indirect"):
            if part.index in ("@", "*") and not operator:
                return self._indexes(part.name)
            if operator in ("@", "*") or part.name in ("@", "*"):
                return [ANYTHING]  # ${!prefix*}
        values = self._values(part)
        if operator.startswith("length"):
            return self._length(part, values)
        if part.argument is None or not operator:
            return [Value(UNKNOWN, origins=self.state.sourced)] if values is None else values
        if operator == "unread":
            self.single(part.argument)
            return [ANYTHING]
        if operator == ":" and (part.name in ("@", "*") or part.index in ("@", "*")):
            return self._slice(part, self.single(part.argument).text, values or [])
        kind = operator.removeprefix(":")
        if kind in ("-", "=", "?", "+") and operator != ":":
            if kind == "?":
                self.single(part.argument)
            return [ANYTHING] if values is None else values
        argument = self.pattern(part.argument) if operator[0] in "#%/^," else self.single(part.argument)
        if values is None:
            return [ANYTHING]
        if operator == "@" and argument.text == "P":
            return [self._prompt(value) for value in values]
        return [transform(value, operator, argument) for value in values]

    def _prompt(self, value: Value) -> Value:
        """``${name@P}`` runs the substitutions in the value."""
        self.parts(Parser(value.text, depth=20).parts_of(value.text))
        return Value(UNKNOWN, origins=value.origins)

    def _length(self, part: Parameter, values: list[Value] | None) -> list[Value]:
        if values is None or not all(value.known for value in values):
            return [ANYTHING]
        if part.index in ("@", "*") or part.name in ("@", "*"):
            return [Value(str(len(values)))]
        return [Value(str(len(values[0].text)))] if values else [Value("0")]

    def _indexes(self, name: str) -> list[Value]:
        array = self.state.arrays.get(self.state.resolved(name), {})
        return [ANYTHING] if ELSEWHERE in array else [Value(str(index)) for index in sorted(array)]

    def _slice(self, part: Parameter, text: str, values: list[Value]) -> list[Value]:
        """``${@:2:1}`` and ``${array[@]:1}``."""
        match = re.fullmatch(r"\s*(-?\d{1,9})\s*(?::\s*(-?\d{1,9})\s*)?", text, re.ASCII)
        if match is None or (part.index and any(index != at for at, index in enumerate(sorted(self._array(part.name))))):
            return [Value(UNKNOWN, origins=origins_of(values))]
        items = values if part.index else [Value(self.state.name), *values]
        start = int(match[1])
        start = start + len(items) if start < 0 else start
        if start < 0:
            return []
        stop = len(items) if match[2] is None else start + int(match[2])
        return items[start:stop]

    def _array(self, name: str) -> dict[int, Value]:
        return self.state.arrays.get(self.state.resolved(name), {})

    def _values(self, part: Parameter) -> list[Value] | None:
        """The values of the parameter itself, before its operator; None where it is not known to be set."""
        index = self.parts(part.subscript).strip() if part.subscript else part.index.strip()
        if part.operator.startswith("indirect"):
            pointed = self._lookup(part.name, index)
            name = pointed[0].text if pointed and len(pointed) == 1 else UNKNOWN
            match = re.fullmatch(r"([A-Za-z_]\w*|\d{1,6}|[@*])(?:\[(.*)\])?", name, re.ASCII)
            return self._lookup(match[1], match[2] or "") if match else [Value(UNKNOWN, origins=origins_of(pointed or []))]
        return self._lookup(part.name, index)

    def _lookup(self, name: str, index: str) -> list[Value] | None:
        """None where a variable is not known to be set."""
        state = self.state
        name = state.resolved(name)
        if name in ("@", "*"):
            return list(state.positional)
        if name == "#":
            return [Value(str(len(state.positional)))]
        if name.isdecimal():
            number = int(name) if len(name) < 7 else len(state.positional) + 1
            if number == 0:
                return [Value(state.name)]
            return [state.positional[number - 1]] if number <= len(state.positional) else [Value("")]
        if name in state.arrays:
            return self._element(state.arrays[name], index)
        if index not in ("", "0", "@", "*"):
            return [Value("")] if index.isdecimal() and name in state.variables else [ANYTHING]
        if name in state.variables:
            values = state.variables[name]
            return [values[0] if len(values) == 1 else elsewhere(values)]
        fixed = {"PWD": state.cwd, "IFS": BLANKS, "HOME": self.world.home}
        if name in fixed:
            return [Value(fixed[name])]
        inherited = None if name in VOLATILE else self.world.variable(name)
        return None if inherited is None else [Value(inherited, origins=frozenset((f"env:{name}",)))]

    def _element(self, array: dict[int, Value], index: str) -> list[Value]:
        if ELSEWHERE in array:
            return [array[ELSEWHERE]]
        items = [array[at] for at in sorted(array)]
        if index in ("@", "*"):
            return items
        if not re.fullmatch(r"-?\d{1,6}|", index, re.ASCII):
            return [elsewhere(items)]
        number = int(index or "0")
        if number < 0:
            number += max(array, default=-1) + 1
        return [array.get(number, Value(""))]


def split_fields(text: str, separators: str) -> Iterator[tuple[str, str]]:
    """(text, the delimiter behind it) as IFS splits: blanks in a row are one delimiter, any other is one by itself."""
    if not separators:
        yield text, ""
        return
    blanks = "".join(char for char in separators if char in BLANKS)
    others = re.escape("".join(char for char in separators if char not in BLANKS))
    blank = f"[{re.escape(blanks)}]*" if blanks else ""
    pattern = f"{blank}[{others}]{blank}" if others else f"[{re.escape(blanks)}]+"
    if others and blanks:
        pattern += f"|[{re.escape(blanks)}]+"
    at = 0
    for match in re.finditer(pattern, text):
        yield text[at : match.start()], match[0]
        at = match.end()
    yield text[at:], ""


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces that are split and stand side by side as one: a delimiter may begin in one and end in the next."""
    held: Piece | None = None
    for piece in pieces:
        if held is not None and held.split and piece.split and not held.ends and piece.value.origins == held.value.origins:
            held = Piece(_join(held.value, piece.value), split=True, ends=piece.ends)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def bounded(value: Value) -> Value:
    """``value``, or unknown text where it is too long to be held."""
    return value if len(value.text) <= MAX_LENGTH else Value(UNKNOWN, value.glob, value.origins)


def origins_of(values: Sequence[Value]) -> frozenset[str]:
    """Where any of ``values`` came from."""
    return frozenset[str]().union(*(value.origins for value in values))


def _join(left: Value | None, right: Value) -> Value:
    if left is None:
        return right
    return bounded(Value(left.text + right.text, left.glob or right.glob, left.origins | right.origins))
