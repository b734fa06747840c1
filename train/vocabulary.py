"""What text each token of a `tokenizer.json` stands for, and which kinds of tokenizer give text back.

Three kinds do, without a normalizer, an unknown token, and added tokens that are not special, with the decoder that
belongs to them:

    bpe        BPE over the 256 byte characters of GPT-2 (`bytes_to_unicode`)
    wordpiece  WordPiece over the same characters; a token within a word begins with "‿", which is none of them
    unigram    Unigram over characters, with `<0x00>` .. `<0xFF>` for the bytes of those it has no token for

Letters: V vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from .errors import DataError

CONTINUING = "‿"
"""What begins a WordPiece token that does not begin a word: U+203F, no byte character."""
MAX_PIECE_BYTES = 516
"""Of what a pre-tokenizer of this project cuts: 1 + 64 + 64 characters. WordPiece must take as much."""
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


def _byte_characters() -> dict[str, int]:
    """The byte that each of the 256 characters stands for: printable ones themselves, from U+0100 the others."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(kept)]
    return {chr(byte): byte for byte in kept} | {chr(0x100 + place): byte for place, byte in enumerate(others)}


BYTES_OF = _byte_characters()


def kind_of(tokenizer: Mapping[str, Any]) -> str:
    """`bpe`, `wordpiece` or `unigram`. Raises DataError if this is none of the kinds that give every text back."""
    try:
        model, steps = tokenizer["model"], cutting_steps(tokenizer.get("pre_tokenizer"))
        if tokenizer.get("normalizer") is not None:
            raise ValueError("it normalizes text, so that decoding would not give it back")
        kind = {"BPE": "bpe", "WordPiece": "wordpiece", "Unigram": "unigram"}.get(model["type"], "")
        {"bpe": _check_bpe, "wordpiece": _check_wordpiece, "unigram": _check_unigram}[kind](model)
        if kind != "unigram":
            if not steps or steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space") is not False:
                raise ValueError("it does not end with byte-level pieces, or adds spaces")
            steps = steps[:-1]
        _check_decoder(kind, _steps(tokenizer.get("decoder"), "decoders"))
        if any(step.get("type") != "Split" or step.get("behavior") == "Removed" for step in steps):
            raise ValueError("it cuts text by other means than patterns, or removes some")
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(f"it is no BPE, WordPiece or Unigram of the tokenizers library: {error!r}") from error
    except ValueError as error:
        raise _refused(str(error)) from error
    return kind


def cutting_steps(cutting: Any) -> list[dict[str, Any]]:
    """The pre-tokenizers of a file one by one; none if it has none or they are no maps."""
    return _steps(cutting, "pretokenizers")


