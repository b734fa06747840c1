"""Values of other fields as JSON, for a document's `meta` and `id`.

Numbers, text, truth values, lists and maps stay as they are. Dates and times become ISO
8601 text, decimals and numbers that JSON lacks (NaN, Infinity) text, bytes base64.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import re
from typing import Any

MAX_DEPTH = 64
"""Levels of nesting in a field; JSON libraries of others stop at about a thousand."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class TooDeepError(ValueError):
    """A field is nested more than MAX_DEPTH levels deep."""


def plain_text(text: str) -> str:
    """Text that UTF-8 can hold: each lone surrogate becomes U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def json_ready(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it. Raises TooDeepError."""
    if isinstance(value, str):
        return plain_text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if depth > MAX_DEPTH:
        raise TooDeepError(f"a field is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return {plain_text(str(key)): json_ready(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item, depth + 1) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return plain_text(str(value))


def id_text(value: Any) -> str:
    """A document's own id: text as it is, null as nothing, anything else as JSON."""
    ready = json_ready(value)
    if ready is None:
        return ""
    return ready if isinstance(ready, str) else json.dumps(ready, ensure_ascii=False, sort_keys=True)
