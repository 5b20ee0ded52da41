"""What hooks alone cannot keep from leaving, as data: for ``doctor``, the documentation and the tests that show each of them.

Each was seen on the wire of the real client (2.1.197 and 2.1.330), and each is closed by the gateway, which every request
passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What an entry is about: texts that are sent as they are, or files whose text is not read."""

    TEXT = "text"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Remaining:
    """One way out. ``what`` leaves, and ``why`` no hook can keep it; ``until`` a person does without the gateway."""

    id: str
    what: str
    why: str
    until: str
    content: Content = Content.TEXT


REMAINS = (
    Remaining(
        "mention",
        "A value in a file that a prompt names with @",
        "The client sends the file with the prompt, and calls no hook for it.",
        "Name the file without the @ sign: it is then read by a tool. Files that are known to hold secrets are stopped.",
    ),
    Remaining(
        "instructions",
        "A value in CLAUDE.md, or in a file that it imports",
        "The client sends instructions with every request; its hook for them cannot stop or change anything.",
        "Keep values out of instructions. Imports of files that are known to hold secrets are stopped on newer clients.",
    ),
    Remaining(
        "command-file",
        "A value in the text of a slash command or a skill",
        "The client puts the text into the conversation by itself; hooks see the command's name and arguments.",
        "Keep values out of commands and skills.",
    ),
    Remaining(
        "repository-state",
        "A value in a branch name, a file name or the subject of a recent commit",
        "The client puts the state of the repository into its system prompt when a session begins.",
        "Change the commit's subject or the name.",
    ),
    Remaining(
        "long-answer",
        "A value in an MCP server's answer of more than 50,000 characters",
        "The client sends the answer to be counted before it calls a hook; what the model gets is redacted.",
        "Set MAX_MCP_OUTPUT_TOKENS higher: the client counts an answer from half of that on.",
    ),
    Remaining(
        "changed-file",
        "With older clients (2.1.197): a value in a file that a command printed and that was changed afterwards",
        "The client sends the changed lines with those around them, and calls no hook for it.",
        "Use a newer client: 2.1.330 does not send them.",
    ),
    Remaining(
        "continued",
        "A value in what a failed tool other than a command said, once the stopped session is continued",
        "No hook can rewrite a failure. The request is stopped, but the client keeps the text and sends it with the next one.",
        "Begin a new session after such a stop.",
    ),
    Remaining(
        "server-texts",
        "A value in the instructions or the tool descriptions of an MCP server",
        "The client sends them with every request, and calls no hook for them.",
        "Keep values out of them.",
    ),
    Remaining(
        "personal-data",
        "Personal data in a prompt or in what a failed tool other than a command said",
        "Nothing can be replaced there, and stopping every address would stop everyday work. It is on record.",
        "Leave it out of prompts.",
    ),
    Remaining(
        "attachments",
        "What a picture or a PDF shows",
        "Its text is not read by hooks.",
        "Deny reading such files.",
        Content.FILE,
    ),
)
"""In the order in which they are told."""
