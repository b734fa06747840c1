"""What is known about tokenizer, tokens and packing, as plain JSON-ready values; None where a run has none of it.

"tokens" are predicted pairs, as in all counts of token shards and packed folders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipeline import storage
from pipeline.errors import InputError
from pipeline.shards import read_shard
from train.errors import DataError
from train.tokens import SIDES, read_array

N_LONGEST = 12
MANY = 8
SAMPLE_TOKENS = 1_000_000
"""Tokens of each source that are looked at for what they stand for: the first ones."""
MIN_DOCUMENTS = 20
MIN_BYTES = 50_000
"""A source's validation side with less than one of these says little about the source."""

_KEPT = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _KEPT]
BYTE_OF = {chr(byte): byte for byte in _KEPT} | {chr(0x100 + place): byte for place, byte in enumerate(_OTHERS)}
"""The alphabet of byte-level BPE (GPT-2's `bytes_to_unicode`): character -> byte."""


def tokenizer_facts(run: str, exports: list[str]) -> dict[str, Any] | None:
    """The vocabulary, and how many bytes a token stands for in each source and side."""
    folder = _folder(run, exports, "tokens.json")
    places = [storage.join(run, "out"), *([folder] if folder else [])]
    found = [path for place in places if storage.exists(path := storage.join(place, "tokenizer.json"))]
    if not found:
        return None
    tokenizer = storage.read_json(found[-1])
    model, added = tokenizer["model"], tokenizer.get("added_tokens", [])
    vocab = {number: _bytes_of(token) for token, number in model["vocab"].items()}
    vocab.update({one["id"]: b"" for one in added})
    index = storage.read_json(storage.join(folder, "tokens.json")) if folder else {"sources": {}}
    longest = sorted((token for token in vocab.values() if len(token) > 1), key=lambda token: (-len(token), token))
    return {
        "vocab_size": len(vocab),
        "n_merges": len(model.get("merges", ())),
        "special": [one["content"] for one in added],
        "longest": [{"text": _spelled(token), "bytes": len(token)} for token in longest[:N_LONGEST]],
        "sources": {
            source: {side: _side(folder, side, about[side]["shards"], vocab) for side in SIDES}
            for source, about in index["sources"].items()
        },
    }


def _folder(run: str, exports: list[str], index: str) -> str | None:
    """The folder of the export that wrote this index, if one did."""
    folders = [storage.join(run, "out", label) for label in exports]
    return next((folder for folder in folders if storage.exists(storage.join(folder, index))), None)


def _bytes_of(token: str) -> bytes:
    return b"".join(bytes([BYTE_OF[c]]) if c in BYTE_OF else c.encode() for c in token)


def _spelled(token: bytes) -> str:
    r"""A token on one line: spaces as ␣, what is no whole character as \x.., line feed and tab as \n and \t.

    Many of one character are that character and how often it comes.
    """
    text = token.decode("utf-8", errors="backslashreplace")
    if len(text) > MANY and len(set(text)) == 1:
        text = f"{text[0]}×{len(text)}"
    return text.replace(" ", "␣").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def _side(folder: str | None, side: str, shards: list[dict[str, Any]], vocab: dict[int, bytes]) -> dict[str, Any]:
    """Counts of one source on one side; of_one_byte, in_character: shares of a sample, None without tokens."""
    total = {name: sum(shard[name] for shard in shards) for name in ("documents", "tokens", "bytes")}
    seen = _sample(storage.join(folder or "", f"{shards[0]['name']}.npy"), len(vocab)) if shards else {}
    of_text = sum(n for number, n in seen.items() if vocab[number])
    one_byte = sum(n for number, n in seen.items() if len(vocab[number]) == 1)
    partial = sum(n for number, n in seen.items() if not _is_text(vocab[number]))
    return {
        **total,
        "of_one_byte": one_byte / of_text if of_text else None,
        "in_character": partial / of_text if of_text else None,
    }


def _sample(path: str, vocab_size: int) -> dict[int, int]:
    """How often each token occurs among a shard's first ones. Raises InputError if the file is damaged."""
    with storage.open_read(path) as file:
        try:
            ids = read_array(file)[:SAMPLE_TOKENS]
        except DataError as error:
            raise InputError(str(error)) from error
    counts = np.bincount(ids[ids < vocab_size].astype(np.int64), minlength=vocab_size)
    return {number: n for number, n in enumerate(counts.tolist()) if n}


def _is_text(token: bytes) -> bool:
    """Whether it is whole characters of UTF-8."""
    try:
        token.decode()
    except UnicodeDecodeError:
        return False
    return True


def packing_facts(run: str, exports: list[str]) -> dict[str, Any] | None:
    """What packing into sequences cost, and how much there is to validate on."""
    folder = _folder(run, exports, "packed.json")
    if folder is None:
        return None
    index = storage.read_json(storage.join(folder, "packed.json"))
    slots = index["sequence_tokens"] + 1
    sources = {}
    for source, about in index["sources"].items():
        sides = {side: _packed(folder, about[side]["shards"], slots) for side in SIDES}
        n_tokens = sum(counts["tokens"] for counts in sides.values())
        held_out = sides["validation"]
        sources[source] = {
            "tag": about["tag"],
            **sides,
            "validation_share": held_out["tokens"] / n_tokens if n_tokens else None,
            "validation_is_small": held_out["documents"] < MIN_DOCUMENTS or held_out["bytes"] < MIN_BYTES,
        }
    return {"sequence_tokens": index["sequence_tokens"], "sources": sources}


def _packed(folder: str, shards: list[dict[str, Any]], slots: int) -> dict[str, Any]:
    """Sums over the shards of one source and side; padding_share: of all slots; documents_cut: those in pieces."""
    names = ("sequences", "tokens", "padding", "documents", "pieces", "cuts", "bytes")
    total = {name: sum(shard[name] for shard in shards) for name in names}
    cut = sum(_n_cut(storage.join(folder, f"{shard['name']}.docs.arrow")) for shard in shards if shard["cuts"])
    all_slots = total["sequences"] * slots
    return {**total, "padding_share": total["padding"] / all_slots if all_slots else None, "documents_cut": cut}


def _n_cut(path: str) -> int:
    """Documents in more than one piece: those with a second one."""
    return sum(pc.sum(pc.equal(batch.column("part"), 1)).as_py() or 0 for batch in read_shard(path, ["part"]))
