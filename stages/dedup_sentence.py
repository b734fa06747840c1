"""The stage `dedup_sentence`: of sentences, lines or paragraphs that many documents share, one copy is left.

Letters: N documents of a batch, S units, I items (units with a word), C cuts.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError
from pipeline.schema import option
from pipeline.stage import UNJUDGED, Comparison, Sketch, Verdicts, stage

from . import sentence_near, sentence_rounds
from .banding import columns, solve
from .clustering import SCALE, Clustering, Rounds, check_threshold
from .dedup_pairs import Piece
from .dedup_priority import ALL, BETWEEN_SOURCES
from .dedup_records import document_records
from .sentence_facts import facts
from .sentence_near import Shingles, Units, units_of
from .sentence_rounds import Rule

UNITS = ("sentences", "lines", "paragraphs")
"""In the order of `kernels.sentence_spans`."""
WINDOWS, LEAST_LEFT = (3, 1, 1), (3, 1, 1)
"""By unit: the window, and the units that must be left."""
DROPPING = (
    *("normalize", "language", "length", "quality", "decontaminate", "dedup_exact", "dedup_document"),
    *("classifier", "perplexity", "pii", "repeated_pii"),
)
"""All other stages that drop documents."""

Array = npt.NDArray[Any]
Int64s = npt.NDArray[np.int64]


@stage("dedup_sentence")
class DedupSentence(Clustering):
    """Cut sentences that stand elsewhere too, as licences, notices and quoted news do, and keep their first copy.

    A text is divided into units: `sentences`, `lines`, or `paragraphs` between blank lines. A sentence ends after a
    mark that ends one in any script, wherever it stands (`。！？；…`, `।`, `؟`); after `.`, `!` and `?` if white space
    follows, but not after an abbreviation, an initial or the number of an item; in Thai and Lao at a space between two
    letters; and at a line feed, unless the next line goes on with a lower-case letter, as in prose of short lines.
    Every run of `window` units of a document is compared with all others: with the 3 sentences of C4, a sentence is cut
    only with its neighbours, for what one sentence says is said twice without being copied. Units are the same if their
    words are, in lower case: digits count, white space and punctuation do not, and one without a word (`***`) is passed
    over. They are compared by 128 bits of hashes. A window of fewer than `min_window_words` words is not compared:
    `Yes. No. Why?` is no copy. 1.6 characters of scripts without spaces count as a word, here and for `min_words`: 10
    words are 16 Chinese characters.

    Of windows that are the same, the first stays: the one in the document of the lowest rank, and there the first. The
    units of all others are cut, in the same document too, with all between them and the white space before or after,
    so that one separator is left: a paragraph that is cut leaves one blank line. Units without a word go with those on
    both sides of them and else stay, such as a rule, or the `---` that ends a header. Windows that overlap cut all that
    is in any.

    Code is made of lines that recur, and nothing here knows a language of it. Of sentences, a block between two fences
    of three backticks counts as one: it is cut whole or not at all. Other code, such as an indented block, is divided
    as prose is, by lines, each with those after it that begin in lower case: name sources of it as `unjudged`.

    No unit is lost so: each that is cut stands as the same unit further ahead, and is not cut there or stands further
    ahead again. For if it is the third, say, of a window that is cut, the first window that is the same has the same
    words as its third unit, and comes before in the order of units through all documents. That one may be cut as part
    of another window, in favour of one still further ahead, and so on to one that stays, for the order has a beginning.
    Its neighbours there may differ. With `within: between_sources`, windows are cut only if the first is of another
    source, and sources in `unjudged` are never cut; both only leave more.

    With `near`, single units are compared by their shingles instead, as `dedup_document` compares documents: those that
    share a band of MinHash, and have the same numbers in the same order, are measured, and a unit is cut only for one
    that stays and has at least the Jaccard similarity `threshold` with it. A word in which they differ may matter, such
    as a name. `window` is 1 then. It takes some 30 bytes of memory for each unit of the corpus, and ten times as long.

    It comes after all that drops documents, and a recipe in which a stage that can do so comes later is refused: a
    document that drops later takes the copies with it that were kept for what was cut elsewhere. The stage does that
    itself: of the documents that lost something, those drop as `too_few_words_left` or `too_few_units_left` that have
    less left than `min_words` and `min_units`. For how many units the copy kept for them went too is in
    `dedup_sentence_orphans`, and the ledger's note `left_orphans` counts such documents. Others may be left of these
    units, as in an `unjudged` source. Smaller `min_words` and `min_units` lose less. A second `dedup_sentence` may drop
    what the first one kept.

    Signals: `dedup_sentence_units`, units with a word; `dedup_sentence_cut_units`, those cut;
    `dedup_sentence_cut_frac`, the share of the text's bytes that was cut (four decimals); `dedup_sentence_orphans`, if
    the document is dropped, units cut from other documents for which the copy in this one was kept, else 0.

    Sources: Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer (2020),
    for C4 and windows of three; Broder 1997 (shingles, minima), Indyk and Motwani 1998 (bands).
    """

    unit: str = option("sentences", "what is compared", choices=UNITS)
    window: int = option(0, "units that are compared together; 0: 3 sentences, or 1 line or paragraph", ge=0, le=64)
    min_window_words: int = option(10, "words of the shortest window that is compared (1.6 characters are one)", ge=1)
    min_words: int = option(50, "words that must be left of a document that lost some, counted as above", ge=1)
    min_units: int = option(0, "units that must be left of it; 0: 3 sentences, or 1 line or paragraph", ge=0)
    near: bool = option(False, "find near copies of single units too")
    threshold: float = option(0.8, "with near: Jaccard similarity from which units are copies", ge=0.01, le=1)
    n_minima: int = option(112, "with near: minima of a signature", ge=1, le=16_384)
    shingle_words: int = option(2, "with near: words per shingle", ge=1, le=64)
    shingle_chars: int = option(3, "with near: characters per shingle in unspaced scripts", ge=1, le=64)
    seed: int = option(0, "with near: seed of the hash functions", ge=0, le=2**32 - 1)
    within: str = option(ALL, "copies that are cut: all, or those of other sources", choices=(ALL, BETWEEN_SOURCES))
    unjudged: tuple[str, ...] = option((), "sources of which nothing is cut, such as [code]")

    edits_text = True
    is_verified = True
    is_star = True
    source_options = (UNJUDGED,)
    after: ClassVar[Mapping[str, str]] = dict.fromkeys(
        DROPPING, "a document that it drops takes the copies with it that were kept for sentences cut elsewhere"
    )
    tables: ClassVar[tuple[str, ...]] = ()

    def check(self) -> None:
        """Raises OptionError for near copies of windows, and a threshold that the minima do not serve."""
        if self.near and self.window > 1:
            raise OptionError(
                "window", "dedup_sentence option 'window' must be 1 with 'near', which compares single units"
            )
        check_threshold("dedup_sentence", self.threshold)
        if self.near:
            solve(self.n_minima, self.threshold)

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "dedup_sentence_units": pa.int32(),
            "dedup_sentence_cut_units": pa.int32(),
            "dedup_sentence_cut_frac": pa.float32(),
            "dedup_sentence_orphans": pa.int32(),
        }

    def identity(self) -> dict[str, str]:
        return {"unicode": unicodedata.unidata_version}

    @property
    def is_between(self) -> bool:
        return self.within == BETWEEN_SOURCES

    @property
    def least_similarity(self) -> int:
        return round(self.threshold * SCALE)

    @property
    def _place(self) -> int:
        """The unit's place in UNITS."""
        return UNITS.index(self.unit)

    @property
    def _rule(self) -> Rule:
        window = self.window or (1 if self.near else WINDOWS[self._place])
        return Rule(window, self.is_between, self.unjudged, self.near)

    @property
    def _shingles(self) -> Shingles:
        return Shingles(self.n_minima, self.shingle_words, self.shingle_chars, self.seed)

    def sketch(self, batch: Batch) -> Sketch:
        units = units_of(batch, self._place)
        items, keys, payload = self._near_keys(units) if self.near else self._window_keys(units)
        records = document_records(batch, np.zeros(len(batch), bool), None, {})
        offsets = batch.utf8()[1]
        spans = {"start": units.starts - offsets[units.rows], "stop": units.stops - offsets[units.rows]}
        own = {name: records[name][units.rows] for name in ("uid", "side")}
        has_key = np.zeros(len(units.rows), bool)
        for place in range(self._rule.window):
            has_key[items + place] = True
        return Sketch(keys, items, len(units.rows), payload, units.rows, {**spans, **own, "has_key": has_key})

    def _window_keys(self, units: Units) -> tuple[Int64s, Array, dict[str, Array]]:
        from .kernels import sentence_windows

        size, least = self._rule.window, self.min_window_words
        items, keys, seconds = sentence_windows.keys(units.ones, units.twos, units.eighths, units.rows, size, least)
        return items, keys, {"second": seconds}

    def _near_keys(self, units: Units) -> tuple[Int64s, Array, dict[str, Array]]:
        from .kernels import minhash
        from .kernels.sentence_windows import WORD

        items = np.flatnonzero(units.eighths >= self.min_window_words * WORD)
        n_bands, n_rows = solve(self.n_minima, self.threshold)
        minima = units.minima(items, self._shingles)[:, columns(self.n_minima, n_bands, n_rows)]
        keys = minhash.band_keys(np.ascontiguousarray(minima), n_bands)
        return np.repeat(items, n_bands), keys.ravel(), {"second": np.repeat(units.numbers(items), n_bands)}

    def _banding_facts(self) -> dict[str, Any]:
        """How units meet and are compared, as `dedup_document` tells it."""
        bands, rows = solve(self.n_minima, self.threshold)
        names = ("threshold", "shingle_words", "shingle_chars")
        how = {"signature": "fast", "verify": "exact", "cluster": "star"}
        return {"minima": self.n_minima, "bands": bands, "rows": rows, **how, **{n: getattr(self, n) for n in names}}

    def pieces(self, bench: Comparison, shard: int) -> Iterator[Piece]:
        for batch in bench.batches(bench.shards[shard]):
            units = units_of(batch, self._place)
            yield Piece(len(units.rows), functools.partial(units.sets, how=self._shingles))

    def similarities(self, heads: Any, others: Any, at_heads: Array, at_others: Array) -> Array:
        return sentence_near.similarities(heads, others, at_heads, at_others)

    def compare(self, bench: Comparison) -> dict[str, Any]:
        how: dict[str, Any] = {"unit": self.unit, "window": self._rule.window, "near": self.near}
        if self.near:
            rounds = Rounds(self, bench)
            rounds.find()
            how |= {"by": "shingles", "banding": self._banding_facts(), "pairs": rounds.pairs}
        else:
            bench.map("repeats", [str(number) for number in range(bench.n_partitions)])
            how |= {"by": "words", "banding": None, "pairs": None}
        *reports, left = sentence_rounds.run(bench)
        return {**how, **facts(bench.sources, reports, left["left"])}

    def repeats(self, bench: Comparison, task: str) -> int:
        """See `sentence_rounds`."""
        return sentence_rounds.repeats(bench, task, self._rule)

    def mark(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `sentence_rounds`."""
        return sentence_rounds.mark(bench, task, self._rule)

    def credit(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `sentence_rounds`."""
        return sentence_rounds.credit(bench, task)

    def cut(self, bench: Comparison, task: str) -> dict[str, Any]:
        """See `sentence_rounds`."""
        return sentence_rounds.cut(bench, task)

    def apply(self, batch: Batch, verdicts: Verdicts) -> None:
        from .kernels import sentence_windows

        found = verdicts.columns
        n_units, n_cut, copies = (
            np.bincount(verdicts.rows, found[name], len(batch)).astype(np.int64) for name in ("units", "cut", "copies")
        )
        is_run = found["stop"] > found["start"]
        rows, starts, stops = verdicts.rows[is_run], found["start"][is_run], found["stop"][is_run]
        data, offsets = batch.utf8()
        starts, stops = sentence_windows.edges(data, offsets, rows, starts, stops)
        batch.edit(rows, starts, stops, b"")
        is_short = self._judge(batch, n_cut > 0, _words_left(data, offsets, rows, starts, stops), n_units - n_cut)
        orphans = np.where(is_short, copies, 0)
        batch.note(orphans > 0, "left_orphans")
        batch.set("dedup_sentence_units", n_units)
        batch.set("dedup_sentence_cut_units", n_cut)
        shares = np.bincount(rows, stops - starts, len(batch)) / np.maximum(np.diff(offsets), 1)
        batch.set("dedup_sentence_cut_frac", (np.rint(shares * SCALE) / SCALE).astype(np.float32))
        batch.set("dedup_sentence_orphans", orphans)

    def _judge(
        self, batch: Batch, has_lost: npt.NDArray[np.bool_], n_words: Int64s, n_units: Int64s
    ) -> npt.NDArray[np.bool_]:
        """Drop documents that lost something and have too little left; which these are, bool[N]."""
        least = self.min_units or LEAST_LEFT[self._place]
        few_words, few_units = has_lost & (n_words < self.min_words), has_lost & (n_units < least)
        batch.drop(few_words, "too_few_words_left", value=n_words, limit=self.min_words)
        batch.drop(few_units, "too_few_units_left", value=n_units, limit=least)
        return few_words | few_units


def _words_left(data: Any, offsets: Int64s, rows: Int64s, starts: Int64s, stops: Int64s) -> Int64s:
    """Words of each document of which something is cut, whole ones, int64[N], in what is between the cuts."""
    from .kernels import sentence_windows

    cut = np.unique(rows)
    whose = np.concatenate([rows, cut])
    begins = np.concatenate([offsets[rows] + stops, offsets[cut]])
    ends = np.concatenate([offsets[rows] + starts, offsets[cut + 1]])
    eighths = sentence_windows.hash_units(data, np.sort(begins), np.sort(ends))[2]
    return np.bincount(np.sort(whose), eighths, len(offsets) - 1).astype(np.int64) // sentence_windows.WORD
