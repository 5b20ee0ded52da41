"""Word expansion, in bash's order: braces, tilde, parameters, substitutions, splitting. Globs are kept as patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.expansion.arithmetic import constant
from checkrein.detect.shell.expansion.braces import MAX_BRACES, expand_braces
from checkrein.detect.shell.expansion.fields import BLANKS, Piece, bounded, join, joined, origins_of, split_fields
from checkrein.detect.shell.expansion.parameters import Parameters
from checkrein.detect.shell.expansion.transform import quoted_pattern
from checkrein.detect.shell.frame import CHARACTERS_A_UNIT, Cost
from checkrein.detect.shell.model import World
from checkrein.detect.shell.state import State
from checkrein.detect.shell.syntax.nodes import Arithmetic, Literal, Parameter, Part, Process, Script, Substitution, Word
from checkrein.detect.shell.syntax.parser import Parser
from checkrein.detect.shell.values import ANYTHING, Value

MAX_FIELDS = 3_000
SCANNED_A_UNIT = 100  # characters
GLOB = frozenset("*?[")
IN_GLOB = re.compile(r"[*?\[]")
SPECIAL = re.compile(r"[*?\[~]")
TILDE = re.compile(r"((?:[A-Za-z_]\w*=)?)~([A-Za-z_][\w-]*|[+-]?\d*)(?=/|$)")
IN_ARITHMETIC = re.compile(
    r"(?:\+\+|--)\s*+([A-Za-z_]\w*+)"
    r"|\b([A-Za-z_]\w*+)\s*+(?:\[[^]]{300}|(?:\[[^]]{0,299}\]\s*+)?(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=)))"
)
"""What assigns a number. An index that is longer than anyone writes counts as assigned to."""
VARIABLE = re.compile(r"[A-Za-z_]\w*")
DEPTH_OF_VALUES = 8  # text in a variable that is expanded again counts as nested so deep already


class Expander(Parameters):
    """Expands words of one shell.

    ``run`` gives the output of a substitution's script, ``process`` the path that stands for a process substitution;
    ``spend`` counts work (``Budget.spend``).
    """

    def __init__(
        self,
        state: State,
        world: World,
        run: Callable[[Script], Value],
        process: Callable[[Script, str], str],
        spend: Callable[[int], None],
    ) -> None:
        super().__init__(state, world, spend)
        self.run = run
        self.process = process
        self.cut_off = False  # braces gave more words than are looked at
        self.overflows = False  # there are more fields than are looked at

    def fields(self, words: Sequence[Word]) -> list[Value]:
        """All fields of all words, in order; ``MAX_FIELDS`` of them, where there are more (``overflows``)."""
        result: list[Value] = []
        for word in words:
            if len(result) >= MAX_FIELDS:
                self.overflows = True
                break
            plain = word.plain
            if plain is not None and not word.braces and not SPECIAL.search(plain):
                result.append(Value(plain))
                continue
            variants = expand_braces(word)
            self.cut_off = self.cut_off or len(variants) > MAX_BRACES
            for variant in variants:
                result.extend(self._split(variant))
        self.spend(len(result))
        return result

    def single(self, word: Word) -> Value:
        """The word as one field, as in an assignment or a redirection: no splitting."""
        pieces = list(self._pieces(word, assigned=True))
        self.spend(Cost.FIELD + sum(len(piece.value.text) for piece in pieces) // SCANNED_A_UNIT)
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
        self.spend(Cost.WORD + len(word.parts))
        fields: list[Value] = []
        current: Value | None = None
        for piece in joined(self._pieces(word)):
            current = self._split_text(piece.value, current, fields) if piece.split else join(current, piece.value)
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
            return join(current, Value(UNKNOWN, origins=value.origins))
        self.spend(len(value.text) // SCANNED_A_UNIT)
        for text, delimiter in split_fields(value.text, separators):
            self.spend(Cost.FIELD)
            if text:
                current = join(current, Value(text, bool(IN_GLOB.search(text)) or value.glob, value.origins))
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
                    follower = word.parts[at + 1] if at + 1 < len(word.parts) else None
                    text = self._tildes(text, follower, first=at == 0, assigned=assigned)
                yield Piece(Value(text, not part.quoted and bool(IN_GLOB.search(text))), inside and not part.quoted)
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
        values = self.values(part)
        empty = values is not None and not any(value.text for value in values)
        missing = values is None or (not values) or (empty and ":" in part.operator)
        argument = part.argument or Word(())
        if part.operator.endswith("+"):
            if values is None:
                return Word((Literal(UNKNOWN, quoted=True), *(p for p in argument.parts if not isinstance(p, Literal))))
            return Word(()) if missing else argument
        # unset here, perhaps set in the environment: the default is what is known to be possible
        return argument if missing else None

    def _tildes(self, text: str, follower: Part | None, *, first: bool, assigned: bool) -> str:
        """Expand a tilde at the beginning, and behind ``name=`` or, in an assignment, ``:``; ``follower`` comes next."""
        if not first:
            return text
        last, literal = follower is None, isinstance(follower, Literal)

        def one(match: re.Match[str]) -> str:
            if match.end() == len(piece) and not (last or closed):
                # bash takes this for a name that begins with a tilde, zsh for the home folder of whoever it turns out to be
                return match[0] if literal else match[1] + UNKNOWN
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
            expanded = self.parts(part.parts)
            self.calculate(part.text)
            self.evaluate(expanded)
            number = constant(expanded)
            return ANYTHING if number is None else Value(str(number))
        return self.single(Word((part,)))

    def parts(self, parts: Iterable[Part]) -> str:
        """Expand parts for what they run; their text."""
        return self.single(Word(tuple(parts))).text

    def expand(self, text: str) -> None:
        """Text is expanded as in double quotes, for what that runs."""
        if "$" in text or "`" in text:
            self.spend(len(text) // CHARACTERS_A_UNIT)
            self.parts(Parser(text, depth=DEPTH_OF_VALUES).parts_of(text))

    def calculate(self, text: str) -> None:
        """An arithmetic expression ran: what it assigns is a number that is not known."""
        for match in IN_ARITHMETIC.finditer(text):
            self.state.set(match[1] or match[2], ANYTHING)

    def evaluate(self, text: str) -> None:
        """Text is read as arithmetic: subscripts in it, and in the values of variables that it names, are expanded again."""
        pending = [text]
        seen: set[str] = set()
        while pending:
            expression = pending.pop()
            if "[" in expression:
                self.expand(expression)
            names = {self.state.resolved(name) for name in VARIABLE.findall(expression)} - seen
            seen |= names
            values = (value.text for name in sorted(names) for value in self.state.variables.get(name, ()))
            pending += (value for value in values if "[" in value or VARIABLE.fullmatch(value))
