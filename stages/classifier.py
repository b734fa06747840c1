"""The stage `classifier`: how likely a document is one of the trusted ones, as a fastText classifier sees it.

Letters: N documents, Q held-out candidates of a language. Scores are compared and kept as integer millionths, shares as
ten-thousandths, so that the last bits of a float decide nothing.
"""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.assets import asset, identity_of
from pipeline.batch import Batch
from pipeline.errors import OptionError, did_you_mean, listed
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

from .fasttext_model import PREFIX
from .split import draw

Int64s = npt.NDArray[np.int64]

MILLION = 1_000_000
SCALE = 10_000
ALL = "all"
"""Stands for the language in a model that was trained without languages."""
LANGUAGE = "language_label"
DRAWS = 1 << 64
MAX_CELLS = 4_000_000
"""Documents times labels at a time: a model of yours may have very many labels."""
MAX_LABELS = 10
"""Labels that a message names."""


@stage("classifier")
class Classifier(Stage):
    """Score documents with a fastText classifier, and drop those that it finds least like the trusted ones.

    `model` is what `classifier_model` or `corpusmill train-classifier` made, or a fastText file (`.bin`, `.ftz`) of
    your own. The former sees plain words, as it did in training (`classifier_model` tells of them); your own sees the
    whole text on one line, as fastText's `predict` does, and needs `label` and `by_language: false`.

    `by: threshold` drops `low_score`, documents whose score is below `min_score`.

    `by: quantile` drops `low_score` too, but keeps the share `keep_frac` of each language, so that it does not matter
    that scores are higher in one than in another: a document stays if its rank among n candidates that were held out in
    training is at least 1 - `keep_frac`. The rank is (lower + equal / 2 + 1/2) / (n + 1), where `lower` of them score
    lower and `equal` the same, so that the share of new candidates that stays is `keep_frac` in the mean, give or take
    half of 1 / (n + 1). Equal scores stay or go together, which may add or take up to half of their share: the largest
    such share is `ties` in the model's facts. Of other documents than the candidates another share stays; candidates
    that were learned from score a little lower (with 0.3, of 3,439 English and 3,140 Chinese ones 27 and 30 % stayed).

    `by: pareto` keeps some of the low scores, so that what the classifier overlooks is not all lost, and drops the
    others as `not_drawn`: as in GPT-3, a document stays if a random number from a Pareto distribution (of Lomax's form)
    is at least 1 - score, so that of documents with the score s the share (2 - s)^-`pareto_alpha` stays. The number is
    a hash of `seed` and the document's uid; the limit told of a drop is the score that would have been enough.

    With `by_language`, a document of a language that the model was not trained on is scored and never dropped; the
    ledger notes it as `unserved_language`. Without, all documents are judged. Name trusted sources in `unjudged`.

    Signals: `classifier_score`, the probability of the label (0 to 1, six decimals); `classifier_quantile_frac`, the
    rank among held-out candidates of its language (0 to 1, four decimals, rounded down; 0 where the model has none);
    `classifier_served`, false for languages that the model does not know.

    Sources: Brown et al., Language Models are Few-Shot Learners (2020), appendix A, for the sampling, with the alpha 9;
    Li et al., DataComp-LM (2024), for fastText by quantile, of which they keep 0.1; Joulin et al., Bag of Tricks for
    Efficient Text Classification (2016), for the classifier.
    """

    model: str = option("@classifier_model", "what `classifier_model` made, or the path of a classifier")
    label: str = option("", "the label whose probability is the score; empty: the model's own choice")
    by: str = option("quantile", "what decides", choices=("quantile", "threshold", "pareto"))
    keep_frac: float = option(0.1, "by quantile: share of each language's candidates to keep", ge=0, le=1)
    min_score: float = option(0.5, "by threshold: lowest score to keep", ge=0, le=1)
    pareto_alpha: float = option(9.0, "by pareto: the higher, the fewer low scores are kept", ge=0.01, le=1000)
    by_language: bool = option(True, "judge each language by itself, as `classifier_model` does by default")
    seed: int = option(0, "by pareto: seed of the dice", ge=0)
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped, such as [books]")

    source_options = ("unjudged",)
    judging_options = ("by", "keep_frac", "min_score", "pareto_alpha", "seed", "unjudged")

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", *([LANGUAGE] if self.by_language else []))

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "classifier_score": pa.float32(),
            "classifier_quantile_frac": pa.float32(),
            "classifier_served": pa.bool_(),
        }

    def identity(self) -> dict[str, str]:
        return {"model": identity_of(self.model), "unicode": unicodedata.unidata_version}

    def open(self) -> Scorer:
        """The model and the index of its label. Raises InputError, and OptionError for options that do not fit it."""
        from . import classifier_file

        found = classifier_file.read(asset(self.model))
        quantiles = {name: np.array(values, np.int64) for name, values in found.about.get("quantiles", {}).items()}
        self._check_languages(quantiles)
        return Scorer(found.model, self._index(found), not found.about, quantiles)

    def _index(self, found: Any) -> int:
        """The label's index in the model. found: a `classifier_file.Classifier`."""
        labels = found.model.labels
        if found.about:
            labels = (labels[found.positive],)  # what is known of the model is about this one
        wanted = self.label.removeprefix(PREFIX) or (labels[0] if found.about else "")
        if not wanted:
            which = f"name the one to score (there is: {listed(sorted(labels), MAX_LABELS)})"
            raise OptionError("label", f"classifier option 'label': the model {self.model} does not say which: {which}")
        if wanted not in labels:
            hint = did_you_mean(wanted, labels, MAX_LABELS)
            raise OptionError("label", f"classifier option 'label': the model has no label '{wanted}'{hint}")
        return int(found.model.labels.index(wanted))

    def _check_languages(self, quantiles: dict[str, Int64s]) -> None:
        """Raises OptionError if the model was trained with languages and this goes without, or the other way round."""
        if self.by_language and not set(quantiles) - {ALL}:
            raise OptionError("by_language", f"the model {self.model} knows no languages: write by_language: false")
        if self.by == "quantile" and not quantiles:
            raise OptionError(
                "by", f"the model {self.model} has no scores of candidates to take quantiles of: write by: threshold"
            )
        if self.by == "quantile" and not self.by_language and ALL not in quantiles:
            raise OptionError(
                "by_language", f"the model {self.model} has quantiles by language only: write by_language: true"
            )

    def facts(self) -> dict[str, Any]:
        """What the file of a classifier tells of it; a bare fastText file tells nothing."""
        from . import classifier_file

        about = classifier_file.read(asset(self.model)).about
        return {**about, "kind": "classifier"} if about else {}

    def limits(self) -> tuple[Limit, ...]:
        if self.by == "threshold":
            return (Limit("low_score", "classifier_score", "min_score", True, self.min_score),)
        if self.by == "quantile":
            least = (SCALE - round(self.keep_frac * SCALE)) / SCALE
            return (Limit("low_score", "classifier_quantile_frac", "keep_frac", True, least),)
        return ()

    def measure(self, batch: Batch) -> None:
        scorer: Scorer = batch.resource
        languages = batch.column(LANGUAGE).to_pylist() if self.by_language else [ALL] * len(batch)
        served = np.array([not self.by_language or code in scorer.quantiles for code in languages], bool)
        scores = scorer.scores(batch)
        batch.note(~served, "unserved_language")
        batch.set("classifier_score", (scores / MILLION).astype(np.float32))
        batch.set("classifier_quantile_frac", (scorer.shares(scores, languages) / SCALE).astype(np.float32))
        batch.set("classifier_served", served)

    def judge(self, batch: Batch) -> None:
        judged = batch.signal("classifier_served") & ~np.isin(batch.column("source").to_pylist(), self.unjudged)
        values, unit = _whole(batch.signal("classifier_score"), MILLION), MILLION
        if self.by == "pareto":
            reason, limit = "not_drawn", MILLION - self._dice(batch)
        elif self.by == "threshold":
            reason, limit = "low_score", round(self.min_score * MILLION)
        else:
            values, unit = _whole(batch.signal("classifier_quantile_frac"), SCALE), SCALE
            reason, limit = "low_score", SCALE - round(self.keep_frac * SCALE)
        batch.drop(judged & (values < limit), reason, value=values / unit, limit=limit / unit)

    def _dice(self, batch: Batch) -> Int64s:
        """A draw from Lomax's distribution for each document, in millionths, int64[N]; those far above 1 are less."""
        drawn = np.array([draw(self.seed, "classifier", uid) for uid in batch.column("uid").to_pylist()], np.float64)
        logs = -np.log((drawn + 0.5) / DRAWS) / self.pareto_alpha
        return np.rint(np.expm1(np.minimum(logs, 1.0)) * MILLION).astype(np.int64)


