"""The syntax tree of a shell command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """Text as it stands; ``quoted`` text is neither split nor taken as a pattern."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name<operator><argument>}``; ``operator``: ``length`` (``${#name}``), ``indirect`` (``${!name}``)."""

    name: str
    operator: str = ""
    argument: Word | None = None
    index: str = ""  # the text between [ and ], "" for a scalar
    quoted: bool = False
    subscript: tuple[Part, ...] = ()  # the parts of ``index``


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(script)`` or backticks."""

    body: Script
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """``<(script)`` or ``>(script)``."""

    body: Script
    direction: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((expression))``: the text, and the parts in it that are expanded first."""

    text: str
    parts: tuple[Part, ...] = ()
    quoted: bool = False


Part = Literal | Parameter | Substitution | Process | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    """One word: parts that stand side by side. ``braces`` is False where the word holds no unquoted brace."""

    parts: tuple[Part, ...]
    braces: bool = False

    @property
    def plain(self) -> str | None:
        """The text of a word that is one unquoted literal, else None."""
        if len(self.parts) == 1:
            part = self.parts[0]
            if isinstance(part, Literal) and not part.quoted:
                return part.text
        return None

    @property
    def literal(self) -> str | None:
        """The text of a word without expansions, quoted or not: the same whatever runs before it. Else None."""
        texts = [part.text for part in self.parts if isinstance(part, Literal)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(slots=True)
class Heredoc:
    """The body of a here-document. It is filled in when its lines are reached, after the redirection itself was read."""

    body: Word = Word(())


@dataclass(frozen=True, slots=True)
class Redirect:
    """``fd<operator>target``. A here-document (``<<``) has its body in ``heredoc``, a here-string (``<<<``) in ``target``."""

    operator: str
    target: Word
    fd: str = ""
    heredoc: Heredoc | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value``, ``name+=value``, ``name[index]=value``; an array literal has its words in ``items``."""

    name: str
    value: Word
    append: bool = False
    index: str = ""
    items: tuple[Word, ...] | None = None
    subscript: tuple[Part, ...] = ()  # the parts of ``index``


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command. ``words`` may be empty (assignments or redirections alone)."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by ``|``."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Inverted:
    """``! command``: it succeeds where the command fails."""

    command: Command


@dataclass(frozen=True, slots=True)
class AndOr:
    """``left && right`` or ``left || right``."""

    left: Command
    operator: str
    right: Command


@dataclass(frozen=True, slots=True)
class Group:
    """``{ ...; }`` or ``( ... )``."""

    body: Script
    subshell: bool
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """``branches`` are (condition, body) pairs; an ``else`` has an empty condition."""

    branches: tuple[tuple[Script, Script], ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """``for name in words``; ``words`` is None for the positional parameters and for the arithmetic form."""

    name: str
    words: tuple[Word, ...] | None
    body: Script
    redirects: tuple[Redirect, ...] = ()
    header: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class While:
    """``while`` or ``until``."""

    condition: Script
    body: Script
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """``case subject in patterns) body ;; esac``."""

    subject: Word
    items: tuple[tuple[tuple[Word, ...], Script], ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """A function definition."""

    name: str
    body: Command


@dataclass(frozen=True, slots=True)
class Test:
    """``[[ ... ]]``, or ``(( ... ))`` where ``arithmetic``: only the expansions in it matter."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()
    arithmetic: bool = False


@dataclass(frozen=True, slots=True)
class Background:
    """``command &``, or ``coproc command`` where ``coprocess``: that one reads from a pipe of its own."""

    command: Command
    coprocess: bool = False


Command = Simple | Pipeline | Inverted | AndOr | Group | If | For | While | Case | Function | Test | Background


@dataclass(frozen=True, slots=True)
class Script:
    """A list of commands. ``problems`` says where the text is no valid shell; the tree then holds what could be read."""

    commands: tuple[Command, ...]
    problems: tuple[str, ...] = ()
