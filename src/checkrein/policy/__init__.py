"""The policy: what the organisation, the user and the project have decided, folded into one ``Policy`` per project."""

from checkrein.policy.files import PolicyFiles
from checkrein.policy.ignore import IgnoreTree
from checkrein.policy.load import CurrentPolicy, LoadedPolicy, PolicyStore, load_policy
from checkrein.policy.model import (
    Approval,
    Layer,
    Outside,
    PathAccess,
    PathRule,
    PathVerdict,
    Policy,
    RuleSetting,
    Scope,
    Transport,
    Undo,
)
from checkrein.policy.note import Note
from checkrein.policy.privacy import Attachments, ClassRule, DataClass, Gateway, Privacy, Redaction, Term
from checkrein.policy.schema import schema_text

__all__ = [
    "Approval",
    "Attachments",
    "ClassRule",
    "CurrentPolicy",
    "DataClass",
    "Gateway",
    "IgnoreTree",
    "Layer",
    "LoadedPolicy",
    "Note",
    "Outside",
    "PathAccess",
    "PathRule",
    "PathVerdict",
    "Policy",
    "PolicyFiles",
    "PolicyStore",
    "Privacy",
    "Redaction",
    "RuleSetting",
    "Scope",
    "Term",
    "Transport",
    "Undo",
    "load_policy",
    "schema_text",
]
