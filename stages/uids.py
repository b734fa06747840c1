"""The uids of documents as numbers, which take half the room and sort fast. Letters: N uids."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEX_DIGITS = 32


def to_numbers(uids: pa.Array) -> npt.NDArray[np.uint64]:
    """uint64[N, 2] of N uids of 32 hex digits: the first 16 and the last 16 of each."""
    assert pc.all(pc.equal(pc.binary_length(uids), HEX_DIGITS)).as_py() is not False, "a uid has 32 hex digits"
    found = np.frombuffer(bytes.fromhex("".join(uids.to_pylist())), ">u8").reshape(-1, 2)
    return found.astype(np.uint64)


def to_text(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[Any]:
    """object[N]: the uids of uint64[N, 2] as 32 hex digits in lower case; of zeros, the empty text."""
    digits = numbers.astype(">u8").tobytes().hex()
    texts = [digits[start : start + HEX_DIGITS] for start in range(0, len(digits), HEX_DIGITS)]
    found = np.array(texts, object)
    found[~numbers.any(axis=1)] = ""
    return found
