"""What Kubernetes Secrets hold."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
kind: Secret\nmetadata:\n  name: db\ndata:\n  anything: «YWRtaW46Z2VoZWlt»\n
data:\n  # the user\n  user-name: '«YWRtaW46Z2VoZWlt»'\nkind: Secret\n
kind: Secret\nstringData:\n  anything: «Blue» # a colour\n
kind: Secret\nstringData:\n  .pgpass: |\n    «db:5432:a:b:Blue\n    db:5432:c:d:Kettle»\nmetadata: {}\n
kind: Secret\nstringData:\n  anything: "«Blue kettle»"\n---\nkind: ConfigMap\ndata:\n  other: YWRtaW46Z2VoZWlt\n
""")

HARMLESS = lines(r"""
kind: SecretStore\ndata:\n  anything: YWRtaW46Z2VoZWlt\n
kind: ConfigMap\ndata:\n  anything: YWRtaW46Z2VoZWlt\n
kind: Secret\ndata:\n  anything: "{{ .Values.password }}"\n
kind: Secret\ndata: {}\nother:\n  anything: YWRtaW46Z2VoZWlt\n
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