def _steps(part: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(part, dict):
        return []
    steps = part.get(name) if part.get("type") == "Sequence" else [part]
    return steps if isinstance(steps, list) and all(isinstance(step, dict) for step in steps) else []


def token_strings(tokenizer: Mapping[str, Any]) -> list[bytes]:
    """The bytes of UTF-8 that each token of a `tokenizer.json` stands for, V of them: a text is those of its tokens.

    A special token, and the unknown one, stand for no text: b"". Raises DataError if this is none of the kinds of
    tokenizer that give text back, has added tokens that are not special, or ids that are not 0 .. V-1.
    """
    kind = kind_of(tokenizer)
    found: dict[int, bytes] = {}
    try:
        special = _special(tokenizer["added_tokens"])
        for token, number in _vocabulary(tokenizer["model"]):
            if type(number) is not int or (number in found):
                raise ValueError(f"the id of its token {token!r} is no whole number, or used twice")
            found[number] = b"" if token in special else _spelled(token, kind)
        if kind == "unigram":
            found[int(tokenizer["model"]["unk_id"])] = b""
        found.update(dict.fromkeys(special.values(), b""))
        if len(found) != len({*special, *(token for token, _ in _vocabulary(tokenizer["model"]))}):
            raise ValueError("it has a token or an id twice")
        if sorted(found) != list(range(len(found))):
            raise ValueError("its ids are not 0, 1, 2 and so on")
        _check_bytes(kind, tokenizer["model"], special.keys())
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(f"a part is missing or of a wrong type: {error!r}") from error
    except ValueError as error:  # UnicodeEncodeError is one
        raise _refused(str(error)) from error
    return [found[number] for number in range(len(found))]


def token_bytes(tokenizer: Mapping[str, Any]) -> np.ndarray:
    """How many bytes of UTF-8 each token of a `tokenizer.json` stands for, int32[V]. Raises DataError."""
    return np.array([len(token) for token in token_strings(tokenizer)], np.int32)


def _special(added: Any) -> dict[str, int]:
    """The special tokens with their ids. Raises ValueError, TypeError or KeyError.

    Others that are added are refused: text that has them would be cut by them before anything else.
    """
    for one in added:
        if one["special"] is not True:
            raise ValueError(
                f'its added token {one["content"]!r} is not special: make it so ("special": true) or drop it'
            )
        if type(one["id"]) is not int:
            raise ValueError(f"the id of its token {one['content']!r} is no whole number")
    return {str(one["content"]): one["id"] for one in added}


def _refused(why: str) -> DataError:
    return DataError(f"tokenizer.json cannot be used: {why}")


def _check_bpe(model: Mapping[str, Any]) -> None:
    changes = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    if any(model.get(name) for name in changes):
        raise ValueError("its model is no plain BPE")


def _check_wordpiece(model: Mapping[str, Any]) -> None:
    if model["continuing_subword_prefix"] != CONTINUING:
        raise ValueError(f"its tokens within words do not begin with {CONTINUING}")
    if type(model["max_input_chars_per_word"]) is not int or model["max_input_chars_per_word"] < MAX_PIECE_BYTES:
        raise ValueError(f"it takes no words of {MAX_PIECE_BYTES} bytes")


def _check_unigram(model: Mapping[str, Any]) -> None:
    if model["byte_fallback"] is not True:
        raise ValueError("it has no bytes for characters that are no tokens")
    if type(model["unk_id"]) is not int or not 0 <= model["unk_id"] < len(model["vocab"]):
        raise ValueError("its unknown token is not in the vocabulary")


def _check_decoder(kind: str, steps: list[dict[str, Any]]) -> None:
    """Raises ValueError unless tokens are decoded as `_spelled` has it. `Fuse` only joins what is joined anyway."""
    needed = {"bpe": ["ByteLevel"], "wordpiece": ["Replace", "ByteLevel"], "unigram": ["ByteFallback"]}
    plain = [step for step in steps if step["type"] != "Fuse"]
    replaced = [(step["pattern"], step["content"]) for step in plain if step["type"] == "Replace"]
    if [step["type"] for step in plain] != needed[kind] or replaced not in ([], [({"String": CONTINUING}, "")]):
        raise ValueError("its decoder is not that of its tokens")


def _check_bytes(kind: str, model: Mapping[str, Any], special: Set[str]) -> None:
    """Raises ValueError unless every byte has its tokens, so that nothing is ever unknown."""
    needed = {f"<0x{byte:02X}>" for byte in range(256)} if kind == "unigram" else set(BYTES_OF)
    if kind == "wordpiece":
        needed |= {CONTINUING + character for character in BYTES_OF}
    missing = needed - ({token for token, _ in _vocabulary(model)} - special)
    if missing:
        raise ValueError(f"{len(missing)} tokens of single bytes are missing")


def _vocabulary(model: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(token, id) of a model. Raises ValueError or TypeError."""
    if model["type"] != "Unigram":
        return list(model["vocab"].items())
    tokens = [token for token, _ in model["vocab"]]
    if not all(isinstance(token, str) and token for token in tokens):
        raise ValueError("one of its tokens is no text")
    return [(token, number) for number, token in enumerate(tokens)]


def _spelled(token: str, kind: str) -> bytes:
    """The bytes of a token. Raises ValueError."""
    if kind == "unigram":
        byte = _BYTE_TOKEN.fullmatch(token)
        return bytes([int(byte[1], 16)]) if byte else token.encode()
    spelled = token.removeprefix(CONTINUING) if kind == "wordpiece" else token
    if not spelled or not BYTES_OF.keys() >= set(spelled):
        raise ValueError(f"its token {token!r} is empty or has other characters than bytes")
    return bytes(map(BYTES_OF.__getitem__, spelled))
