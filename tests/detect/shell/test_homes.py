"""Variables that nobody set stand for the places that programs take then."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind

H = "/home/dev"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("cat $CODEX_HOME/auth.json", f"{H}/.codex/auth.json"),
        ('cat "${CODEX_HOME}/auth.json"', f"{H}/.codex/auth.json"),
        ("cat < $KUBECONFIG", f"{H}/.kube/config"),
        ("f=$KUBECONFIG; cat $f", f"{H}/.kube/config"),
        ("cd $GNUPGHOME; cat secring.gpg", f"{H}/.gnupg/secring.gpg"),
        ("cat $AWS_SHARED_CREDENTIALS_FILE", f"{H}/.aws/credentials"),
        ("cat ${XDG_CONFIG_HOME:-/x}/gh/hosts.yml", f"{H}/.config/gh/hosts.yml"),
        ("cat ${XDG_CONFIG_HOME:-/x}/gh/hosts.yml", "/x/gh/hosts.yml"),
    ],
)
def test_default_places(judge: Any, command: str, path: str) -> None:
    assert path in judge(command).of(EffectKind.READ)


def test_what_is_set_counts_alone(judge: Any) -> None:
    assert judge("CODEX_HOME=/x; cat $CODEX_HOME/a").of(EffectKind.READ) == ["/x/a"]
    assert judge("cat $CODEX_HOME/a", variables={"CODEX_HOME": "/y"}).of(EffectKind.READ) == ["/y/a"]


def test_what_is_unknown_stays_unknown_besides(judge: Any) -> None:
    assert judge("rm -rf $CARGO_HOME/x").of(EffectKind.DELETE) == [f"{H}/.cargo/x", f"/{UNKNOWN}/x"]
    assert judge("echo $CARGO_HOME; rm -rf ${CARGO_HOME:-/z}").of(EffectKind.DELETE) == [f"{H}/.cargo", "/z"]
