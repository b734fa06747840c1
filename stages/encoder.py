"""Texts to token ids by a `tokenizer.json`: the checks of the file, and the encoder that stages use.

Letters: D bytes, N texts, M tokens.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import InputError

from .piece_encoder import Ids, Int64s, PieceEncoder, bpe_model
from .pretokenizers import known, own, pattern_of

END_OF_TEXT = "<|endoftext|>"
MAX_FILE_BYTES = 100_000_000
"""Of a `tokenizer.json`; one with a million tokens has some 80 MB."""
LIBRARY_BYTES = 1_000_000
"""Text that the library encodes at once: its results take some twenty times as much memory."""
NEVER = "0a"
"""What no piece has in it, by the patterns of `own`. It takes the place of special tokens where ids are places in a
list."""
PROBE = "".join(map(chr, [*range(0x800), *range(0x800, 0xD800, 0x800), *range(0xE000, 0x110000, 0x8000)])) + (
    " 中文，今天 天气很好。 It ' s  n't . , ! <0x41> ‿a ▁b Ġc ##d @@ </w>\u3000 "
)
"""Text that has all bytes of UTF-8, and what decoders are known to change."""


def library() -> Any:
    """The module `tokenizers`, on one core: the engine shares out cores, unless the user's environment does."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import tokenizers

    return tokenizers


