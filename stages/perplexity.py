"""The stage `perplexity`: how surprising an n-gram language model finds a document, and so how unlike what it learned.

Letters: N documents, L lines, M models. Perplexities are compared by their log10, ranks as shares, both in integer
ten-thousandths, so that the last bits of a float decide nothing.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.assets import identity_of
from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

from .perplexity_lines import Scores, Totals, score, shares, totals, worst
from .perplexity_models import ALL, NO_MODEL, NO_RANK, Models, about_file, about_language, collected
from .quantile_sketch import SCALE

Int64s = npt.NDArray[np.int64]

LANGUAGE = "language_label"
PARTS = ("head", "middle", "tail")
OPTIONS = ("head_percentile", "middle_percentile")
"""Those that bound the first parts."""
NONE = "none"
PERCENT = SCALE // 100


@stage("perplexity")
class Perplexity(Stage):
    """Measure documents' perplexity by an n-gram language model, and drop those most unlike its reference.

    The perplexity of a text is 10 to the mean of -log10 of the probability of each token after those before it. A line
    is a sequence of its own, and its end is predicted too, as with KenLM in CCNet; lines without a token do not count.
    It is low for text like what the model learned, and high for word salad, menus, lists of names, other languages, and
    for good text about something else. Text that repeats itself has the lowest: see the limits of `quality`. What the
    model learned from looks better than it is: name these sources as `unjudged`.

    `model` is what `ngram_model` or `corpusmill train-lm` made, with a model for each language, or an ARPA file of
    yours (also compressed with gzip or zstd), with `by_language: false`. `models` gives languages a file of their own,
    and goes with the path of a file as `model`, or `model: ""`. A language without a model is served by the one that
    `served_by` names for it; if there is none, its documents drop as `unserved_language`, or are kept unmeasured with
    `unserved: keep`, which the ledger notes.

    Perplexities of two languages, or of two models, do not compare. So a file of ours has the bounds of each language:
    how the perplexities of a reference are distributed, as trained. The rank of a document is the share of its
    reference with a lower one; up to `head_percentile` it is of the `head`, up to `middle_percentile` of the `middle`,
    else of the `tail`, as in CCNet, which cuts its corpus into thirds. Parts that `keep` does not name drop as
    `high_perplexity`, or as `low_perplexity` if they are below those kept. `max_perplexity` is a bound for all
    languages, and the only one with an ARPA file, which has no reference: `above_max_perplexity`.

    With `by_line`, lines with at least 16 tokens are measured one by one. `cut_lines` cuts those whose rank among the
    lines of the reference is above `line_percentile`; then all signals but `perplexity_worst_line` tell of what is
    left, and a document of which no line with a token is left drops as `no_line_left`.

    A document without a token, such as an empty one, is measured as nothing and not judged: the ledger's `no_tokens`.

    Signals: `perplexity_per_token`, the perplexity (0 if nothing was measured, at most 10^38), and
    `perplexity_log10`, its logarithm with four decimals, which is what is compared; `perplexity_tokens`, without the
    ends of lines; `perplexity_unknown_frac`, the share of them that is not in the vocabulary; `perplexity_rank_frac`
    (four decimals, rounded up; within 0.5 % of the perplexity) and `perplexity_part` (`none` without a rank);
    `perplexity_model`, the language of the model that served (empty for none); with `by_line`, `perplexity_worst_line`,
    the log10 of the worst line judged (0 if there is none); with `cut_lines`, `perplexity_cut_frac`, the share of the
    bytes of lines that was cut.

    Sources: Wenzek et al., CCNet (2020), for the parts; Heafield et al., Scalable Modified Kneser-Ney Language Model
    Estimation (2013), for the models.
    """

    model: str = option("@ngram_model", "what `ngram_model` made, or the path of a language model")
    models: dict[str, str] = option({}, "files for single languages, such as {de: german.arpa.gz}")
    served_by: dict[str, str] = option(
        {}, 'languages and those whose model serves them, such as {yue: zh, "*": en}; `*`: all without a model'
    )
    unserved: str = option("drop", "what becomes of documents in other languages", choices=("drop", "keep"))
    by_language: bool = option(True, "a model for each language, as `ngram_model` makes them by default")
    arpa_tokens: str = option("spaces", "what a token is in ARPA files", choices=("spaces", "words", "characters"))
    keep: tuple[str, ...] = option(("head", "middle"), "parts to keep, next to each other", choices=PARTS)
    head_percentile: float = option(33.33, "percentile of the reference up to which it is the head", ge=0, le=100)
    middle_percentile: float = option(66.67, "percentile of the reference up to which it is the middle", ge=0, le=100)
    max_perplexity: float = option(0.0, "highest perplexity to keep, in every language; 0: any", ge=0, le=1e38)
    by_line: bool = option(False, "judge every line too")
    cut_lines: bool = option(False, "cut the worst lines, with by_line")
    line_percentile: float = option(99.0, "percentile of the reference's lines above which to cut", ge=0, le=100)
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped or cut, such as [code]")

    libraries = ("tokenizers",)
    source_options = ("unjudged",)

    def check(self) -> None:
        """Raises OptionError for options that do not fit each other."""
        places = sorted({PARTS.index(part) for part in self.keep})
        if not places or places != list(range(places[0], places[-1] + 1)):
            raise self._error("keep", "must name parts that are next to each other")
        if self.head_percentile > self.middle_percentile:
            raise self._error("middle_percentile", "must not be below 'head_percentile'")
        if 0 < self.max_perplexity < 1:
            raise self._error("max_perplexity", f"must be 0 or at least 1, got {self.max_perplexity}")
        if self.cut_lines and not self.by_line:
            raise self._error("cut_lines", "has no effect without 'by_line: true'")
        if not self.by_language and (self.models or self.served_by):
            raise self._error("models" if self.models else "served_by", "has no effect with 'by_language: false'")
        if self.models and self.model.startswith("@"):
            raise self._error("models", "goes with the path of a file as 'model', or with model: \"\" for none")
        if not self.model and not self.models:
            raise self._error("model", "must name a model if 'models' names none")

    def _error(self, name: str, what: str) -> OptionError:
        return OptionError(name, f"perplexity option '{name}' {what}")

    @property
    def judging_options(self) -> tuple[str, ...]:  # type: ignore[override]
        of_cuts = () if self.cut_lines else ("unjudged",)  # they decide what is cut
        return ("unserved", "keep", "max_perplexity", *of_cuts)

    @property
    def edits_text(self) -> bool:  # type: ignore[override]
        return self.cut_lines

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", *([LANGUAGE] if self.by_language else []))

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "perplexity_per_token": pa.float32(),
            "perplexity_log10": pa.float32(),
            "perplexity_tokens": pa.int32(),
            "perplexity_unknown_frac": pa.float32(),
            "perplexity_rank_frac": pa.float32(),
            "perplexity_part": pa.string(),
            "perplexity_model": pa.string(),
            **({"perplexity_worst_line": pa.float32()} if self.by_line else {}),
            **({"perplexity_cut_frac": pa.float32()} if self.cut_lines else {}),
        }

    def identity(self) -> dict[str, str]:
        files = {f"models {code}": path for code, path in self.models.items()}
        if self.model:
            files["model"] = self.model
        return {**{name: identity_of(path) for name, path in files.items()}, "unicode": unicodedata.unidata_version}

    def open(self) -> Models:
        """The models. Raises InputError if a file cannot be used, OptionError if it does not fit the options."""
        found = collected(self.model, self.models, self.served_by, self.by_language, self.arpa_tokens)
        for one in found.served:
            if not one.documents.n and not self.max_perplexity and set(self.keep) < set(PARTS):
                what = f"needs a value, for {one.path} has no bounds to tell parts by (or keep: [{', '.join(PARTS)}])"
                raise self._error("max_perplexity", what)
            if not one.lines.n and self.cut_lines:
                raise self._error("cut_lines", f"has no effect, for {one.path} has no bounds of lines")
        return found

    def facts(self) -> dict[str, Any]:
        """What the files of models tell of them; ARPA files tell nothing."""
        whole = about_file(self.model) if self.model else {}
        languages = {code: about_language(path, code) for code, path in sorted(self.models.items())}
        told = {code: about for code, about in languages.items() if about}
        return {"kind": "ngram_model", **whole, "languages": {**whole.get("languages", {}), **told}} if told else whole

    def limits(self) -> tuple[Limit, ...]:
        found = [limit for limit, _ in self._by_part()]
        if self.max_perplexity:
            column, name = "perplexity_per_token", "max_perplexity"
            found.append(Limit("above_max_perplexity", column, name, False, self.max_perplexity))
        return tuple(found)

    def _by_part(self) -> list[tuple[Limit, tuple[str, ...]]]:
        """The rules about ranks, and the parts that fail each."""
        places, bounds = sorted(map(PARTS.index, self.keep)), self._bounds
        worse, better = PARTS[places[-1] + 1 :], PARTS[: places[0]]
        found = []
        for reason, gone, place in (("high_perplexity", worse, places[-1]), ("low_perplexity", better, places[0] - 1)):
            if gone:
                least = reason == "low_perplexity"
                limit = Limit(reason, "perplexity_rank_frac", OPTIONS[place], least, (bounds[place] + least) / SCALE)
                found.append((limit, gone))
        return found

    @property
    def _bounds(self) -> tuple[int, int]:
        """The highest rank of the head, and of the middle."""
        return round(self.head_percentile * PERCENT), round(self.middle_percentile * PERCENT)

    def measure(self, batch: Batch) -> None:
        """Set all signals; with `cut_lines`, cut lines."""
        models: Models = batch.resource
        places = models.places(batch.column(LANGUAGE).to_pylist() if self.by_language else [ALL] * len(batch))
        scores = score(*batch.utf8(), places, [one.model for one in models.served])
        is_empty = (places != NO_MODEL) & (np.bincount(scores.rows, minlength=len(batch)) == 0)
        batch.note(is_empty, "no_tokens")
        if self.unserved == "keep":
            batch.note(places == NO_MODEL, "unserved_language")
        if self.by_line:
            batch.set("perplexity_worst_line", (worst(scores, len(batch)) / SCALE).astype(np.float32))
        if self.cut_lines:
            scores = self._cut(batch, scores, places)
        self._set(batch, totals(scores, len(batch)), places)

    def _cut(self, batch: Batch, scores: Scores, places: Int64s) -> Scores:
        """Cut lines; what is left."""
        from .language_lines import cut_spans

        ranks = batch.resource.line_ranks(places[scores.rows], scores.log10s)
        is_cut = scores.are_judged & self._judged(batch)[scores.rows] & (ranks > round(self.line_percentile * PERCENT))
        batch.set("perplexity_cut_frac", _rounded(shares(scores, is_cut, len(batch))))
        gone = scores.of(is_cut)
        batch.edit(*cut_spans(gone.rows, gone.starts, gone.stops, batch.utf8()[1]), b"")
        return scores.of(~is_cut)

    def _set(self, batch: Batch, found: Totals, places: Int64s) -> None:
        """Set the signals of whole documents."""
        models: Models = batch.resource
        some = found.tokens > 0
        ranks = np.where(some, models.ranks(places, found.log10s), NO_RANK)
        parts = np.array([*PARTS, NONE], object)[np.where(ranks == NO_RANK, -1, np.searchsorted(self._bounds, ranks))]
        languages = np.array([*models.languages, ""], object)[places]  # the last is that of no model
        batch.set("perplexity_per_token", np.where(some, _perplexities(found.log10s), 0).astype(np.float32))
        batch.set("perplexity_log10", (found.log10s / SCALE).astype(np.float32))
        batch.set("perplexity_tokens", found.tokens)
        batch.set("perplexity_unknown_frac", _rounded(found.unknown / np.maximum(found.tokens, 1)))
        batch.set("perplexity_rank_frac", (np.maximum(ranks, 0) / SCALE).astype(np.float32))
        batch.set("perplexity_part", pa.array(parts, pa.string()))
        batch.set("perplexity_model", pa.array(languages, pa.string()))

    def _judged(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Which documents are of a source that is judged, bool[N]."""
        return ~np.isin(np.asarray(batch.column("source").to_pylist(), dtype=object), self.unjudged)

    def judge(self, batch: Batch) -> None:
        """Drop by the model there is for a language, by what lines are left, by part, and by perplexity."""
        judged = self._judged(batch)
        unserved = batch.signal("perplexity_model") == ""
        batch.drop(judged & unserved & (self.unserved == "drop"), "unserved_language")
        if self.cut_lines:
            is_left = (batch.signal("perplexity_tokens") > 0) | (batch.signal("perplexity_cut_frac") == 0)
            batch.drop(judged & ~is_left, "no_line_left")
        parts = batch.signal("perplexity_part")
        ranks = _ten_thousandths(batch.signal("perplexity_rank_frac")) / SCALE
        for rule, gone in self._by_part():
            batch.drop(judged & np.isin(parts, gone), rule.reason, value=ranks, limit=rule.value)
        if self.max_perplexity:
            log10s = _ten_thousandths(batch.signal("perplexity_log10"))
            above = log10s > round(math.log10(self.max_perplexity) * SCALE)
            value, limit = _perplexities(log10s), self.max_perplexity
            batch.drop(judged & above, "above_max_perplexity", value=value, limit=limit)


def _ten_thousandths(values: npt.NDArray[np.float32]) -> Int64s:
    """int64[N] of float32[N] with four decimals."""
    return np.rint(values.astype(np.float64) * SCALE).astype(np.int64)


def _rounded(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Four decimals."""
    return (np.rint(shares * SCALE) / SCALE).astype(np.float32)


def _perplexities(log10s: Int64s) -> npt.NDArray[np.float64]:
    """float64[N] of ten-thousandths of log10."""
    return np.asarray(10.0 ** (log10s / SCALE), np.float64)
