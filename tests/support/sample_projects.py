"""Small projects of a company that wants to show its code without showing whose it is. Values are made when they are needed."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from checkrein.detect.secrets.examples import expand

TOKEN = expand("ghp_{alnum:36}", 7)
PASSWORD = expand("{alnum:18}", 8)
CARD = "4539 1488 0343 6467"
MAIL = "jane.doe@acmecorp.io"
SECRETS = (TOKEN, PASSWORD, CARD, MAIL)
NAMES = ("Acme Corp", "Bluefin")
HOST = "acmecorp.io"


def python_project() -> dict[str, str]:
    """Path to text; its tests pass with nothing but pytest."""
    encoded = base64.b64encode(f"svc:{PASSWORD}".encode()).decode()
    return {
        "README.md": f"# Acme Corp billing\n\nBy Jane Doe <{MAIL}> for Bluefin's shops. See https://git.{HOST}/billing.\n",
        ".env": f"PORT=8080\nGITHUB_TOKEN={TOKEN}\nDB_PASSWORD={PASSWORD}\nACME_CORP_URL=https://api.{HOST}/v1\n",
        ".gitignore": ".env\n__pycache__/\n",
        "acme_corp/__init__.py": '"""Acme Corp\'s client."""\n\nfrom acme_corp.bluefin_client import AcmeCorpClient\n',
        "acme_corp/bluefin_client.py": (
            '"""Talks to AcmeCorp for bluefin."""\n\nimport os\n\n'
            f'ACME_CORP_URL = os.environ.get("ACME_CORP_URL", "https://api.{HOST}/v1")\n'
            f'GITHUB_TOKEN = "{TOKEN}"\nDB_PASSWORD = "{PASSWORD}"\nAUTHORIZATION = "Basic {encoded}"\n'
            f'TEST_CARD = "{CARD}"\n\n\n'
            "class AcmeCorpClient:\n    def bluefin_total(self, acmecorpItems):\n        return sum(acmecorpItems)\n"
        ),
        "tests/test_acme_corp.py": (
            "import base64\n\nfrom acme_corp import AcmeCorpClient, bluefin_client as bf\n\n\n"
            "def luhn(text):\n    digits = [int(d) for d in text if d.isdigit()][::-1]\n"
            "    return sum(sum(divmod(d * (1 + i % 2), 10)) for i, d in enumerate(digits)) % 10 == 0\n\n\n"
            "def test_total():\n    assert AcmeCorpClient().bluefin_total([1, 2]) == 3\n\n\n"
            "def test_shapes():\n    assert bf.GITHUB_TOKEN.startswith('ghp_') and len(bf.GITHUB_TOKEN) == 40\n"
            "    assert luhn(bf.TEST_CARD)\n"
            "    assert base64.b64decode(bf.AUTHORIZATION.split()[1]).decode() == 'svc:' + bf.DB_PASSWORD\n"
            "    assert bf.AcmeCorpClient.__name__ == 'Acme' 'CorpClient'\n"
        ).replace("    assert bf.AcmeCorpClient.__name__ == 'Acme' 'CorpClient'\n", ""),
        "docs/bluefin/acme-corp.txt": f"db.{HOST}, ACMECORP, acme.corp, bluefins, {TOKEN.encode().hex()}\n",
    }


def javascript_project() -> dict[str, str]:
    """Path to text; ``node test.mjs`` passes."""
    return {
        "package.json": json.dumps(
            {"name": "bluefin-shop", "version": "1.0.0", "author": f"Jane Doe <{MAIL}>", "type": "module"}
        ),
        "src/bluefinCart.mjs": (
            f"// Bluefin's cart, {MAIL}\nexport const BLUEFIN_TOKEN = '{TOKEN}';\n"
            "export class BluefinCart { total(items) { return items.reduce((a, b) => a + b, 0); } }\n"
        ),
        "test.mjs": (
            "import assert from 'node:assert';\nimport { BluefinCart, BLUEFIN_TOKEN } from './src/bluefinCart.mjs';\n"
            "assert.equal(new BluefinCart().total([1, 2]), 3);\nassert.match(BLUEFIN_TOKEN, /^ghp_[A-Za-z0-9]{36}$/);\n"
        ),
    }


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The files below ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    """Git in ``folder``, by Jane Doe, with no settings of whoever runs the tests."""
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Jane Doe"), ("EMAIL", MAIL))
    }
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **who,
    }
    return subprocess.run(["git", *words], cwd=folder, env=env, input=given, capture_output=True, check=True).stdout


def committed(folder: Path) -> Path:
    """``folder`` as a repository with all its files, pushed to a server of the company's."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", f"git@git.{HOST}:billing.git")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return folder
