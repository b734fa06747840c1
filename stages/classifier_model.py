"""The Fit `classifier_model`: a classifier that tells documents of trusted sources from the others."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np

from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.schema import option
from pipeline.stage import Fit, stage

from . import classifier_file
from .classifier_sample import CANDIDATE, MAX_CLUSTER, POSITIVE, Chosen, Document, Group, Sample, balanced, choose
from .classifier_text import joined, predicted
from .classifier_training import Settings, train
from .dedup_document import DedupDocument
from .evaluation import Int64s, evaluation, millionths, quantiles, ties
from .fasttext_model import parse

LABELS = ("good", "candidate")
"""By kind."""
KINDS = ("positives", "candidates")
ALL = "all"
"""What a language is called where languages are not told apart."""
MB = 1_000_000


@stage("classifier_model")
class ClassifierModel(Fit):
    """Train a classifier that tells documents of trusted sources from the others, for the stage `classifier`.

    It is fastText's supervised classifier (Joulin et al. 2016) with the labels `good` and `candidate`: words and hashed
    n-grams of words, by softmax. Text is seen as words in lower case, digits as 0, without marks and without words of
    over 300 bytes; in unspaced scripts a word is a character. Of a document over 6,000 bytes it judges ten windows of
    600; it learns from up to ten pieces of 6,000. How long a document is, it does not see.

    Of each language and kind the documents with the lowest hash of `seed` and uid are taken, up to `max_documents` and
    `max_mb`, which is also what they take in memory. In each language as many examples of one kind are learned from as
    of the other, so that telling languages apart is of no use: pieces of the first documents, so that many of the kind
    with the longer ones give none (`positives_learned` and `candidates_learned` count those that do). Near copies
    (found as by `split`) are never trained on and held out at once, and a candidate that is one of a positive is left
    out. Clusters of over 100 are trained on.

    A language with fewer than `min_documents` of either kind, or fewer than `min_held_out` of either held out, is not
    served: of ten candidates, a share to keep is a matter of tenths.

    What is held out tells how good it is: AUC, precision and recall at 0.5, average precision and calibration, measured
    on as many documents of one kind as of the other; and the scores of candidates, for `by: quantile`, with the largest
    share of them that are equal (`ties`). All is in the file beside the model (`classifier.json`). The same documents,
    in any order, make the same file.

    The model lists every word that occurs `min_count` times or more, names and addresses among them: put the stage
    `pii` before it if the file is to be shared.

    It learns whatever sets the sources apart, be it residue of markup, topics, or traditional characters among
    simplified ones: take positives from several sources that are like the candidates in all but quality.

    Raises InputError if no language can be served, OptionError if `lr` is so high that training diverges.
    """

    libraries = ("numba", "numpy")
    source_options = ("positives", "negatives")

    positives: tuple[str, ...] = option(help="trusted sources, such as [wikipedia, books]")
    negatives: tuple[str, ...] = option((), "sources of the candidates; empty: all others")
    by_language: bool = option(True, "balance and measure each language by itself; needs the stage language")
    max_documents: int = option(20_000, "documents of each language and kind", ge=1, le=1_000_000)
    max_mb: float = option(64, "megabytes (10^6 bytes) of text of each language and kind", ge=0.001, le=10_000)
    min_documents: int = option(100, "documents of each kind that a language must have", ge=10)
    min_held_out: int = option(10, "documents of each kind that must be held out of a language", ge=1)
    held_out_frac: float = option(0.2, "share of the clusters that is not trained on", ge=0.01, le=0.5)
    word_ngrams: int = option(2, "words of the longest n-gram; characters in unspaced scripts", ge=2, le=6)
    dim: int = option(16, "values per word", ge=1, le=300)
    buckets: int = option(500_000, "hashed n-grams; the file has 4 x dim bytes for each", ge=1, le=10_000_000)
    min_count: int = option(3, "times that a word must occur; rarer ones count in n-grams only", ge=1)
    epochs: int = option(5, "times that each example is seen", ge=1, le=1000)
    lr: float = option(0.5, "learning rate at the start; it falls to 0", ge=1e-6, le=100)
    seed: int = option(0, "seed of the sample, the sides, and the training", ge=0)

    def check(self) -> None:
        """Raises OptionError if there are no positives, or a source is both."""
        if not self.positives:
            raise OptionError("positives", "classifier_model option 'positives' must name a source")
        both = sorted(set(self.positives) & set(self.negatives))
        if both:
            raise OptionError("negatives", f"classifier_model option 'negatives' names positives: {', '.join(both)}")

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", *(["language_label"] if self.by_language else []))

    def identity(self) -> dict[str, str]:
        return {"dedup_document": str(DedupDocument.version), "unicode": unicodedata.unidata_version}

    def fit(self, batches: Iterable[Batch], out: BinaryIO) -> None:
        sample = Sample(self.seed, self.max_documents, round(self.max_mb * MB))
        for batch in batches:
            sample.add(batch, self._groups(batch))
        found = choose(sample, self.held_out_frac, self.seed)
        lacking = {language: self._lacks(one) for language, one in found.items()}
        chosen = {language: one for language, one in found.items() if not lacking[language]}
        if not chosen:
            raise InputError(self._why_none(found, lacking))
        content, learned = self._trained(chosen)
        about = {
            "positive": LABELS[POSITIVE],
            "labels": list(LABELS),
            "options": dataclasses.asdict(self),
            "languages": {
                language: {**_counts(sample, language, one), **learned[language]} for language, one in chosen.items()
            },
            "unserved": {
                language: {"positives": one.size(POSITIVE), "candidates": one.size(CANDIDATE), "why": lacking[language]}
                for language, one in found.items()
                if language not in chosen
            },
            **_measured(content, chosen),
        }
        classifier_file.write(out, content, about)

    def facts(self, artifact: BinaryIO) -> dict[str, Any]:
        """What `classifier.json` tells; unlike the model, it holds no word of a document."""
        return {"kind": "classifier", **classifier_file.about_of(artifact)}

    def _groups(self, batch: Batch) -> list[Group | None]:
        """The language and kind of each document."""
        sources = batch.column("source").to_pylist()
        languages = batch.column("language_label").to_pylist() if self.by_language else [ALL] * len(batch)
        kinds = dict.fromkeys(self.negatives, CANDIDATE) | dict.fromkeys(self.positives, POSITIVE)
        other = None if self.negatives else CANDIDATE
        found = [kinds.get(source, other) for source in sources]
        return [None if kind is None else (language, kind) for language, kind in zip(languages, found, strict=True)]

    def _lacks(self, chosen: Chosen) -> str:
        """Why a language is not served; empty if it is."""
        sizes = (chosen.size(POSITIVE), chosen.size(CANDIDATE))
        held_out, training = (tuple(map(len, side)) for side in (chosen.held_out, chosen.training))
        for counts, least, side in (
            (sizes, self.min_documents, ""),
            (held_out, self.min_held_out, " held out"),
            (training, 1, " to train on"),
        ):
            short = [kind for kind, count in zip(KINDS, counts, strict=True) if count < least]
            if short:
                return f"{f'fewer than {least}' if least > 1 else 'no'} {' and '.join(short)}{side}"
        return ""

    def _why_none(self, found: dict[str, Chosen], lacking: dict[str, str]) -> str:
        """What there was, of the languages with most to learn from."""
        ranked = sorted(found.items(), key=lambda item: -min(item[1].size(POSITIVE), item[1].size(CANDIDATE)))
        told = [
            f"{language}: {one.size(POSITIVE)} positives and {one.size(CANDIDATE)} candidates with a word"
            f" ({one.n_near_copies} near copies of positives left out), {lacking[language]}"
            for language, one in ranked[:5]
        ]
        return (
            f"classifier_model can serve no language: each needs {self.min_documents} documents of each kind"
            f" ('min_documents'), of which at least {self.min_held_out} are held out ('min_held_out', 'held_out_frac';"
            f" near copies stay together, and clusters of over {MAX_CLUSTER} are trained on); there were"
            f" {'; '.join(told) or 'none at all'}"
        )

    def _trained(self, chosen: dict[str, Chosen]) -> tuple[bytes, dict[str, dict[str, int]]]:
        """The content of `model.bin`, and by language what was learned from.

        examples: of each kind, pieces; positives_learned, candidates_learned: the documents that they are of.
        """
        examples: list[bytes] = []
        labels: list[int] = []
        learned = {}
        for language, one in chosen.items():
            by_kind, n_documents = balanced(one.training)
            counts = {f"{kind}_learned": n for kind, n in zip(KINDS, n_documents, strict=True)}
            learned[language] = {"examples": len(by_kind[POSITIVE]), **counts}
            for kind, texts in enumerate(by_kind):
                examples += texts
                labels += [kind] * len(texts)
        settings = Settings(self.word_ngrams, self.dim, self.buckets, self.epochs, self.lr, self.min_count, self.seed)
        return train(examples, np.array(labels, np.int64), LABELS, settings), learned


def _counts(sample: Sample, language: str, chosen: Chosen) -> dict[str, int]:
    """found: all that reached the Fit; the others: what was taken of them. held_out: of each kind, to measure by."""
    return {
        "positives_found": sample.n_found[language, POSITIVE],
        "candidates_found": sample.n_found[language, CANDIDATE],
        "positives": chosen.size(POSITIVE),
        "candidates": chosen.size(CANDIDATE),
        "near_copies": chosen.n_near_copies,
        "held_out": min(map(len, chosen.held_out)),
    }


def _measured(content: bytes, chosen: dict[str, Chosen]) -> dict[str, Any]:
    """The evaluation, in all and by language, and of the scores of held-out candidates quantiles and ties."""
    by_language, cuts, equal = {}, {}, {}
    everything: tuple[list[Int64s], list[Int64s]] = ([], [])
    model = parse(content, classifier_file.MODEL)
    for language, one in chosen.items():
        scores = [_scores(model, documents) for documents in one.held_out]
        cuts[language], equal[language] = quantiles(scores[CANDIDATE]), ties(scores[CANDIDATE])
        n_each = min(map(len, scores))
        by_language[language] = evaluation(scores[POSITIVE][:n_each], scores[CANDIDATE][:n_each])
        for kind in (POSITIVE, CANDIDATE):
            everything[kind].append(scores[kind][:n_each])
    pooled = evaluation(*(np.concatenate(scores) for scores in everything))
    return {"evaluation": {"all": pooled, "by_language": by_language}, "ties": equal, "quantiles": cuts}


def _scores(model: Any, documents: list[Document]) -> Int64s:
    """The probability that each is positive, in millionths."""
    return millionths(predicted(model, POSITIVE, *joined([one.text for one in documents])))
