from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from checkrein.enforce.gateway.metrics import Metrics
from checkrein.ledger.egress import Sent, Verdict


def test_requests_bytes_redactions_and_times_are_counted() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    sent = Sent(
        1.0, "a-session", "POST", "/v1/messages", "m", "h", Verdict.REDACTED, 100, 90, ("/a/file",), found={("r", "EMAIL"): 3}
    )
    metrics.finished(sent, 200, 0.003)
    metrics.finished(sent, 529, 7)
    metrics.finished(None, 403, 0.001)
    value = registry.get_sample_value
    assert value("checkrein_gateway_requests_total", {"verdict": "redacted"}) == 2
    assert value("checkrein_gateway_requests_total", {"verdict": "refused"}) == 1
    assert value("checkrein_gateway_answers_total", {"status": "529"}) == 1
    assert value("checkrein_gateway_answers_total", {"status": "403"}) == 1
    assert value("checkrein_gateway_received_bytes_total") == 200
    assert value("checkrein_gateway_sent_bytes_total") == 180
    assert value("checkrein_gateway_redactions_total", {"label": "EMAIL"}) == 6
    assert value("checkrein_gateway_seconds_count") == 3
    assert value("checkrein_gateway_seconds_bucket", {"le": "0.005"}) == 2
    text = generate_latest(registry)
    assert b"a-session" not in text
    assert b"/a/file" not in text
