"""``Prepared``: a statement that SQLAlchemy puts into words once, and the driver runs each time.

Finding the words again, and a transaction around the one statement, cost SQLAlchemy several times what the row costs SQLite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

import sqlalchemy as sa


class Prepared:
    """One statement, which is a transaction by itself. Safe for several threads.

    ``names`` are the columns that an insert gets; None where the statement says by itself what it takes.
    """

    def __init__(self, engine: sa.Engine, statement: sa.Insert | sa.Update, names: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=engine.dialect, column_keys=names and list(names))
        self._engine = engine
        self._words = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)  # None where the driver takes names

    def run(self, values: Mapping[str, object]) -> int | None:
        """Run it with these values; the number of a row that it made, where there is one. It holds once this returns.

        Raises what the driver does, or SQLAlchemyError where there is no connection.
        """
        given = values if self._order is None else [values[name] for name in self._order]
        with closing(self._engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(self._words, given)
            row = cursor.fetchone() if cursor.description else (getattr(cursor, "lastrowid", None),)
            connection.commit()
        return row[0] if row else None
