"""How long documents are: the smallest useful stage, and the one to copy when writing another."""

from __future__ import annotations

import unicodedata

import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage


@stage("length")
class Length(Stage):
    """Drop documents whose word count lies outside [min_words, max_words].

    A word is a run of letters and digits, or one character of Chinese, Japanese kana, Thai and other
    scripts that are written without spaces (`stages.kernels.words`).
    """

    min_words: int = option(50, "words; shorter documents drop as too_short", ge=0)
    max_words: int = option(100_000, "words; longer documents drop as too_long", ge=1)

    judging_options = ("min_words", "max_words")

    def check(self) -> None:
        """Raises OptionError if no document could be kept."""
        if self.min_words > self.max_words:
            raise OptionError("min_words", "length option 'min_words' must not be above 'max_words'")

    def adds(self) -> dict[str, pa.DataType]:
        return {"length_n_words": pa.int32()}

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version}

    def limits(self) -> tuple[Limit, ...]:
        return (
            Limit("too_short", "length_n_words", "min_words", True, self.min_words),
            Limit("too_long", "length_n_words", "max_words", False, self.max_words),
        )

    def measure(self, batch: Batch) -> None:
        from .kernels import words

        batch.set("length_n_words", words.count(*batch.utf8("text")))  # int32[N]

    def judge(self, batch: Batch) -> None:
        n_words = batch.signal("length_n_words")
        batch.drop(n_words < self.min_words, "too_short", value=n_words, limit=self.min_words)
        batch.drop(n_words > self.max_words, "too_long", value=n_words, limit=self.max_words)
