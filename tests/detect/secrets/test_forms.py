"""What is looked for leads to the form that it stands for."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.secrets.forms import WAYS, Form, form, windows

VALUES = st.one_of(
    st.text(min_size=6, max_size=30),
    st.text('abcXYZ019+/é&\n\r"\\ ', min_size=6, max_size=30),
).filter(lambda value: len("".join(value.splitlines())) >= 6)


def written(value: str, way: int) -> bytes:
    """The form as it stands in a text in one piece and in lower case."""
    made = form(value, way)
    return made.lower if isinstance(made, Form) else made.between.join(made.signs)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_every_window_stands_in_its_form_and_leads_back_to_it(value: str) -> None:
    ways = []
    for way, window in windows(value):
        ways.append(way)
        made, text = form(value, way), written(value, way)
        assert window
        assert window in text
        places = [at for at in range(len(text)) if text.startswith(window, at)]
        if isinstance(made, Form) or set(made.between).isdisjoint(b"".join(made.signs)):
            assert (1, len(text) + 1) in [made.span(b"<" + text + b">", at + 1) for at in places]
    assert ways == sorted(set(ways))
    assert set(ways) <= set(range(WAYS))


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_a_window_at_the_edge_of_a_text_is_no_form(value: str) -> None:
    for way, window in windows(value):
        text = written(value, way)
        for cut in (text[1:], text[:-1]):
            places = [at for at in range(len(cut)) if cut.startswith(window, at)]
            assert (0, len(text)) not in [form(value, way).span(cut, at) for at in places]


@pytest.mark.parametrize("value", ["plainletters", "k7Tq2ZmX9w", 'a"b\\c\n d&é', "k7Tq2ZmX9w" * 60])
def test_the_ways_in_which_a_value_may_stand(value: str) -> None:
    forms = [made for way, _ in windows(value) if isinstance(made := form(value, way), Form)]
    texts = {made.text for made in forms}
    assert len(texts) == len(forms)
    data = value.encode()
    wanted = (value, value[::-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe=""))
    assert texts >= {text.replace("\n", "").encode() for text in wanted} | {data.hex().encode()}
    assert base64.b64encode(data)[: len(data) * 8 // 6] in texts
