"""The stage `language`: which language a document is in, as fastText's lid.176 sees it.

Letters: N rows. A label is fastText's without its prefix: an ISO 639 code such as `en` or `zh`.
"""

from __future__ import annotations

import mmap
import re
import struct
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from pipeline.assets import ASSETS, asset, identity_of
from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError, did_you_mean
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

UNDETERMINED = "und"
SCALE = 10_000
"""Scores are compared and stored in ten-thousandths, so that the last bits of a float32 decide nothing."""
N_PARTS = 10
"""Pieces of a long document that fastText sees. Headers, link lists and code weigh as much as their share."""
N_GUESSES = 3

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
KANA = re.compile("[\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f]")


@stage("language")
class Language(Stage):
    """Identify each document's language with fastText and drop what is not wanted.

    fastText sees a sample of the document: ten pieces at equal distances, `sample_chars` characters in
    all; shorter documents are seen whole. A document without a letter is `und` (undetermined) with the
    score 0. A sample with Han characters and without kana is not Japanese, so `zh` gets what fastText
    gave to `ja`, to which it takes one in six Chinese poems.

    Drops: `undetermined` unless `keep` names `und`; `wrong_language` if `keep` names languages and
    not this one; `low_score` if the score is below `min_score`.

    Signals: `language_label` and the runner-up `language_second` (codes; the second may be empty),
    `language_score` and `language_second_score` (0 to 1, four decimals).

    Model: Joulin, Grave, Bojanowski, Mikolov: Bag of Tricks for Efficient Text Classification (2016).
    """

    keep: tuple[str, ...] = option((), "languages to keep, such as [en, zh]; empty keeps all")
    min_score: float = option(0.65, "lowest score to keep, as FineWeb has it; 0 keeps all", ge=0, le=1)
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped, such as [code]")
    sample_chars: int = option(1500, "characters of a document that fastText sees", ge=100)
    model: str = option(
        "lid.176.ftz", "lid.176.ftz, or the path (`~`, absolute, or from here) of a fastText classifier"
    )

    libraries = ("fasttext-numpy2",)
    source_options = ("unjudged",)
    judging_options = ("keep", "min_score", "unjudged")
    slices: ClassVar[dict[str, str]] = {"language_label": "language"}

    def needs(self) -> tuple[str, ...]:
        return ("text", "source")

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "language_label": pa.string(),
            "language_score": pa.float32(),
            "language_second": pa.string(),
            "language_second_score": pa.float32(),
        }

    def identity(self) -> dict[str, str]:
        return {"model": identity_of(self.model)}

    def open(self) -> Any:
        path = asset(self.model)
        if self.model not in ASSETS:  # those are known by their hash
            check_classifier(path)
        from fasttext.FastText import _FastText  # `fasttext.load_model` of some versions writes to stderr

        model = _FastText(model_path=path)
        labels = {_code(label) for label in model.get_labels()} | {UNDETERMINED}
        for code in self.keep:
            if code not in labels:
                raise OptionError("keep", f"language option 'keep': the model knows no '{code}'{_hint(code, labels)}")
        return model

    def limits(self) -> tuple[Limit, ...]:
        return (Limit("low_score", "language_score", "min_score", True, self.min_score),)

    def measure(self, batch: Batch) -> None:
        texts = [sample(text, self.sample_chars) for text in batch.column("text").to_pylist()]
        labels, scores = _predict(batch.resource, texts)
        batch.set("language_label", pa.array(labels[:, 0], pa.string()))
        batch.set("language_score", (scores[:, 0] / SCALE).astype(np.float32))
        batch.set("language_second", pa.array(labels[:, 1], pa.string()))
        batch.set("language_second_score", (scores[:, 1] / SCALE).astype(np.float32))

    def judge(self, batch: Batch) -> None:
        labels = batch.signal("language_label")
        scores = np.rint(batch.signal("language_score").astype(np.float64) * SCALE).astype(np.int64)
        judged = ~np.isin(batch.column("source").to_pylist(), self.unjudged)
        unknown = labels == UNDETERMINED
        wanted = np.isin(labels, self.keep) | (not self.keep)
        limit = round(self.min_score * SCALE)
        batch.drop(judged & unknown & (UNDETERMINED not in self.keep), "undetermined")
        batch.drop(judged & ~unknown & ~wanted, "wrong_language")
        batch.drop(judged & ~unknown & (scores < limit), "low_score", value=scores / SCALE, limit=limit / SCALE)


def sample(text: str, n_chars: int) -> str:
    """About `n_chars` characters of a text, on one line: `N_PARTS` equal parts, evenly spread.

    `__label__` marks a label for fastText and `</s>` ends its line, so neither may reach it.
    """
    if len(text) > n_chars:
        size = n_chars // N_PARTS
        first = (len(text) - size) / (2 * N_PARTS)
        starts = [int(first * (2 * part + 1)) for part in range(N_PARTS)]
        text = " ".join(text[start : start + size] for start in starts)
    text = text.replace("__label__", " ").replace("</s>", " ").replace("\0", " ")
    return " ".join(text.split())


