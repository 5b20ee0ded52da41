from __future__ import annotations

import http.client
import json

from checkrein.prove.otel import OtelEvent, OtelSink, read_events

BODY = {
    "resourceLogs": [
        {
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "attributes": [
                                {"key": "event.name", "value": {"stringValue": "hook_execution_complete"}},
                                {"key": "event.sequence", "value": {"intValue": "7"}},
                                {"key": "ok", "value": {"boolValue": True}},
                                {"key": "ratio", "value": {"doubleValue": 0.5}},
                                {"key": "list", "value": {"arrayValue": {"values": []}}},
                            ]
                        }
                    ]
                }
            ]
        }
    ]
}


def test_events_are_read_with_their_types() -> None:
    (event,) = read_events(json.dumps(BODY).encode())
    assert event.name == "hook_execution_complete"
    assert event.attributes["event.sequence"] == 7
    assert event.attributes["ok"] is True
    assert event.attributes["ratio"] == 0.5
    assert event.attributes["list"] == '{"arrayValue": {"values": []}}'
    assert list(read_events(b"{}")) == []


def test_a_chunked_request_is_taken_and_metrics_are_passed_over() -> None:
    with OtelSink() as sink:
        host = sink.environment()["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://")
        for path in ("/v1/logs", "/v1/metrics"):
            connection = http.client.HTTPConnection(host, timeout=10)
            data = json.dumps(BODY).encode()
            connection.request(
                "POST", path, iter([data[:50], data[50:]]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
            )
            assert connection.getresponse().status == 200
            connection.close()
    assert sink.named("hook_execution_complete") == sink.events
    assert len(sink.events) == 1
    assert isinstance(sink.events[0], OtelEvent)
