"""A person's machine with copies of conversations, and a vault beside it: for tests of what sweeps them."""

from __future__ import annotations

import os
from pathlib import Path

from checkrein.decide.recall import Recall
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.sensitive import Detector, Scanner
from checkrein.sweep import Report, Sweeper, copies, places
from checkrein.vault.vault import Vault
from some_kinds import KINDS


class SweptMachine:
    """``sweep`` looks through the copies below ``home``; nothing holds a file, unless it is in ``held``."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self.home = root / "home"
        self.env = {"HOME": str(self.home), "CLAUDE_CODE_TMPDIR": str(root / "tmp")}
        self.vault = vault
        self.open_elsewhere: set[str] = set()

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> Path:
        path = self.home / ".claude" / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def search(self) -> tuple[Detector, Recall]:
        recall = Recall(self.vault)
        recall.refresh()
        return recall.beside(Scanner(Engine(KINDS)), lambda *_: False), recall

    def sweep(self, *, fix: bool) -> Report:
        search, recall = self.search()
        report, uid = Report(), os.geteuid()
        own = [place for place in places(self.env, uid) if place.path.startswith(str(self.home.parent))]
        found = [copy for place in own for copy in copies(place, uid, report.note)]
        return Sweeper(search, recall if fix else None, open_elsewhere=self.open_elsewhere.__contains__).run(found, report)
