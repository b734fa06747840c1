"""What a fastText model says of texts, in the codes that the stage `language` writes.

Letters: N texts, K guesses, best first, L labels of a model, S spans, Q measures. A code is a model's label, such as
lid.176's `en`. Models that tell scripts apart (GlotLID, NLLB's, OpenLID) have labels such as `eng_Latn` and `zho_Hans`:
these become the code that everybody uses, `en` and `zh`, without the script, so that one recipe serves every model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.errors import OptionError, did_you_mean

from .fasttext_model import Model
from .language_scripts import UNKNOWN, groups_of, impossible, possible, spans_of

Int64s = npt.NDArray[np.int64]
Spans = tuple[Int64s, Int64s, Int64s]
"""starts, stops int64[S] and firsts int64[N+1], as `kernels.windows` gives them."""

UNDETERMINED = "und"
SCALE = 10_000
"""Scores are compared and stored in ten-thousandths, so that the last bits of a float32 decide nothing."""
N_GUESSES = 5
"""So many labels of a text are looked at; those of one code are added."""
LITTLE = 0.05
"""If less is left for the languages that are possible, their scores are not raised to make up 1."""
MAX_CELLS = 4_000_000
"""Texts times labels whose scores are in memory at a time."""
UNSEEN = 0.02
"""Of what is left for the guesses that are possible, so much may be with labels that were not looked at."""
NONE = -1
"""The place of no code."""
_TAGGED = re.compile("[a-z]{2,3}_[A-Z][a-z]{3}")


class Codes(NamedTuple):
    """The codes of a model, sorted, and the place among them of each label, int64[L]."""

    names: tuple[str, ...]
    of_label: Int64s

    @property
    def replaced(self) -> list[tuple[int, int]]:
        """Each label of Japanese with one of Chinese."""
        japanese, chinese = (np.flatnonzero(self.of_label == self.place(code)).tolist() for code in ("ja", "zh"))
        return [(one, chinese[0]) for one in japanese if chinese]

    def place(self, code: str) -> int:
        """Where a code is in `names`, or NONE."""
        return self.names.index(code) if code in self.names else NONE


class Guesses(NamedTuple):
    """The likeliest codes of texts, best first, and what they are written in.

    codes int64[N, K], as places, NONE where there are fewer; scores int64[N, K], in ten-thousandths; measures
    int64[N, Q] of `kernels.scripts`.
    """

    codes: Int64s
    scores: Int64s
    measures: Int64s


class Identifier(NamedTuple):
    """A model, made ready once per worker. groups int64[L]: how each label's language is written."""

    tables: Any
    codes: Codes
    groups: Int64s

    def guess(self, data: Any, spans: Spans) -> Guesses:
        """What the model says of each text. One without letters is of no language.

        If a guess is a language that is not written as the text is, only those that are count (see `language_scripts`).
        """
        from .kernels import fasttext, scripts

        measures_NQ = scripts.measure(data, *spans)
        labels_NK, scores_NK = fasttext.predict(data, *spans, self.tables, N_GUESSES)
        labels_NK[measures_NQ[:, scripts.LETTER_BYTES] == 0] = NONE
        scores_NK[labels_NK == NONE] = 0
        groups_NK = np.where(labels_NK >= 0, self.groups[labels_NK], UNKNOWN)
        rows, is_wrong = impossible(data, spans, groups_NK, scores_NK, measures_NQ[:, scripts.MAIN])
        left = np.where(is_wrong, 0, scores_NK[rows]).sum(axis=1)
        is_clear = (left >= LITTLE) & (scores_NK[rows].sum(axis=1) >= 1 - UNSEEN * left)
        self._among_guesses(rows[is_clear], is_wrong[is_clear], labels_NK, scores_NK)
        n_rows = max(1, MAX_CELLS // len(self.groups))
        for part in np.array_split(rows[~is_clear], -(-(~is_clear).sum() // n_rows) or 1):
            self._among_all(part, data, spans, labels_NK, scores_NK)
        return Guesses(*merged(labels_NK, scores_NK, self.codes), measures_NQ)

    def _raised(self, scores: Any, left: Any) -> Any:
        """Scores when only `left` of all is left, unless they were no shares of 1 before, or hardly any is left."""
        from .kernels.fasttext import HIERARCHICAL, SOFTMAX

        return scores / np.maximum(left, LITTLE) if self.tables.loss in (HIERARCHICAL, SOFTMAX) else scores

    def _among_guesses(self, rows: Int64s, wrong: Any, labels_NK: Any, scores_NK: Any) -> None:
        """Take away the guesses that are wrong, where others have nearly all of what is left; in place."""
        labels, scores = labels_NK[rows], scores_NK[rows]
        for japanese, chinese in self.codes.replaced:
            from_ja, to_zh = wrong & (labels == japanese), ~wrong & (labels == chinese)
            from_ja &= to_zh.any(axis=1, keepdims=True)
            scores += np.where(to_zh, np.where(from_ja, scores, 0).sum(axis=1, keepdims=True), 0)
            scores[from_ja] = 0
        left = 1 - np.where(wrong, scores, 0).sum(axis=1, keepdims=True)
        labels_NK[rows] = np.where(wrong, NONE, labels)
        scores_NK[rows] = np.where(wrong, 0, self._raised(scores, left))

    def _among_all(self, rows: Int64s, data: Any, spans: Spans, labels_NK: Any, scores_NK: Any) -> None:
        """The best of all languages that are possible; in place."""
        from .kernels import fasttext

        chosen = spans_of(spans, rows)
        groups, of_label = np.unique(self.groups, return_inverse=True)
        is_left = possible(data, chosen, np.tile(groups, (len(rows), 1)))[:, of_label]
        scores = fasttext.score_all(data, *chosen, self.tables)
        for japanese, chinese in self.codes.replaced:
            scores[:, chinese] += np.where(is_left[:, chinese] & ~is_left[:, japanese], scores[:, japanese], 0)
        scores *= is_left
        scores = self._raised(scores, scores.sum(axis=1, keepdims=True))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :N_GUESSES]
        best, n = np.take_along_axis(scores, order, axis=1), order.shape[1]
        labels_NK[rows], scores_NK[rows] = NONE, 0
        labels_NK[rows, :n], scores_NK[rows, :n] = np.where(best > 0, order, NONE), best


def identifier(model: Model) -> Identifier:
    """A model with the codes of its labels, and how they are written."""
    return Identifier(model.tables, codes_of(model.labels), groups_of(model.labels))


def code_of(label: str) -> str:
    """The code of one label: `eng_Latn` is `en`, `cmn_Hani` is `zh`; without a script the label stays as it is."""
    if not _TAGGED.fullmatch(label):
        return label
    import langcodes

    return langcodes.standardize_tag(label, macro=True).split("-")[0]


def codes_of(labels: Sequence[str]) -> Codes:
    """The codes of a model's labels."""
    found = [code_of(label) for label in labels]
    names = tuple(sorted(set(found)))
    places = {name: place for place, name in enumerate(names)}
    return Codes(names, np.array([places[code] for code in found], np.int64))


def check_known(option: str, given: Iterable[str], known: set[str]) -> None:
    """Raises OptionError, with a suggestion, if one of the codes given is not known."""
    for code in given:
        if code not in known:
            close = did_you_mean(code, known)
            hint = close if "did you mean" in close else " (it takes ISO 639 codes such as en, zh, de)"
            better = code_of(code)
            hint = f" (did you mean '{better}'?)" if better in known else hint
            raise OptionError(option, f"language option '{option}': the model knows no '{code}'{hint}")


def merged(labels_NK: Any, scores_NK: Any, codes: Codes) -> tuple[Int64s, Int64s]:
    """Codes and scores as `Guesses` has them; of labels with one code the scores are added.

    labels_NK int32 and scores_NK float32 as `kernels.fasttext.predict` gives them.
    """
    codes_NK = np.where(labels_NK >= 0, codes.of_label[labels_NK], NONE)
    scores_NK = np.clip(np.rint(scores_NK.astype(np.float64) * SCALE), 0, SCALE).astype(np.int64)
    scores_NK[codes_NK == NONE] = 0
    for later in range(1, codes_NK.shape[1]):
        for earlier in range(later):
            same = (codes_NK[:, later] != NONE) & (codes_NK[:, later] == codes_NK[:, earlier])
            scores_NK[same, earlier] += scores_NK[same, later]
            codes_NK[same, later], scores_NK[same, later] = NONE, 0
    order = np.argsort(np.where(codes_NK == NONE, 1, -scores_NK), axis=1, kind="stable")
    codes_NK, scores_NK = (np.take_along_axis(values, order, axis=1) for values in (codes_NK, scores_NK))
    return codes_NK, np.minimum(scores_NK, SCALE)
