"""A tokenizer that is measured beside others, and the tallies of what it makes of text.

Letters: V vocabulary, M tokens, N texts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError

from .encoder import MAX_FILE_BYTES, Encoder, asking_library, encoder, library

Int64s = npt.NDArray[np.int64]
MAX_ID = 4_000_000
MAX_EXAMPLES = 5
"""Documents that are told of those that do not come back."""
MAX_SHOWN = 24
"""Characters shown of what differs."""


class Encoded(NamedTuple):
    """Texts as tokens. ids int64[M]; borders int64[N+1]; comes_back: of each text whether its tokens give it back, or
    else what they give."""

    ids: Int64s
    borders: Int64s
    comes_back: list[str | None]


class Measured:
    """A tokenizer under the name that the recipe gives it. strings: what each id is written as, special ones too.

    One that gives every text back (see `encoder`) encodes as the stage `tokens` does, where text that spells a special
    token is ordinary text. Any other goes through the library whole, with its own ways. special: ids that stand for no
    text; unknown: the id of what has no token, if there is one.
    """

    def __init__(self, name: str, content: bytes) -> None:
        """Raises InputError if the library cannot read it."""
        self.name, self.sha256 = name, hashlib.sha256(content).hexdigest()
        self.content, self._made = _read(name, content)
        self.vocab_size = self._made.get_vocab_size(with_added_tokens=True)
        self.algorithm = str(self.content["model"].get("type"))
        added = self._made.get_added_tokens_decoder()
        self.special = sorted(number for number, token in added.items() if token.special)
        try:
            self._encoder: Encoder | None = encoder(content, name)
        except InputError:
            self._encoder = None  # one that loses some of the text, or has no mark between documents
        self.strings = self._strings()
        unknown = self.content["model"].get("unk_token")
        self.unknown = self._made.token_to_id(unknown) if isinstance(unknown, str) else None
        if isinstance(self.content["model"].get("unk_id"), int):
            self.unknown = self.content["model"]["unk_id"]

    @property
    def is_lossless(self) -> bool:
        """Whether every text comes back, by the form of the file."""
        return self._encoder is not None

    def _strings(self) -> list[bytes]:
        """The bytes that ids stand for; of a tokenizer that gives no text back, its tokens as the file spells them."""
        if self._encoder is not None:
            return self._encoder.strings
        ids = self._made.get_vocab(with_added_tokens=True)
        last = max(ids.values(), default=0)
        if last > MAX_ID:
            raise InputError(f"the tokenizer '{self.name}' has ids up to {last:,}: no vocabulary is that large")
        found = [b""] * (last + 1)
        for token, number in ids.items():
            found[number] = token.encode(errors="backslashreplace")
        for number in self.special:
            found[number] = b""
        return found

    def n_unknown(self, ids: Int64s) -> int:
        """How many of M tokens stand for text that has none."""
        return int((ids == self.unknown).sum()) if self.unknown is not None else 0

    def encode(self, texts: list[str]) -> Encoded:
        """The tokens of N texts, and whether they give them back."""
        if self._encoder is not None:
            return self._encode_lossless(self._encoder, texts)
        with asking_library(f"the tokenizer '{self.name}' cannot encode a text"):
            lists = [one.ids for one in self._made.encode_batch_fast(texts, add_special_tokens=False)]
            back = self._made.decode_batch(lists, skip_special_tokens=False)
        borders = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        ids = np.fromiter((number for one in lists for number in one), np.int64, int(borders[-1]))
        comes_back = [None if text == found else found for text, found in zip(texts, back, strict=True)]
        return Encoded(ids, borders, comes_back)

    def _encode_lossless(self, encoder: Encoder, texts: list[str]) -> Encoded:
        written = [text.encode() for text in texts]
        data, offsets = b"".join(written), np.cumsum([0, *map(len, written)], dtype=np.int64)
        found, borders = encoder.encode(np.frombuffer(data, np.uint8), offsets)
        ids, strings = found.astype(np.int64), self.strings
        lengths = np.cumsum([0, *(len(strings[number]) for number in ids.tolist())])
        if np.array_equal(lengths[borders], offsets) and b"".join([strings[number] for number in ids.tolist()]) == data:
            return Encoded(ids, borders, [None] * len(texts))
        spans = [ids[start:stop].tolist() for start, stop in pairwise(borders.tolist())]
        back = [b"".join([strings[number] for number in one]) for one in spans]
        told = [
            None if one == text else one.decode(errors="backslashreplace")
            for one, text in zip(back, written, strict=True)
        ]
        return Encoded(ids, borders, told)


def _read(name: str, content: bytes) -> tuple[dict[str, Any], Any]:
    """The file as JSON, and as the library has it, without cutting or filling up of sequences."""
    if len(content) > MAX_FILE_BYTES:
        raise InputError(f"the tokenizer '{name}' has over {MAX_FILE_BYTES:,} bytes")
    with asking_library(f"the tokenizer '{name}' is no tokenizer.json that can be read"):
        found = json.loads(content)
        if not isinstance(found, dict) or not isinstance(found.get("model"), dict):
            raise ValueError("it has no model")
        made = library().Tokenizer.from_str(content.decode())
        made.no_truncation()
        made.no_padding()
    return found, made


class Counts(NamedTuple):
    """How often tokens occur. ids int64, ascending, those that do; times int64."""

    ids: Int64s
    times: Int64s

    def to_json(self) -> list[str]:
        """What `counts_from_json` takes: two arrays of int64, compressed."""
        return [base64.b64encode(zlib.compress(np.diff(one, prepend=0).tobytes(), 6)).decode() for one in self]

    def dense(self, size: int) -> Int64s:
        """int64[size], by id."""
        found = np.zeros(size, np.int64)
        found[self.ids] = self.times
        return found


def counts_from_json(value: list[str]) -> Counts:
    """What `Counts.to_json` gave."""
    return Counts(*(np.cumsum(np.frombuffer(zlib.decompress(base64.b64decode(one)), np.int64)) for one in value))


def counted(ids: Int64s, size: int) -> Counts:
    """The counts of M tokens of a vocabulary of some size."""
    times = np.bincount(ids, minlength=size)
    found = np.flatnonzero(times)
    return Counts(found, times[found].astype(np.int64))


NOTHING = Counts(np.empty(0, np.int64), np.empty(0, np.int64))


def summed(parts: list[Counts]) -> Counts:
    """Counts of several places as one."""
    ids = np.concatenate([NOTHING.ids, *(one.ids for one in parts)])
    times = np.concatenate([NOTHING.times, *(one.times for one in parts)])
    found, places = np.unique(ids, return_inverse=True)
    total = np.zeros(len(found), np.int64)
    np.add.at(total, places, times)
    return Counts(found, total)


class Tally:
    """What a tokenizer makes of a group of documents, all of one source and language."""

    def __init__(self) -> None:
        self.tokens, self.failed, self.unknown = 0, 0, 0
        self.counts = NOTHING
        self.examples: list[dict[str, Any]] = []

    def add(self, model: Measured, encoded: Encoded, rows: list[int], uids: list[str], texts: list[str]) -> None:
        """Take in some of the texts that were encoded at once."""
        borders = encoded.borders
        parts = [encoded.ids[borders[row] : borders[row + 1]] for row in rows]
        ids = np.concatenate([NOTHING.ids, *parts])
        self.tokens += len(ids)
        self.unknown += model.n_unknown(ids)
        self.counts = summed([self.counts, counted(ids, model.vocab_size)])
        for row in rows:
            back = encoded.comes_back[row]
            if back is not None:
                self.failed += 1
                self.examples = least([*self.examples, {"uid": uids[row], **differing(texts[row], back)}])

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {**vars(self), "counts": self.counts.to_json()}


def least(examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the least uids, so that it does not matter which come first."""
    return sorted(examples, key=lambda one: str(one["uid"]))[:MAX_EXAMPLES]


