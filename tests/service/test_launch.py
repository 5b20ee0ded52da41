"""What a service inherits, and the unit that systemd is given."""

from __future__ import annotations

import shlex
from pathlib import Path

from checkrein.service.launch import clean_environment, unit_file, unit_text


def test_the_service_inherits_nothing_that_loads_code_or_marks_a_session() -> None:
    kept = clean_environment(
        {"HOME": "/h", "XDG_STATE_HOME": "/s", "LD_PRELOAD": "x", "PYTHONPATH": "x", "CLAUDECODE": "1", "A_KEY": "x"}
    )
    assert kept == {"HOME": "/h", "XDG_STATE_HOME": "/s"}


def test_the_unit_quotes_what_systemd_would_read_otherwise() -> None:
    text = unit_text("What it is", ["/a b/py", '$x"%h'], {"HOME": "/h %i"}, 25)
    assert 'ExecStart="/a b/py" "$$x\\"%%h"' in text
    assert 'Environment="HOME=/h %%i"' in text
    assert "Description=What it is\n" in text
    assert "Restart=always" in text
    assert "TimeoutStopSec=25\n" in text
    assert shlex.split(text.split("ExecStart=")[1].split("\n")[0])[0] == "/a b/py"


def test_the_unit_stands_in_the_users_own_configuration() -> None:
    assert unit_file("checkrein.service", {"HOME": "/h"}) == Path("/h/.config/systemd/user/checkrein.service")
    assert unit_file("checkrein.service", {"HOME": "/h", "XDG_CONFIG_HOME": "/c"}) == Path("/c/systemd/user/checkrein.service")
