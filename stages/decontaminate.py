"""The stage `decontaminate`: which documents hold text of the benchmarks that a model is to be tested with.

Letters: N documents, M distinct n-grams found, each counted once per document, B benchmarks. Shares are integer
ten-thousandths.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError, shortened
from pipeline.schema import option
from pipeline.stage import Limit, Stage, stage

from . import benchmark_index, benchmarks
from .benchmark_index import Built
from .decontaminate_cuts import cuts

Int64s = npt.NDArray[np.int64]

SCALE = 10_000
MAX_LENGTH = 256
MAX_NAME = 60


@stage("decontaminate")
class Decontaminate(Stage):
    """Find n-grams of evaluation sets in documents, and drop these documents, or cut what was found.

    `benchmarks` names files: JSON lines, JSON (a list of items, or an object with one), text with an item per line,
    CSV or TSV, Parquet; all but the last also compressed with gzip, zstd or bzip2. An item is what these hold, such as
    a question with its choices, and each text in it, also within lists, is searched for by itself. `fields` says which
    fields hold them, and then the first row of CSV has their names; without, all do, and the first row is an item as
    all are. Leave out passages that come from the web, such as the Wikipedia articles of a reading test, or all their
    sources drop.

    Words are compared in lower case, with full-width letters as plain ones and ligatures as their letters; punctuation,
    white space, line ends, soft hyphens and invisible joiners do not count. Digits do: the numbers are what tells one
    arithmetic problem from another. Simplified and traditional characters differ. Items are brought to the form that
    `normalize` gives text, NFC; documents are not, so `normalize` comes before: in letters that are written apart from
    their accents, as files from macOS have them, nothing is found.

    What many items repeat, such as an instruction, is a template and not searched for: n-grams of over a tenth of a
    benchmark's items, if over 20, or of over 1,000. They are counted as `templates`, and items without others as
    `templated`.

    An n-gram has `ngram_words` words, or `ngram_chars` characters of scripts written without spaces, or something
    between, in proportion, where both are mixed. 21 Chinese characters say about what 13 English words do: 1.6 for one,
    as the shingles of `dedup_document`. Kana and Thai letters say less: give more for corpora of these. A text with
    fewer words is searched for as a whole if it has `min_item_words` or as many characters in proportion (8 words: 13
    characters); if an item has no such text, all its texts together are. An item that is shorter still is not searched
    for, and counted as `short` in the published facts.

    `by: hits` finds a document contaminated that has more than `max_hits` distinct n-grams of benchmarks; by default
    one is too many. `by: item_frac` asks for more than the share `max_item_frac` of an item's n-grams, for PaLM 0.7, of
    8-grams. Then `action: drop` drops it as `contaminated`, and `action: cut` cuts all n-grams that were found, whole,
    with the marks that end or enclose them, and drops it as `no_word_left` if no other word remains. Sources in
    `unjudged` are measured, and neither dropped nor cut.

    Signals: `decontaminate_hits`, the distinct n-grams of all benchmarks that the document has;
    `decontaminate_item_frac`, the largest share of an item's distinct n-grams that it has (0 to 1, four decimals, above
    0 if there is any); `decontaminate_benchmark` and `decontaminate_item`, which item that is: its number in the
    benchmark, from 0 on (of equal shares the one with more n-grams, then the first by name and number; empty and -1 if
    there is none); `decontaminate_n_items`, how many items it has n-grams of, and `decontaminate_items`, how many by
    benchmark, as a JSON object (empty if there is none); `decontaminate_covered_frac`, the share of the document's
    words that are in n-grams found (four decimals, rounded down).

    An n-gram counts as found if two hashes of 64 bits agree. If a trillion n-grams of documents are looked up among 50
    million, the odds of a single false one are about 1 in 10^18.

    Sources: Brown et al., Language Models are Few-Shot Learners (2020), appendix C, for 13 words without case and
    punctuation, and 8 of shorter items (where a found n-gram goes with 200 characters on each side); Chowdhery et al.,
    PaLM (2022), section 8, for shares of items.
    """

    benchmarks: dict[str, str] = option(
        help="names and files, such as {gsm8k: evals/gsm8k.jsonl, mmlu: evals/mmlu/*.csv}"
    )
    fields: dict[str, tuple[str, ...]] = option(
        {},
        "benchmarks and their fields to search, such as {gsm8k: [question]}; others: every text, also of CSV"
        " without names, such as MMLU's",
    )
    ngram_words: int = option(13, "words in an n-gram", ge=1, le=MAX_LENGTH)
    ngram_chars: int = option(21, "characters in an n-gram of scripts without spaces", ge=1, le=MAX_LENGTH)
    min_item_words: int = option(8, "words of the shortest text that is searched as a whole", ge=1, le=MAX_LENGTH)
    by: str = option("hits", "what decides", choices=("hits", "item_frac"))
    max_hits: int = option(0, "by hits: highest number of n-grams that is no contamination", ge=0)
    max_item_frac: float = option(0.7, "by item_frac: highest share of an item that is no contamination", ge=0, le=1)
    action: str = option("drop", "what becomes of contaminated documents", choices=("drop", "cut"))
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped or cut, such as [books]")

    source_options = ("unjudged",)
    slices: ClassVar[dict[str, str]] = {"decontaminate_benchmark": "benchmark"}

    def check(self) -> None:
        """Raises OptionError for options that do not fit each other."""
        if not self.benchmarks:
            raise self._error("benchmarks", "must name a benchmark, such as {gsm8k: evals/gsm8k.jsonl}")
        for name in self.benchmarks:
            if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
                told = shortened(repr(name), MAX_NAME)
                raise self._error("benchmarks", f"has the name {told}: names have 1 to {MAX_NAME} printable characters")
        for name in self.fields:
            if name not in self.benchmarks:
                raise self._error("fields", f"names '{shortened(name, MAX_NAME)}', which is not among 'benchmarks'")
            if not self.fields[name]:
                raise self._error("fields", f"names no field of '{name}': leave it out to search every text")
        if self.min_item_words > self.ngram_words:
            raise self._error("min_item_words", f"must not be above 'ngram_words', {self.ngram_words}")

    def _error(self, name: str, what: str) -> OptionError:
        return OptionError(name, f"decontaminate option '{name}' {what}")

    @property
    def judging_options(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.edits_text else ("by", "max_hits", "max_item_frac", "unjudged")  # they decide what is cut

    @property
    def edits_text(self) -> bool:  # type: ignore[override]
        return self.action == "cut"

    def needs(self) -> tuple[str, ...]:
        return ("text", "source")

    def adds(self) -> dict[str, pa.DataType]:
        return {
            "decontaminate_hits": pa.int32(),
            "decontaminate_item_frac": pa.float32(),
            "decontaminate_benchmark": pa.string(),
            "decontaminate_item": pa.int32(),
            "decontaminate_n_items": pa.int32(),
            "decontaminate_items": pa.string(),
            "decontaminate_covered_frac": pa.float32(),
        }

    def identity(self) -> dict[str, str]:
        files = {f"benchmarks {name}": benchmarks.identity(pattern) for name, pattern in self.benchmarks.items()}
        return {**files, "unicode": unicodedata.unidata_version}

    def open(self) -> Built:
        """The index of the benchmarks. Raises InputError if a file cannot be used, OptionError for a missing field."""
        found = {
            name: benchmarks.items(name, pattern, self.fields.get(name, ()))
            for name, pattern in self.benchmarks.items()
        }
        return benchmark_index.build(found, self.ngram_words, self.ngram_chars, self.min_item_words)

    def facts(self) -> dict[str, Any]:
        """How many files, items, distinct n-grams to search for, items too short to search, n-grams that are templates,
        and items that have no others each benchmark has."""
        built = self.open()
        ngrams = built.distinct()
        told = {
            name: {
                "files": len(benchmarks.files_of(self.benchmarks[name])),
                "items": int(built.item_firsts[place + 1] - built.item_firsts[place]),
                "ngrams": int(ngrams[place]),
                "short": int(built.n_short[place]),
                "templates": int(built.n_templates[place]),
                "templated": int(built.n_templated[place]),
            }
            for place, name in enumerate(built.names)
        }
        lengths = {name: getattr(self, name) for name in ("ngram_words", "ngram_chars", "min_item_words")}
        return {"kind": "decontaminate", **lengths, "benchmarks": told}

    def limits(self) -> tuple[Limit, ...]:
        if self.edits_text:
            return ()
        if self.by == "hits":
            return (Limit("contaminated", "decontaminate_hits", "max_hits", False, self.max_hits),)
        return (Limit("contaminated", "decontaminate_item_frac", "max_item_frac", False, self.max_item_frac),)

    def measure(self, batch: Batch) -> None:
        """Set all signals; with `action: cut`, cut."""
        from .kernels import overlap

        built: Built = batch.resource
        data, offsets = batch.utf8()
        hits = overlap.search(data, offsets, built.spec, built.index)
        grams, firsts = _distinct(hits.grams, hits.firsts)
        self._set(batch, np.diff(firsts), *overlap.closest(grams, firsts, *built.pairs()))
        covered = SCALE * hits.n_covered // np.maximum(hits.n_words, 1)
        batch.set("decontaminate_covered_frac", (covered / SCALE).astype(np.float32))
        if self.edits_text:
            rows, starts, stops = hits.spans
            is_cut = self._is_contaminated(batch)[rows]
            batch.edit(*cuts(data, offsets, rows[is_cut], starts[is_cut], stops[is_cut]))

    def _set(self, batch: Batch, n_hits: Int64s, items: Int64s, found: Int64s, n_items: npt.NDArray[np.int32]) -> None:
        """Set what is known of each document: distinct hits, its closest item, or -1, how much it has of that, and of
        how many items of each benchmark it has something, int32[N, B]."""
        built: Built = batch.resource
        some = items >= 0
        sizes = np.where(some, built.n_grams[items], 1)
        places = built.owners[items]
        names = np.array([*built.names, ""], object)[np.where(some, places, len(built.names))]
        batch.set("decontaminate_hits", n_hits)
        batch.set("decontaminate_item_frac", (-(-SCALE * found // sizes) / SCALE).astype(np.float32))  # rounded up
        batch.set("decontaminate_benchmark", pa.array(names, pa.string()))
        batch.set("decontaminate_item", np.where(some, items - built.item_firsts[places], -1))
        batch.set("decontaminate_n_items", n_items.sum(axis=1))
        batch.set("decontaminate_items", pa.array([_by_name(built.names, row) for row in n_items], pa.string()))

    def _is_contaminated(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Which documents of judged sources are above the limit, bool[N]."""
        values, limit = self._compared(batch)
        return (values > limit) & ~np.isin(np.asarray(batch.column("source").to_pylist(), object), self.unjudged)

    def _compared(self, batch: Batch) -> tuple[Int64s, int]:
        """What decides, int64[N], and its limit."""
        if self.by == "hits":
            return batch.signal("decontaminate_hits").astype(np.int64), self.max_hits
        shares = batch.signal("decontaminate_item_frac").astype(np.float64)
        return np.rint(shares * SCALE).astype(np.int64), round(self.max_item_frac * SCALE)

    def judge(self, batch: Batch) -> None:
        """Drop what is contaminated, or what nothing is left of."""
        contaminated = self._is_contaminated(batch)
        if self.edits_text:
            batch.drop(contaminated & (batch.signal("decontaminate_covered_frac") == 1), "no_word_left")
            return
        values, limit = self._compared(batch)
        unit = 1 if self.by == "hits" else SCALE
        batch.drop(contaminated, "contaminated", value=values / unit, limit=limit / unit)


def _distinct(grams: Int64s, firsts: Int64s) -> tuple[Int64s, Int64s]:
    """The distinct n-grams of each document, int64[M], and where those of each begin, int64[N+1]."""
    rows = np.repeat(np.arange(len(firsts) - 1), np.diff(firsts))
    order = np.lexsort((grams, rows))
    rows, grams = rows[order], grams[order]
    is_new = np.append(True, (rows[1:] != rows[:-1]) | (grams[1:] != grams[:-1]))[: len(rows)]
    return grams[is_new], np.searchsorted(rows[is_new], np.arange(len(firsts)))


def _by_name(names: list[str], n_items: npt.NDArray[np.int32]) -> str:
    """Benchmark -> items, of those with any, as JSON; empty if there are none. n_items int32[B]."""
    found = {names[place]: int(n_items[place]) for place in np.flatnonzero(n_items)}
    return json.dumps(found, ensure_ascii=False) if found else ""
