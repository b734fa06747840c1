"""Values as JSON."""

from __future__ import annotations

import datetime
import decimal
import json

import pytest

from pipeline.readers.values import MAX_DEPTH, TooDeepError, id_text, json_ready


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (10**40, 10**40),
        (0.5, 0.5),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        ("中文🙂", "中文🙂"),
        ("a\ud800b", "a\ufffdb"),
        (b"\xff\x00", "/wA="),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 1, 2, 3), "2024-02-29T01:02:03"),
        (datetime.time(1, 2), "01:02:00"),
        (decimal.Decimal("1.10"), "1.10"),
        ([1, (2.5, {"k": b""})], [1, [2.5, {"k": ""}]]),
        ({1: "a", "\udcff": None}, {"1": "a", "\ufffd": None}),
    ],
)
def test_json_ready(value, expected):
    ready = json_ready(value)
    assert ready == expected
    assert json.loads(json.dumps(ready, allow_nan=False)) == ready


def test_depth_is_limited():
    value = 1
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    assert json_ready(value)
    with pytest.raises(TooDeepError):
        json_ready([value])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), ("x", "x"), (7, "7"), (["b", "中"], '["b", "中"]'), (True, "true"), (0.5, "0.5")],
)
def test_id_text(value, expected):
    assert id_text(value) == expected
