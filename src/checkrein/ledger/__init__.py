"""Tamper-evident record of events and decisions.

Tamper-evident, not tamper-proof: who has this user's rights can destroy the record, but not change it unseen as long as a
checkpoint is kept where those rights do not reach (``verify`` says what is and what is not detectable).
"""

from checkrein.ledger.checkpoint import Checkpoint, read_checkpoint_file, read_git_note, take_checkpoint, write_git_note
from checkrein.ledger.entry import NOTE, Entry
from checkrein.ledger.store import Filter, LedgerReader
from checkrein.ledger.verify import Problem, Report, Tampering, verify
from checkrein.ledger.writer import Ledger

__all__ = [
    "NOTE",
    "Checkpoint",
    "Entry",
    "Filter",
    "Ledger",
    "LedgerReader",
    "Problem",
    "Report",
    "Tampering",
    "read_checkpoint_file",
    "read_git_note",
    "take_checkpoint",
    "verify",
    "write_git_note",
]
