"""The policy: what the organisation, the user and the project have decided, folded into one ``Policy`` per project."""

from checkrein.policy.files import PolicyFiles
from checkrein.policy.ignore import IgnoreTree
from checkrein.policy.load import CurrentPolicy, LoadedPolicy, PolicyStore, load_policy
from checkrein.policy.merge import Note
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
from checkrein.policy.schema import schema_text

__all__ = [
    "Approval",
    "CurrentPolicy",
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
    "RuleSetting",
    "Scope",
    "Transport",
    "Undo",
    "load_policy",
    "schema_text",
]
