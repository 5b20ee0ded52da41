"""What the gateway counts, in the form of Prometheus. Nothing in it names a session, a path or a value."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from checkrein.ledger.egress import Sent, Verdict

_SECONDS = (0.002, 0.005, 0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900)


class Metrics:
    """An observer. Values of a process; a host with several processes gives a registry that adds them up."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter("checkrein_gateway_requests", "Requests by verdict", ["verdict"], registry=registry)
        self._answers = Counter("checkrein_gateway_answers", "Answers by HTTP status", ["status"], registry=registry)
        self._bytes_in = Counter("checkrein_gateway_received_bytes", "Bytes of requests from clients", registry=registry)
        self._bytes_out = Counter("checkrein_gateway_sent_bytes", "Bytes of requests to the API", registry=registry)
        self._redacted = Counter("checkrein_gateway_redactions", "Values replaced, by label", ["label"], registry=registry)
        self._seconds = Histogram(
            "checkrein_gateway_seconds", "Seconds from first byte to last", buckets=_SECONDS, registry=registry
        )

    def finished(self, sent: Sent | None, status: int, seconds: float) -> None:
        """Count one request."""
        self._answers.labels(str(status)).inc()
        self._seconds.observe(seconds)
        self._requests.labels((Verdict.REFUSED if sent is None else sent.verdict).value).inc()
        if sent is None:
            return
        self._bytes_in.inc(sent.bytes_in)
        self._bytes_out.inc(sent.bytes_out)
        for (_, label), count in sent.found.items():
            self._redacted.labels(label).inc(count)
