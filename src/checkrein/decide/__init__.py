"""The policy decision point."""

from checkrein.decide.point import DecisionPoint, Stores
from checkrein.decide.sessions import SessionStore

__all__ = ["DecisionPoint", "SessionStore", "Stores"]