def differing(text: str, back: str) -> dict[str, Any]:
    """Where two texts begin to differ: `at` in characters, and from there what was `given` and what came `back`."""
    shorter = min(len(text), len(back))
    at = next((place for place in range(shorter) if text[place] != back[place]), shorter)
    return {"at": at, "given": text[at : at + MAX_SHOWN], "back": back[at : at + MAX_SHOWN]}


def shown(token: bytes) -> dict[str, Any]:
    r"""A token as JSON can hold it: its text, with `\x..` for what is no whole character, and its bytes."""
    return {"text": token.decode(errors="backslashreplace"), "bytes": len(token)}


def extremes(strings: list[bytes], counts: Counts, n: int) -> dict[str, Any]:
    """Tokens to look at, n of each: the longest, the rarest that occur, and the longest that do not."""
    times = counts.dense(len(strings))
    real = [number for number, token in enumerate(strings) if len(token) > 1]
    longest = sorted(real, key=lambda number: (-len(strings[number]), strings[number]))
    rarest = sorted((number for number in real if times[number]), key=lambda number: (times[number], strings[number]))
    unused = [number for number in longest if not times[number]]
    return {
        "longest": [{**shown(strings[number]), "times": int(times[number])} for number in longest[:n]],
        "rarest": [{**shown(strings[number]), "times": int(times[number])} for number in rarest[:n]],
        "unused": [shown(strings[number]) for number in unused[:n]],
    }


def used(counts: Counts, special: list[int]) -> int:
    """How many tokens of text occur."""
    return int((~np.isin(counts.ids, np.array(special, np.int64))).sum())
