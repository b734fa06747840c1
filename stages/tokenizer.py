"""The Fit `tokenizer`: a byte-level BPE vocabulary of the corpus; and the encoder that later stages use."""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.schema import option
from pipeline.stage import Fit, stage

from .split import TRAIN, draw

END_OF_TEXT = "<|endoftext|>"
MIN_COUNT = 2
"""A pair of tokens that occurs once is no pattern."""
PATTERN = "|".join(
    [
        r"['’](?i:s|t|re|ve|m|ll|d)(?!\p{L})",
        r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]{1,64}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]{1,64}[\r\n]{0,64}",
        r"\s{0,64}[\r\n]{1,64}",
        r"\s{1,64}(?!\S)",
        r"\s{1,64}",
    ]
)
"""How text is cut before pairs are merged: GPT-4's pattern, with marks as letters (Thai, Hindi), typographic
apostrophes, no `'s` cut from `'sentence'`, and at most 64 characters to a piece, so that time is linear in unspaced
text. Chinese is not cut at words: of Han runs of 4, 8, 16 and 64 characters, and runs with the punctuation mark before
them, each made fewer tokens than the one before, by 5 % in all (16,384 tokens, learned of English, Chinese, code).
"""
MAX_MB = 2000
"""The library counts pairs in 32 bits, signed: what occurs more often would silently be no merge."""
MAX_FILE_BYTES = 100_000_000
"""Of a `tokenizer.json`; one with a million tokens has some 80 MB."""


@stage("tokenizer")
class Tokenizer(Fit):
    """Train a byte-level BPE tokenizer on documents of the side `train`; it is published as `tokenizer.json`.

    Its tokens are `<|endoftext|>` (0), the 256 bytes and merges of pairs that occur twice or more (Sennrich 2016; bytes
    as in GPT-2). Every text can be encoded, and decoding gives it back: nothing is normalized. Text is cut
    first into words with the mark or space before them, up to 3 digits, marks, and spaces; Chinese at its punctuation.

    It is trained on a sample of `max_mb`: the documents of the lowest hash of `seed` and uid, the last one cut. With
    `weights` each source gives its share of that or, if it has less, all it has; sources not named give nothing.
    Training takes some 20 bytes of memory for a byte of English, 95 for one of Chinese. If the sample has too few
    pairs, the vocabulary is smaller than `vocab_size`; the file tells its size.

    Needs `split`. Put it after `pii`: long tokens spell what the text spells often. Raises InputError
    if a source that has a weight, or the whole corpus, has no text to train on.
    """

    libraries = ("tokenizers",)
    source_options = ("weights",)
    publishes = "tokenizer.json"

    vocab_size: int = option(32_768, "tokens at most, with the 256 bytes and `<|endoftext|>`", ge=257, le=1_000_000)
    max_mb: float = option(32, "megabytes (10^6 bytes) of text to train on", ge=0.001, le=MAX_MB)
    max_document_chars: int = option(1_000_000, "characters of a document to train on, its first", ge=1)
    weights: dict[str, float] = option({}, "source -> its weight in the sample; empty: as they come", ge=0, le=1e9)
    seed: int = option(0, "seed of the sample", ge=0)

    def check(self) -> None:
        """Raises OptionError if all weights are 0."""
        if self.weights and not sum(self.weights.values()):
            raise OptionError("weights", "tokenizer option 'weights' gives no source a weight above 0")

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", "split_side")

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        out.write(train(self.sample(batches), self.vocab_size))

    def sample(self, batches: Iterable[Batch]) -> list[str]:
        """The texts to train on, at most `max_mb` of UTF-8. Raises InputError."""
        pools = self._pools()
        for batch in batches:
            columns = [batch.column(name).to_pylist() for name in self.needs()[1:]]
            texts = batch.column("text")
            for row, (uid, source, side) in enumerate(zip(batch.column("uid").to_pylist(), *columns, strict=True)):
                pool = pools.get(source) if self.weights else pools[""]
                key = draw(self.seed, "tokenizer", uid)
                if side == TRAIN and pool is not None and pool.takes(key):
                    pool.add(key, texts[row].as_py()[: self.max_document_chars].encode())
        for source, pool in pools.items():
            if not pool.n_bytes:
                where = f" of source '{source}'" if source else ""
                raise InputError(f"tokenizer has nothing to train on: no text{where} reached it on the side '{TRAIN}'")
        return [text for pool in pools.values() for text in pool.texts()]

    def _pools(self) -> dict[str, Pool]:
        """A pool per source that has a weight, or one for all."""
        n_bytes = round(self.max_mb * 1_000_000)
        total = sum(self.weights.values())
        shares = {source: int(n_bytes * weight / total) for source, weight in self.weights.items()}
        return {source: Pool(share) for source, share in (shares or {"": n_bytes}).items() if share}


