"""Personal data and secrets made up to be looked for in what is published, and how any file is read to look for them.

Numbers are those that standards and libraries give as examples; names and keys are made up.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

_chance = random.Random(7)
LONG = base64.b64encode(_chance.randbytes(900)).decode()
_LINES = "\n".join(LONG[start : start + 64] for start in range(0, len(LONG), 64))
_CLAIMS = base64.urlsafe_b64encode(json.dumps({"sub": "canary", "data": LONG[:600]}).encode()).decode().rstrip("=")
JWT = f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{_CLAIMS}.{base64.urlsafe_b64encode(_chance.randbytes(32)).decode().rstrip('=')}"


class Canary(NamedTuple):
    """What may not be found, the entity that it is, and a sentence that has it."""

    entity: str
    value: str
    sentence: str


CANARIES = (
    Canary("email", "canary.jane@acme.org", "Write to canary.jane@acme.org, please."),
    Canary("phone", "13812345678", "联系电话：13812345678，欢迎来电。"),
    Canary("phone", "+1 602-275-6300", "Call us at +1 602-275-6300 today."),
    Canary("ip", "52.23.22.193", "It came from 52.23.22.193 last night."),
    Canary("mac", "00:1B:44:11:3A:B7", "Its MAC address is 00:1B:44:11:3A:B7 now."),
    Canary("card", "4111 1111 1111 1111", "Paid with card 4111 1111 1111 1111 in May."),
    Canary("iban", "DE89 3704 0044 0532 0130 00", "Account DE89 3704 0044 0532 0130 00 was charged."),
    Canary("ssn", "536-90-4399", "Her SSN: 536-90-4399 is known."),
    Canary("resident_id", "360426199101010071", "身份证号：360426199101010071，请核对。"),
    Canary("url_credentials", "hunter2canary", "See postgres://canary:hunter2canary@db.acme.org/prod for it."),
    Canary("api_key", "AKIAQ3EGRZ7LM2TQ5WXP", "Use AKIAQ3EGRZ7LM2TQ5WXP as the key."),
    Canary("api_key", JWT, f"The token is {JWT} until noon."),
    Canary(
        "private_key",
        LONG[70:120],
        f"-----BEGIN RSA PRIVATE KEY-----\n{_LINES}\n-----END RSA PRIVATE KEY-----\nKeep it.",
    ),
    Canary("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "Send it to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa soon."),
    Canary("coordinates", "48.858222, 2.294500", "GPS coordinates: 48.858222, 2.294500 at noon."),
    Canary("passport", "E12345678", "护照号码：E12345678，已核对。"),
    Canary("licence_plate", "京A·12345", "车牌号：京A·12345，停在门口。"),
    Canary("person", "王晓梅", "联系人：王晓梅，请提前预约。"),
    Canary("person", "Whitcombe", "Name: Margaret Whitcombe\nShe came early."),
    Canary("address", "中关村大街27号", "地址：北京市海淀区中关村大街27号1101室。"),
)


def strings_in(value: Any) -> Iterable[str]:
    """Every text and number inside of JSON-ready values, names of fields included."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from (name, *strings_in(item))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings_in(item)
    elif value is not None:
        text = str(value)
        yield text
        if text.startswith('{"'):  # such as meta
            with contextlib.suppress(ValueError):
                yield from strings_in(json.loads(text))


def decoded(path: Path, tokenizer: Tokenizer | None) -> str:
    """All that a file of `out/` says, as text."""
    data = path.read_bytes()
    if path.suffix == ".arrow":
        return "\n".join(strings_in(pa.ipc.open_file(data).read_all().to_pylist()))
    if path.suffix == ".npy":
        array = np.load(path)
        assert tokenizer is not None or not array.size, path
        rows = array.astype(np.int64).reshape(-1, array.shape[-1] if array.ndim > 1 else max(array.size, 1))
        return "\n".join(tokenizer.decode(row.tolist(), skip_special_tokens=False) for row in rows) if tokenizer else ""
    text = data.decode()
    if path.suffix in (".json", ".jsonl"):
        return "\n".join(one for line in _documents(path, text) for one in strings_in(json.loads(line)))
    assert path.suffix in (".html", ".md", ".txt", ".yaml", ".csv"), f"nobody knows how to read {path}"
    return text + html.unescape(text)


def _documents(path: Path, text: str) -> list[str]:
    return text.splitlines() if path.suffix == ".jsonl" else [text]


def leaks(out: Path, values: Iterable[str]) -> set[tuple[str, str]]:
    """(file, value) of the values that files below a folder hold, with whatever separators."""
    found = set()
    there = out / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(there)) if there.exists() else None
    wanted = [(value, _bare(value)) for value in values]
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    assert files, f"{out} is empty"
    for path in files:
        text = decoded(path, tokenizer)
        bare = _bare(text)
        name = str(path.relative_to(out))
        found |= {(name, value) for value, short in wanted if value in text or value in name or short in bare}
    return found


def _bare(text: str) -> str:
    return re.sub(r"[\s().:-]", "", text)