@contextlib.contextmanager
def asking_library(what: str) -> Iterator[None]:
    """What the library cannot do is an InputError that begins with `what`.

    It panics over some files, and over texts that a pattern cannot be matched with in bounded time: no Exception.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise InputError(f"{what}: {error}") from error


class Encoder:
    """Texts -> token ids below `vocab_size`, never `end_of_text`, the mark between documents.

    strings: the bytes that each token stands for, b"" for special ones; a text is the strings of its tokens. One
    thread at a time may use it.
    """

    def __init__(self, content: dict[str, Any], strings: list[bytes], end_of_text: int, name: str) -> None:
        """content: a file without special tokens (`bare`); name: what errors call it."""
        self.name, self.strings, self.vocab_size, self.end_of_text = name, strings, len(strings), end_of_text
        self._made = library().Tokenizer.from_str(json.dumps(content))
        self._fast = _by_pieces(content, strings)

    def encode(self, data: npt.NDArray[np.uint8], offsets: Int64s) -> tuple[Ids, Int64s]:
        """The tokens of N texts: ids uint32[M], borders int64[N+1]; data uint8[D] valid UTF-8, offsets int64[N+1]."""
        data, offsets = data.view(), np.asarray(offsets, np.int64).view()
        data.flags.writeable = offsets.flags.writeable = False  # kernels are compiled anew for each kind
        return self._fast.encode(data, offsets) if self._fast else self._by_library(data, offsets)

    def _by_library(self, data: npt.NDArray[np.uint8], offsets: Int64s) -> tuple[Ids, Int64s]:
        borders, found, first = np.zeros(len(offsets), np.int64), [np.empty(0, np.uint32)], 0
        for row in range(len(offsets) - 1):
            if row == len(offsets) - 2 or offsets[row + 2] - offsets[first] > LIBRARY_BYTES:
                spans = pairwise(offsets[first : row + 2].tolist())
                texts = [data[start:stop].tobytes().decode() for start, stop in spans]
                with asking_library(f"the tokenizer '{self.name}' cannot encode a text"):
                    encodings = self._made.encode_batch_fast(texts, add_special_tokens=False)
                found.extend(np.array(one.ids, np.uint32) for one in encodings)
                borders[first + 1 : row + 2] = list(map(len, found[-len(texts) :]))
                first = row + 1
        return np.concatenate(found), np.cumsum(borders)

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        """The ids of each text."""
        written = [text.encode() for text in texts]
        offsets = np.cumsum([0, *map(len, written)], dtype=np.int64)
        ids, borders = self.encode(np.frombuffer(b"".join(written), np.uint8), offsets)
        return [ids[start:stop].tolist() for start, stop in pairwise(borders.tolist())]


def encoder(source: str | bytes, name: str = "tokenizer.json") -> Encoder:
    """The encoder of a `tokenizer.json`, by its path or content: any that gives text back (`train.vocabulary`).

    name: what an error calls content that is given.

    A text that spells a special token is encoded as any other: special tokens are taken out of what encodes. Raises
    InputError if the file is too large, damaged, of another kind, unfit for the library, or has no `<|endoftext|>`.
    """
    from train.vocabulary import token_strings

    what = source if isinstance(source, str) else name
    with asking_library(f"{what} is no tokenizer that can be used here"):
        content = parse(read_file(source) if isinstance(source, str) else source)
        strings = token_strings(content)
        written = written_tokens(content)
        if not any(token["content"] == END_OF_TEXT and token["special"] for token in content["added_tokens"]):
            raise ValueError(f"it has no special token {END_OF_TEXT}")
        plain = bare(content)
        _check_decoding(content, plain)
        return Encoder(plain, strings, written.index(END_OF_TEXT), what)


def _check_decoding(content: dict[str, Any], plain: dict[str, Any]) -> None:
    """Raises ValueError if the library does not give PROBE back, by the whole file, from the ids that it gets here."""
    made, whole = (library().Tokenizer.from_str(json.dumps(one)) for one in (plain, content))
    if whole.decode(made.encode(PROBE, add_special_tokens=False).ids, skip_special_tokens=False) != PROBE:
        raise ValueError("the library does not decode its tokens to the text that they are of")


def _by_pieces(content: dict[str, Any], strings: list[bytes]) -> PieceEncoder | None:
    """The encoder of a BPE whose pattern it knows; content: without special tokens.

    WordPiece and Unigram are left to the library: asked for one new piece at a time, it takes twice as long for
    Chinese, where most pieces are new.
    """
    from train.vocabulary import cutting_steps

    model, cut = content["model"], known().get(pattern_of(cutting_steps(content["pre_tokenizer"])) or "")
    if cut is None or model["type"] != "BPE":
        return None
    ids = model["vocab"]
    merges = [(ids[left], ids[right], ids[left + right]) for left, right in model["merges"]]
    bytes_256 = {strings[number]: number for number in ids.values() if len(strings[number]) == 1}
    words = {strings[number]: number for number in ids.values()} if model.get("ignore_merges") else {}
    return PieceEncoder(
        *cut, bpe_model(merges, np.array([bytes_256[bytes([byte])] for byte in range(256)], np.uint32), words)
    )


def read_file(path: str) -> bytes:
    """The content of a `tokenizer.json`, at most one byte more than it may have."""
    with open(path, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def parse(data: bytes) -> dict[str, Any]:
    """The content of a `tokenizer.json` that gives text back. Raises ValueError or DataError.

    WordPiece and Unigram must cut text by a pattern of this project. WordPiece takes quadratic time for the tokens of a
    piece, and has none beyond its bound; Unigram would take text that spells `<0x41>` for the token of that byte.
    """
    from train.vocabulary import cutting_steps, kind_of

    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"it has over {MAX_FILE_BYTES:,} bytes")
    content = json.loads(data)
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise ValueError("it has no model")
    if kind_of(content) != "bpe" and pattern_of(cutting_steps(content["pre_tokenizer"])) not in own():
        raise ValueError("a WordPiece or a Unigram must cut text by a pattern of the stage tokenizer")
    return content


def written_tokens(content: dict[str, Any]) -> list[str]:
    """Each token by its id, as the file writes it; special ones too."""
    vocab = content["model"]["vocab"]
    ids = dict(vocab) if isinstance(vocab, dict) else {token: number for number, (token, _) in enumerate(vocab)}
    ids.update({token["content"]: token["id"] for token in content["added_tokens"]})
    return sorted(ids, key=ids.__getitem__)


def bare(content: dict[str, Any]) -> dict[str, Any]:
    """The file without its special tokens, whose ids no text gets. Raises ValueError."""
    special = {token["content"] for token in content["added_tokens"]}
    model = dict(content["model"])
    if model["type"] == "Unigram":
        hidden = {number for number, (token, _) in enumerate(model["vocab"]) if token in special}
        hidden.add(model["unk_id"])
        model["vocab"] = [
            [f"{NEVER}{number}", score] if number in hidden else [token, score]
            for number, (token, score) in enumerate(model["vocab"])
        ]
    else:
        model["vocab"] = {token: number for token, number in model["vocab"].items() if token not in special}
    if model["type"] == "BPE":
        model["merges"] = _merges(model["merges"], model["vocab"], special)
    return {"version": "1.0", "model": model, "pre_tokenizer": content["pre_tokenizer"], "added_tokens": []}


def _merges(merges: Any, vocab: dict[str, int], special: set[str]) -> list[list[str]]:
    """The merges as pairs, but those of or to a special token. Raises ValueError or TypeError if one makes no token."""
    found = []
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else list(merge)
        if len(pair) != 2 or not all(pair):
            raise ValueError(f"its merge {merge!r} is none of two tokens")
        if not special.isdisjoint([*pair, pair[0] + pair[1]]):
            continue
        if not {*pair, pair[0] + pair[1]} <= vocab.keys():  # the library panics then
            raise ValueError(f"its merge {merge!r} does not make a token of two")
        found.append(pair)
    return found