class Scorer(NamedTuple):
    """A model in use. label: the index of the one that counts; is_bare: no file of ours, so that it sees text as it is.

    quantiles: language (or `all`) -> scores of held-out candidates, int64[Q] millionths, ascending.
    """

    model: Any
    label: int
    is_bare: bool
    quantiles: dict[str, Int64s]

    def scores(self, batch: Batch) -> Int64s:
        """The probability of the label in millionths, int64[N]."""
        from .classifier_text import predicted, prepared

        data, offsets = batch.utf8()
        text, bounds = (data, offsets) if self.is_bare else prepared(data, offsets)
        n_rows = max(1, MAX_CELLS // len(self.model.labels))
        parts = [np.empty(0, np.float32)]
        for first in range(0, len(batch), n_rows):
            parts.append(predicted(self.model, self.label, text, bounds[first : first + n_rows + 1]))
        return _whole(np.concatenate(parts), MILLION)

    def shares(self, scores: Int64s, languages: list[str]) -> Int64s:
        """The rank of each score among held-out candidates of its language, in ten-thousandths, int64[N].

        (lower + equal / 2 + 1/2) / (Q + 1), rounded down, so that it is compared with whole limits as it is: the middle
        rank, as a share, that the score has when it is one of the Q + 1. scores int64[N]: millionths; languages: of
        each document.
        """
        found = np.zeros(len(scores), np.int64)
        codes = np.array(languages, dtype=object)
        for name, held_out in self.quantiles.items():
            here = codes == name
            lower, up_to = (np.searchsorted(held_out, scores[here], side) for side in ("left", "right"))
            found[here] = SCALE * (lower + up_to + 1) // (2 * (len(held_out) + 1))
        return found


def _whole(values: npt.NDArray[np.float32], unit: int) -> Int64s:
    """Values from 0 to 1 as integers, int64[N]."""
    return np.rint(np.clip(values.astype(np.float64), 0, 1) * unit).astype(np.int64)
