"""Where the tables of words are that this package reads."""

from pathlib import Path

import checkrein

TABLES = Path(checkrein.__file__).parent / "rules" / "secrets" / "generic"