class Pool:
    """The texts of the lowest keys that fill a budget of bytes, whatever order they come in."""

    def __init__(self, budget: int) -> None:
        self.budget, self.n_bytes = budget, 0
        self._heap: list[tuple[int, bytes]] = []  # key, negative, and text: the highest key comes first

    def takes(self, key: int) -> bool:
        """Whether a text with this key belongs here, as far as is known."""
        return self.n_bytes < self.budget or key <= -self._heap[0][0]

    def add(self, key: int, text: bytes) -> None:
        """Take a text in, and let go of those that the budget then has no room for."""
        if text:
            heapq.heappush(self._heap, (-key, text))
            self.n_bytes += len(text)
        while self._heap and self.n_bytes - len(self._heap[0][1]) >= self.budget:
            self.n_bytes -= len(heapq.heappop(self._heap)[1])

    def texts(self) -> Iterator[str]:
        """The texts by key; the last is cut where the budget ends."""
        left = self.budget
        for _, text in sorted(self._heap, reverse=True):
            yield text[:left].decode(errors="ignore")  # a character that is cut
            left -= len(text)


def library() -> Any:
    """The module `tokenizers`, on one core: the engine shares out cores, unless the user's environment does."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import tokenizers

    return tokenizers


def train(texts: Iterable[str], vocab_size: int) -> bytes:
    """The content of a `tokenizer.json`, learned from these texts; their order does not matter."""
    tokenizers = library()
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(PATTERN), "isolated")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([split, byte_level])
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=MIN_COUNT,
        show_progress=False,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(byte_level.alphabet()),
        limit_alphabet=256,
    )
    made.train_from_iterator(texts, trainer)
    return bytes(made.to_str().encode())


class Encoder:
    """Texts -> token ids below `vocab_size`, never `end_of_text`, the mark between documents."""

    def __init__(self, made: Any, vocab_size: int, end_of_text: int) -> None:
        self._made, self.vocab_size, self.end_of_text = made, vocab_size, end_of_text

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        """The ids of each text. The library takes some 100 bytes of memory per token of the batch meanwhile."""
        return [found.ids for found in self._made.encode_batch_fast(texts, add_special_tokens=False)]


def encoder(source: str | bytes, name: str = "tokenizer.json") -> Encoder:
    """The encoder of a `tokenizer.json`, by its path or content: one of this stage, or any lossless byte-level BPE.

    name: what an error calls content that is given.

    A text that spells a special token is encoded as any other: special tokens are taken out of what encodes. Raises
    InputError if the file is too large, damaged, of another kind, or has no `<|endoftext|>`.
    """
    what = source if isinstance(source, str) else name
    try:
        content = parse(read_file(source) if isinstance(source, str) else source)
        ids = ids_of(content)
        model = content["model"]
        special = {token["content"] for token in content["added_tokens"]}
        model["vocab"] = {token: number for token, number in model["vocab"].items() if token not in special}
        _check_merges(model["merges"], model["vocab"])
        bare = {"version": "1.0", "model": model, "pre_tokenizer": content["pre_tokenizer"], "added_tokens": []}
        made = library().Tokenizer.from_str(json.dumps(bare))
    except Exception as error:  # the library raises nothing narrower
        raise InputError(f"{what} is no tokenizer that can be used here: {error}") from error
    return Encoder(made, len(ids), ids[END_OF_TEXT])


def read_file(path: str) -> bytes:
    """The content of a `tokenizer.json`, at most one byte more than it may have."""
    with open(path, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def parse(data: bytes) -> dict[str, Any]:
    """The content of a byte-level BPE's `tokenizer.json`. Raises ValueError."""
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"it has over {MAX_FILE_BYTES:,} bytes")
    content = json.loads(data)
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise ValueError("it has no model")
    model, steps = content["model"], _steps(content.get("pre_tokenizer"))
    changes = ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    if model.get("type") != "BPE" or any(model.get(name) for name in changes):
        raise ValueError("its model is no plain BPE")
    if content.get("normalizer") is not None:
        raise ValueError("it normalizes text, so that decoding would not give it back")
    if not steps or steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space") is not False:
        raise ValueError("it does not end with byte-level pieces, or adds spaces")
    if any(step.get("type") != "Split" or step.get("behavior") == "Removed" for step in steps[:-1]):
        raise ValueError("it cuts text by other means than patterns, or removes some")
    return content


def _steps(cutting: Any) -> list[dict[str, Any]]:
    """What cuts text, step by step."""
    if not isinstance(cutting, dict):
        return []
    steps = cutting.get("pretokenizers") if cutting.get("type") == "Sequence" else [cutting]
    return steps if isinstance(steps, list) and all(isinstance(step, dict) for step in steps) else []


def ids_of(content: dict[str, Any]) -> dict[str, int]:
    """token -> id, special tokens included. Raises ValueError unless ids are 0 .. V-1, and bytes and mark there."""
    added = {token["content"]: token["id"] for token in content["added_tokens"]}
    ids = {**content["model"]["vocab"], **added}
    if any(type(number) is not int for number in ids.values()) or sorted(ids.values()) != list(range(len(ids))):
        raise ValueError("its ids are not 0, 1, 2 and so on, each once")
    missing = set(library().pre_tokenizers.ByteLevel.alphabet()) - (content["model"]["vocab"].keys() - added.keys())
    if missing:
        raise ValueError(f"{len(missing)} of the 256 bytes have no token")
    if END_OF_TEXT not in added:
        raise ValueError(f"it has no special token {END_OF_TEXT}")
    return ids


def _check_merges(merges: Any, vocab: dict[str, int]) -> None:
    """Raises ValueError or TypeError unless each merge makes a token of two; the library panics then."""
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if len(pair) != 2 or not all(pair) or not {*pair, pair[0] + pair[1]} <= vocab.keys():
            raise ValueError(f"its merge {merge!r} does not make a token of two")