def _predict(model: Any, texts: list[str]) -> tuple[Any, Any]:
    """Labels object[N, 2] and scores int64[N, 2] in ten-thousandths, best first."""
    labels = np.full((len(texts), 2), "", dtype=object)
    scores = np.zeros((len(texts), 2), dtype=np.int64)
    has_letter = [any(map(str.isalpha, text)) for text in texts]
    rows = np.flatnonzero(has_letter)
    labels[:, 0] = UNDETERMINED
    if len(rows):
        knows_both = {"__label__ja", "__label__zh"} <= set(model.get_labels())
        found_labels, found_scores = model.predict([texts[row] for row in rows], k=N_GUESSES)
        for row, names, values in zip(rows, found_labels, found_scores, strict=True):
            rounded = np.clip(np.rint(np.asarray(values, np.float64) * SCALE), 0, SCALE).astype(int).tolist()
            guesses = list(zip(map(_code, names), rounded, strict=True))
            if knows_both and HAN.search(texts[row]) and not KANA.search(texts[row]):
                guesses = _without_japanese(guesses)
            for place, (code, score) in enumerate(guesses[:2]):
                labels[row, place], scores[row, place] = code, score
    return labels, scores


def _without_japanese(guesses: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The guesses, best first, with the score of `ja` added to that of `zh`."""
    merged: dict[str, int] = {}
    for code, score in guesses:
        code = "zh" if code == "ja" else code
        merged[code] = min(SCALE, merged.get(code, 0) + score)
    return sorted(merged.items(), key=lambda guess: -guess[1])


def _code(label: str) -> str:
    return label.removeprefix("__label__")


def _hint(code: str, labels: set[str]) -> str:
    close = did_you_mean(code, labels)
    return close if "did you mean" in close else " (it takes ISO 639 codes such as en, zh, de)"


# fastText's file format. The library trusts every length it reads, so that a damaged file can end the
# process; the lengths are followed here first. int32 magic and version; 12 int32 and a double of arguments;
# dictionary; input and output matrix, each plain or quantized.

MAGIC, VERSIONS = 793_712_314, (11, 12)
MODEL_ARGUMENT, SUPERVISED = 7, 3


def check_classifier(path: str) -> None:
    """Raise InputError unless `path` is a complete fastText classifier."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            end = _end_of_model(_Cursor(data))
            if end != len(data):
                raise ValueError(f"it goes on after its end at byte {end}")
    except (ValueError, OSError) as error:
        raise InputError(
            f"{path} is not a usable fastText classifier ({error}): give the path of a .bin or .ftz file "
            "made by supervised training, or fetch it again"
        ) from error


class _Cursor:
    """A place in the file; every step raises ValueError where the file ends before it."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.place = data, 0

    def read(self, layout: str) -> tuple[Any, ...]:
        start = self.place
        self.skip(struct.calcsize(layout))
        return struct.unpack_from(layout, self.data, start)

    def skip(self, n_bytes: int) -> None:
        if not 0 <= n_bytes <= len(self.data) - self.place:
            raise ValueError("it ends too early or is damaged")
        self.place += n_bytes

    def skip_string(self) -> None:
        self.skip(self.data.find(b"\0", self.place) + 1 - self.place)


def _end_of_model(cursor: _Cursor) -> int:
    """The byte at which the model ends."""
    magic, version = cursor.read("<ii")
    if magic != MAGIC or version not in VERSIONS:
        raise ValueError("it does not begin as one")
    if cursor.read("<12id")[MODEL_ARGUMENT] != SUPERVISED:
        raise ValueError("it was not made by supervised training")
    n_entries, _, n_labels, _, n_pruned = cursor.read("<iiiqq")
    if n_labels < 1 or n_entries < n_labels:
        raise ValueError("it has no labels")
    for _ in range(n_entries):
        cursor.skip_string()
        cursor.skip(9)  # int64 count, int8 kind
    cursor.skip(8 * max(0, n_pruned))
    (is_quantized,) = cursor.read("<?")
    _skip_matrix(cursor, is_quantized)
    (is_output_quantized,) = cursor.read("<?")
    _skip_matrix(cursor, is_quantized and is_output_quantized)
    return cursor.place


def _skip_matrix(cursor: _Cursor, is_quantized: bool) -> None:
    if not is_quantized:
        rows, columns = cursor.read("<qq")
        cursor.skip(4 * rows * columns)
        return
    has_norms, rows, _, n_codes = cursor.read("<?qqi")
    cursor.skip(n_codes)
    _skip_quantizer(cursor)
    if has_norms:
        cursor.skip(rows)
        _skip_quantizer(cursor)


def _skip_quantizer(cursor: _Cursor) -> None:
    """Four int32, the first the dimension, then 256 float32 centroids for each."""
    dimension, _, _, _ = cursor.read("<iiii")
    cursor.skip(4 * 256 * dimension)
