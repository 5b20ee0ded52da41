"""``Prepared``: a statement that SQLAlchemy puts into words once, and the driver runs each time.

Finding the words again, and a transaction around the one statement, cost SQLAlchemy several times what the row costs SQLite;
and so does taking a connection out of its pool, which is why one to SQLite is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing

import sqlalchemy as sa


class Prepared:
    """One statement, which is a transaction by itself. Safe for several threads; ``close`` it.

    ``names`` are the columns that an insert gets; None where the statement says by itself what it takes.
    """

    def __init__(self, engine: sa.Engine, statement: sa.Insert | sa.Update, names: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=engine.dialect, column_keys=names and list(names))
        self._engine = engine
        self._words = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)  # None where the driver takes names
        self._keeps = engine.dialect.name == "sqlite"  # which writes one row at a time anyway
        self._kept: sa.PoolProxiedConnection | None = None
        self._lock = threading.Lock()

    def run(self, values: Mapping[str, object]) -> int | None:
        """Run it with these values; the number of a row that it made, where there is one. It holds once this returns.

        Raises what the driver does, or SQLAlchemyError where there is no connection.
        """
        given = values if self._order is None else [values[name] for name in self._order]
        if not self._keeps:
            with closing(self._engine.raw_connection()) as connection:
                return self._run(connection, given)
        with self._lock:
            if self._kept is None:
                self._kept = self._engine.raw_connection()
            try:
                return self._run(self._kept, given)
            except BaseException:
                self._let_go()
                raise

    def close(self) -> None:
        """Let go of the connection that is kept; another is taken where it runs again."""
        with self._lock:
            self._let_go()

    def _run(self, connection: sa.PoolProxiedConnection, given: Mapping[str, object] | Sequence[object]) -> int | None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(self._words, given)
            row = cursor.fetchone() if cursor.description else (getattr(cursor, "lastrowid", None),)
            connection.commit()
        return row[0] if row else None

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()  # which takes back what was not committed
