"""The stage `language`: which language and script a document is in, as a fastText model sees it, also line by line.

Letters: N documents, L lines. Codes and scores are those of `language_codes`, lines those of `language_lines`.
"""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from pipeline.assets import asset, identity_of
from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

from .language_codes import SCALE, UNDETERMINED, Guesses, Identifier, check_known, identifier

N_WINDOWS = 10
"""Pieces of a long document that the model sees. Headers, link lists and code weigh as much as their share."""
MIN_SAMPLE_BYTES = 300
EMPTY = "empty"
EAST_ASIAN = ("zh", "ja", "ko", "wuu", "yue")
"""Languages whose script is that of their Han characters, kana and Hangul, however much Latin stands between."""


@stage("language")
class Language(Stage):
    """Identify each document's language and script, and drop what is not wanted.

    A fastText classifier sees a sample of the document: ten pieces, from its start to its end at equal distances,
    `sample_bytes` in all; shorter documents are seen whole. A sample without a letter is `und` (undetermined) with the
    score 0. A language is possible only if a tenth of the letters are of its script, so that a Chinese chat is no
    Finnish, and a poem without kana no Japanese, to which lid.176 takes one in six: scores are divided by those of the
    possible ones, and `zh` gets what the model gave to `ja` (see `language_scripts`). Labels of models that tell
    scripts apart become plain codes (`eng_Latn` is `en`, `zho_Hans` and `zho_Hant` are `zh`), and the scores of those
    that become one are added.

    The script is the one with most bytes of letters in the sample, as ISO 15924 has it: `Latn`, `Cyrl`, `Arab`,
    `Jpan`, `Kore`, ...; Chinese is `Hans` or `Hant`, whichever has more characters that only one of the standards
    GB 2312 and Big5 has, or `Hani` if neither; without letters it is `Zyyy`. Of documents in Chinese, Japanese and
    Korean only the Han characters, kana and Hangul count, however much code stands between.

    With `by_line`, lines with at least 45 bytes of letters (8 words) are identified one by one. A line is of another
    language only where the model is sure: score 0.8 and more, and at most 0.1 for the document's own language.
    `cut_lines` cuts these out, but not lines in a language of `keep`; all columns tell of the text before that.

    Drops: `undetermined` unless `keep` names `und`; `wrong_language` if `keep` names languages and not this one;
    `low_score` if the score is below `min_score`, or below the one of `min_scores` for this language;
    `mixed_language` if less than `min_share_main` is in the document's language; `empty` if cutting left no letter.

    Signals: `language_label` and the runner-up `language_second` (codes; the second may be empty),
    `language_score` and `language_second_score` (0 to 1, four decimals), `language_script`; with `by_line`,
    `language_share_main`: of the bytes of the lines identified, the share that is not surely of another language (1 if
    there is none); with `cut_lines`, `language_left_frac`: of the bytes of letters, the share that was not cut.

    Model: Joulin et al., Bag of Tricks for Efficient Text Classification (2016).
    """

    keep: tuple[str, ...] = option((), "languages to keep, such as [en, zh]; empty keeps all")
    min_score: float = option(0.65, "lowest score to keep, as FineWeb has it; 0 keeps all", ge=0, le=1)
    min_scores: dict[str, float] = option(
        {}, "lowest scores of single languages, such as {zh: 0.5}, in the place of min_score", ge=0, le=1
    )
    by_line: bool = option(False, "identify every line too")
    min_share_main: float = option(
        0.0, "lowest share of text in the document's own language, with by_line; 0 keeps all", ge=0, le=1
    )
    cut_lines: bool = option(False, "cut lines that are surely in another language, with by_line")
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped or cut, such as [code]")
    sample_bytes: int = option(
        700, "bytes of a document that the model sees, at least 300; 0: all of it", ge=0, le=1_000_000_000
    )
    model: str = option(
        "lid.176.ftz", "lid.176.ftz, or the path (`~`, absolute, or from here) of a fastText classifier"
    )

    version = 2
    libraries = ("langcodes",)
    source_options = ("unjudged",)
    slices: ClassVar[dict[str, str]] = {"language_label": "language", "language_script": "script"}

    def check(self) -> None:
        """Raises OptionError for a sample that is too small, and for options of lines without `by_line`."""
        if 0 < self.sample_bytes < MIN_SAMPLE_BYTES:
            message = f"must be 0 or at least {MIN_SAMPLE_BYTES}, got {self.sample_bytes}"
            raise OptionError("sample_bytes", f"language option 'sample_bytes' {message}")
        for name in ("min_share_main", "cut_lines"):
            if getattr(self, name) and not self.by_line:
                raise OptionError(name, f"language option '{name}' has no effect without 'by_line: true'")

    @property
    def judging_options(self) -> tuple[str, ...]:  # type: ignore[override]
        of_cuts = () if self.cut_lines else ("keep", "unjudged")  # they decide what is cut
        return (*of_cuts, "min_score", "min_scores", *(["min_share_main"] if self.by_line else []))

    @property
    def edits_text(self) -> bool:  # type: ignore[override]
        return self.cut_lines

    def needs(self) -> tuple[str, ...]:
        return ("text", "source")

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "language_label": pa.string(),
            "language_score": pa.float32(),
            "language_second": pa.string(),
            "language_second_score": pa.float32(),
            "language_script": pa.string(),
            **({"language_share_main": pa.float32()} if self.by_line else {}),
            **({"language_left_frac": pa.float32()} if self.cut_lines else {}),
        }

    def identity(self) -> dict[str, str]:
        return {"model": identity_of(self.model), "unicode": unicodedata.unidata_version}

    def open(self) -> Identifier:
        """The model. Raises InputError if it cannot be used, OptionError for languages that it does not know."""
        from .fasttext_model import load

        opened = identifier(load(asset(self.model)))
        check_known("keep", self.keep, {*opened.codes.names, UNDETERMINED})
        check_known("min_scores", self.min_scores, set(opened.codes.names))
        return opened

    def limits(self) -> tuple[Limit, ...]:
        found = [Limit("low_score", "language_score", "min_score", True, self.min_score)]
        for code, value in sorted(self.min_scores.items()):  # of one option for readers: 0.65, 0.5 (zh)
            found.append(Limit("low_score", "language_score", "min_score", True, value, (code,)))
        if self.by_line:
            found.append(Limit("mixed_language", "language_share_main", "min_share_main", True, self.min_share_main))
        return tuple(found)

    def limits_in(self, language: str) -> tuple[Limit, ...]:
        """Those of `limits` that hold for a language: its own score in the place of the one for all."""
        found = super().limits_in(language)
        own = {limit.option for limit in found if limit.languages}
        return tuple(limit for limit in found if limit.languages or limit.option not in own)

    def measure(self, batch: Batch) -> None:
        """Set all signals; with `cut_lines`, cut lines."""
        opened = batch.resource
        found = opened.guess(batch.utf8()[0], self._sample(batch))
        names = np.array([*opened.codes.names, UNDETERMINED], object)  # the last is the place of no code
        seconds = np.array([*opened.codes.names, ""], object)
        batch.set("language_label", pa.array(names[found.codes[:, 0]], pa.string()))
        batch.set("language_score", (found.scores[:, 0] / SCALE).astype(np.float32))
        batch.set("language_second", pa.array(seconds[found.codes[:, 1]], pa.string()))
        batch.set("language_second_score", (found.scores[:, 1] / SCALE).astype(np.float32))
        batch.set("language_script", pa.array(_scripts(found.measures, batch.signal("language_label")), pa.string()))
        if self.by_line:
            self._measure_lines(batch, found)

    def _sample(self, batch: Batch) -> Any:
        """The spans of each document that the model sees."""
        from .kernels.windows import windows

        data, offsets = batch.utf8()
        n_bytes = self.sample_bytes or max(int(np.diff(offsets).max(initial=0)), MIN_SAMPLE_BYTES)
        return windows(data, offsets, N_WINDOWS, n_bytes)

    def _measure_lines(self, batch: Batch, found: Guesses) -> None:
        from .language_lines import cuts, lines_of, shares

        data, offsets = batch.utf8()
        lines = lines_of(data, offsets, found.codes[:, 0], batch.resource)
        batch.set("language_share_main", shares(lines, len(batch)))
        if self.cut_lines:
            kept = [batch.resource.codes.place(code) for code in self.keep]
            is_cut = lines.is_other & self._judged(batch)[lines.rows] & ~np.isin(lines.codes, kept)
            cut = cuts(lines, is_cut, offsets, _letter_bytes(batch))
            batch.set("language_left_frac", cut.left)
            batch.edit(cut.rows, cut.starts, cut.ends, b"")

    def _judged(self, batch: Batch) -> Any:
        """Which documents are judged, bool[N]."""
        return ~np.isin(np.asarray(batch.column("source").to_pylist(), dtype=object), self.unjudged)

    def judge(self, batch: Batch) -> None:
        """Drop by language, by score, and by what was found in the lines."""
        labels = batch.signal("language_label")
        judged = self._judged(batch)
        unknown = labels == UNDETERMINED
        wanted = np.isin(labels, self.keep) | (not self.keep)
        batch.drop(judged & unknown & (UNDETERMINED not in self.keep), "undetermined")
        batch.drop(judged & ~unknown & ~wanted, "wrong_language")
        scores = _ten_thousandths(batch.signal("language_score"))
        limits = np.array([round(self.min_scores.get(label, self.min_score) * SCALE) for label in labels], np.int64)
        batch.drop(judged & ~unknown & (scores < limits), "low_score", value=scores / SCALE, limit=limits / SCALE)
        if self.by_line:
            shares, limit = _ten_thousandths(batch.signal("language_share_main")), round(self.min_share_main * SCALE)
            batch.drop(judged & (shares < limit), "mixed_language", value=shares / SCALE, limit=limit / SCALE)
        if self.cut_lines:
            batch.drop(judged & (batch.signal("language_left_frac") == 0), EMPTY)


def _ten_thousandths(values: Any) -> Any:
    """int64[N] of float32[N] with four decimals."""
    return np.rint(values.astype(np.float64) * SCALE).astype(np.int64)


def _letter_bytes(batch: Batch) -> Any:
    """Bytes of letters of whole documents, int64[N]."""
    from .kernels import scripts

    data, offsets = batch.utf8()
    return scripts.measure(data, offsets[:-1], offsets[1:], np.arange(len(offsets)))[:, scripts.LETTER_BYTES]


def _scripts(measures: Any, labels: Any) -> Any:
    """The script of each document, strings[N]."""
    from .kernels import scripts

    is_east = np.isin(labels, EAST_ASIAN) & (measures[:, scripts.EAST] != scripts.NONE)
    return np.array(scripts.CODES, object)[np.where(is_east, measures[:, scripts.EAST], measures[:, scripts.MAIN])]
