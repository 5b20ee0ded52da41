"""``python -m checkrein.docs``: write the generated pages; ``--check`` to see whether they are fresh; ``--record`` a run."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import BinaryIO

import click

from checkrein import __version__
from checkrein.core import CheckreinError
from checkrein.docs import RECORD, project_root, stale, write
from checkrein.docs.record import dump_record, record_of


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--check", is_flag=True, help="Write nothing; name what is stale, and exit 1 where something is.")
@click.option("--record", type=click.File("rb"), help="Keep this run first: what `checkrein prove --json FILE` wrote.")
def main(*, check: bool, record: BinaryIO | None) -> None:
    """Write the pages that are made from the code, and the tables that are made from the last recorded run."""
    try:
        root = project_root()
        if record is not None:
            run = record_of(record.read(), version=__version__, date=datetime.now(UTC).date().isoformat())
            (root / RECORD).write_text(dump_record(run), "utf-8")
            click.echo(f"wrote {RECORD}")
        if check:
            names = stale(root)
            for name in names:
                click.echo(f"{name} is stale; `make docs` writes it anew", err=True)
            sys.exit(1 if names else 0)
        for name in write(root):
            click.echo(f"wrote {name}" if (root / name).exists() else f"removed {name}")
    except CheckreinError as error:
        click.echo(f"checkrein.docs: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
