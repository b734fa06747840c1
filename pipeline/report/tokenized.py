"""What is known about tokenizer and tokens, as plain JSON-ready values; None where a run has none of it.

"tokens" are predicted pairs, as in all counts of token shards and packed folders.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline import storage
from pipeline.errors import InputError
from train.errors import DataError
from train.tokens import SIDES, read_array
from train.vocabulary import token_strings

from .tokenizers import spelled_text

N_LONGEST = 12
SAMPLE_TOKENS = 1_000_000
"""Tokens of each source that are looked at for what they stand for: the first ones."""


def tokenizer_facts(run: str, exports: list[str]) -> dict[str, Any] | None:
    """The vocabulary, and how many bytes a token stands for in each source and side."""
    folder = folder_of(run, exports, "tokens.json")
    places = [storage.join(run, "out"), *([folder] if folder else [])]
    found = [path for place in places if storage.exists(path := storage.join(place, "tokenizer.json"))]
    if not found:
        return None
    tokenizer = storage.read_json(found[-1])
    try:
        vocab = token_strings(tokenizer)
    except DataError as error:
        raise InputError(f"{found[-1]}: {error}") from error
    index = storage.read_json(storage.join(folder, "tokens.json")) if folder else {"sources": {}}
    longest = sorted((token for token in vocab if len(token) > 1), key=lambda token: (-len(token), token))
    sources = {
        source: {side: _side(folder, side, about[side]["shards"], vocab) for side in SIDES}
        for source, about in index["sources"].items()
    }
    n_documents = sum(one["documents"] for sides in sources.values() for one in sides.values())
    return {
        "vocab_size": len(vocab),
        "algorithm": tokenizer["model"]["type"],
        "n_merges": len(tokenizer["model"].get("merges", ())),
        "special": [one["content"] for one in tokenizer["added_tokens"]],
        "read_back": f"Round trip: all {n_documents:,} documents came back from their tokens, byte for byte; "
        "the stage stops at one that does not.",
        "longest": [{"text": spelled(token), "bytes": len(token)} for token in longest[:N_LONGEST]],
        "sources": sources,
    }


def folder_of(run: str, exports: list[str], index: str) -> str | None:
    """The folder of the export that wrote this index, if one did."""
    folders = [storage.join(run, "out", label) for label in exports]
    return next((folder for folder in folders if storage.exists(storage.join(folder, index))), None)


def spelled(token: bytes) -> str:
    r"""A token as `spelled_text` writes it, what is no whole character as \x.. ."""
    return spelled_text(token.decode(errors="backslashreplace"))


def _side(folder: str | None, side: str, shards: list[dict[str, Any]], vocab: list[bytes]) -> dict[str, Any]:
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
