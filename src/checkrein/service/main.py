"""The worker's program. What does not even load is served as a refusal that names it, like all else that fails at the start."""

from __future__ import annotations

import os
from collections.abc import Callable

from checkrein.service.paths import ServicePaths
from checkrein.service.worker import Parts, serve, setup_log


def builder(paths: ServicePaths) -> Callable[[], Parts]:
    """What makes the parts; loading them happens here, before an older worker is asked to leave.

    So does what takes seconds when a version runs for the first time: compiling the patterns of secrets.
    """
    try:
        from checkrein.detect.secrets.engine import standard  # noqa: PLC0415 - as the next one
        from checkrein.service import parts  # noqa: PLC0415 - so that a module that does not load is told to the callers

        standard()
    except Exception as exc:  # noqa: BLE001 - whatever it is
        error = exc

        def broken() -> Parts:
            raise error

        return broken
    return lambda: parts.build(os.environ, paths)


def main() -> None:
    """Serve for the user whose environment this is."""
    paths = ServicePaths.of_user()
    setup_log(paths.log)
    serve(builder(paths), paths)


if __name__ == "__main__":
    main()
