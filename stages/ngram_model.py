"""The Fit `ngram_model`: n-gram language models, one per language, and the perplexities of documents by them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import unicodedata
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from pipeline.assets import asset, identity_of
from pipeline.batch import Batch
from pipeline.errors import InputError, OptionError
from pipeline.schema import option
from pipeline.stage import Bench, GlobalFit, stage

from . import ngram_arpa, ngram_counts, ngram_estimate, ngram_file, ngram_measure, ngram_rounds, ngram_sample
from .encoder import read_file
from .ngram_counts import MAX_ORDER, MIN_ORDER
from .ngram_estimate import ADD_K, KNESER_NEY, SMOOTHINGS, STUPID, Smoothing
from .ngram_measure import Measured
from .ngram_rounds import Cutter, Estimates, NgramCounter, WordCounter, load, load_json, save
from .ngram_sample import ALL, BYTES, DOCUMENTS, HELD_OUT, MB, OTHER, TRAIN, Group, Int64s, Survey, bins_of
from .ngram_words import MAX_WORDS
from .profiles import CHARACTERS, load_profiles, own_identity

AUTO, PIECES = "auto", "pieces"
ARPA = ".arpa"
NAMES = {"": "none", ALL: "all of them", "*": "the others"}
"""Labels that `perplexity` takes to be something else than a language."""
PLAN, LEARNED, MODEL = "plan", "learned", "model"
"""Files of the bench: how each language is learned, and from which shards; the artifact but for what is measured by it.
"""


@stage("ngram_model")
class NgramModel(GlobalFit):
    """Train an n-gram language model of each language, for the stage `perplexity`.

    Smoothing is interpolated modified Kneser-Ney; others are for comparison. A line is a sequence of tokens, with
    `<s>` before and `</s>` after it. Tokens are `words` (in lower case, digits as 0; a punctuation mark, or a character
    of an unspaced script, by itself), `characters`, or the `pieces` of a trained tokenizer; `auto` takes characters for
    languages that are written without spaces, by their profiles, and words for others.

    Of the documents of `sources` a share is held out, by a hash of their text: copies share a side, but near copies may
    be on both, so put dedup_document before it. Of the others those with the lowest hash of `seed` and uid are learned
    from, up to `max_mb` for each language. A word beyond the `max_words` most frequent is unknown. An n-gram
    that occurs less often than `min_counts` says is not in the model; its probability is that of its shorter ones.

    Bounds are what `perplexity` takes percentiles of: the distribution of the perplexities of documents, and of their
    lines, from `bounds_sources` as a reference. Without these they are from the corpus that is to be judged, all that
    is not learned from, or, where that has fewer than `min_bounds_documents` of a language, from what is held out.
    At most `max_bounds_documents` of each language count.

    A language with less than `min_mb` to learn from, or fewer than `min_bounds_documents` for bounds, is not served; a
    document without a visible character is none, nor is the label `all`, `*` or none at all a language. The same
    documents make the same file, in any order, with any number of workers. The model lists every word: put the stage
    `pii` before it if the file is to be shared.

    Raises InputError if no language can be served.

    Sources: Chen and Goodman, An Empirical Study of Smoothing Techniques (1998); Heafield et al., Scalable Modified
    Kneser-Ney Language Model Estimation (2013); Brants et al., Large Language Models in Machine Translation (2007), for
    stupid back-off; Wenzek et al., CCNet (2020), for bounds by language.
    """

    libraries = ("numba", "numpy", "tokenizers")
    source_options = ("sources", "bounds_sources")

    sources: tuple[str, ...] = option((), "sources to learn from, such as [books]; empty: all but `bounds_sources`")
    bounds_sources: tuple[str, ...] = option((), "a reference to take bounds from; empty: the corpus itself")
    by_language: bool = option(True, "a model for each language; needs the stage language")
    languages: tuple[str, ...] = option((), "languages to make models of; empty: all there are")
    order: int = option(5, "tokens of the longest n-gram", ge=MIN_ORDER, le=MAX_ORDER)
    tokens: str = option(AUTO, "what a token is", choices=(AUTO, "words", "characters", PIECES))
    tokenizer: str = option("", "with `pieces`: `@tokenizer`, or the path of a tokenizer.json")
    smoothing: str = option(KNESER_NEY, "how unseen n-grams get their probability", choices=SMOOTHINGS)
    k: float = option(0.1, "with `add_k`: what is added to every count", ge=1e-6, le=1000)
    min_counts: tuple[int, ...] = option(
        (1, 1, 2), "times that n-grams of 1, 2 ... tokens must occur; the last: all longer", ge=1
    )
    max_words: int = option(1_000_000, "words at most, the most frequent", ge=1, le=MAX_WORDS)
    max_mb: float = option(200, "megabytes (10^6 bytes) of text of each language to learn from", ge=0.001, le=10_000)
    min_mb: float = option(0.5, "megabytes of text to learn from that a language must have", ge=0, le=10_000)
    held_out_frac: float = option(
        0.05, "share of the documents of `sources` that is not learned from", ge=0.001, le=0.5
    )
    max_bounds_documents: int = option(20_000, "documents of each language to take bounds from", ge=1)
    min_bounds_documents: int = option(20, "documents for bounds that a language must have", ge=1)
    seed: int = option(0, "seed of the sample and of what is held out", ge=0)

    def check(self) -> None:
        """Raises OptionError for options that do not fit each other."""
        both = sorted(set(self.sources) & set(self.bounds_sources))
        if both:
            raise OptionError(
                "bounds_sources",
                f"ngram_model option 'bounds_sources' names sources that are learned from: {', '.join(both)}",
            )
        if not 1 <= len(self.min_counts) <= MAX_ORDER or list(self.min_counts) != sorted(self.min_counts):
            raise OptionError(
                "min_counts",
                f"ngram_model option 'min_counts' must be 1 to {MAX_ORDER} numbers, none lower than the one before",
            )
        if (self.tokens == PIECES) != bool(self.tokenizer):
            raise OptionError("tokenizer", "ngram_model options 'tokens: pieces' and 'tokenizer' go together")
        if self.max_mb < self.min_mb:
            raise OptionError("max_mb", "ngram_model option 'max_mb' must not be below 'min_mb'")
        if self.max_bounds_documents < self.min_bounds_documents:
            raise OptionError(
                "max_bounds_documents",
                "ngram_model option 'max_bounds_documents' must not be below 'min_bounds_documents'",
            )
        if self.languages and not self.by_language:
            raise OptionError("languages", "ngram_model option 'languages' needs by_language: true")

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", *(["language_label"] if self.by_language else []))

    def identity(self) -> dict[str, str]:
        tokenizer = {"tokenizer": identity_of(self._tokenizer_path)} if self.tokenizer else {}
        profiles = {"profiles": own_identity()} if self.tokens == AUTO else {}
        return {"unicode": unicodedata.unidata_version, **tokenizer, **profiles}

    def facts(self, artifact: BinaryIO) -> dict[str, Any]:
        """What the file tells of itself; unlike the model, it holds no word of a document."""
        return {**ngram_file.about_of(artifact), "file_bytes": artifact.seek(0, os.SEEK_END)}

    @property
    def formats(self) -> dict[str, str]:
        """What `convert` can make, and why not: an ARPA file."""
        if self.by_language and len(self.languages) != 1:
            return {ARPA: "an ARPA file holds one model: give --language"}
        no_back_off = "ARPA files have no way to tell of stupid back-off: take another 'smoothing'"
        return {ARPA: no_back_off if self.smoothing == STUPID else ""}

    def convert(self, path: str, suffix: str, out: BinaryIO) -> None:
        """Write the one model of a file as an ARPA file."""
        assert suffix == ARPA and not self.formats[suffix]
        (model,) = ngram_file.read(path).models.values()
        ngram_arpa.write(model, out)

    def fit(self, bench: Bench, out: BinaryIO) -> None:
        found = Survey()
        for one in bench.map("survey", bench.shards):
            found.merge(one)
        chosen, unserved = self._choose(found)
        if not chosen:
            raise InputError(ngram_sample.why_none(unserved, self.min_mb, self.min_bounds_documents))
        with bench.write(PLAN) as file:
            file.write(json.dumps(chosen).encode())
        by_shard = bench.map("words", bench.shards)
        with bench.write(LEARNED) as file:
            file.write(json.dumps(ngram_rounds.with_documents(bench.shards, by_shard)).encode())
        numbers = [str(number) for number in range(len(chosen))]
        bench.map("vocabulary", numbers)
        bench.remove("words-")
        bench.map("count", bench.shards)
        parts = [f"{number}-{part}" for number, one in enumerate(chosen) for part in range(one["partitions"])]
        bench.map("merge", parts)
        bench.remove("counts-")
        about = bench.map("discount", numbers)
        bench.remove("statistics-")
        bench.map("estimate", parts)
        bench.remove("merged-")
        (n_ngrams,) = bench.map("write", [MODEL])
        for kind in (ngram_rounds.NGRAMS, ngram_rounds.CONTEXTS):
            bench.remove(f"{kind}-")
        measured = ngram_measure.totals(bench.map("measure", bench.shards))
        learned = ngram_rounds.summed(by_shard)
        languages = {
            one["language"]: {
                **about[number],
                "ngrams": n_ngrams[number],
                **learned[number],
                **self._judged(measured, number, one),
            }
            for number, one in enumerate(chosen)
        }
        options = {key: value for key, value in dataclasses.asdict(self).items() if key != "tokenizer"}  # a path here
        about_all = {"kind": "ngram_model", "options": options, "languages": languages, "unserved": unserved}
        with bench.read(MODEL) as file:
            ngram_file.write_with(file, about_all, out)

    def survey(self, bench: Bench, shard: str) -> list[Any]:
        """What there is to learn from and to measure by, see `ngram_sample`."""
        found = Survey()
        for batch in bench.batches(shard):
            found.add(self._groups(batch), bins_of(batch, self.seed), batch)
        return found.to_json()

    def _groups(self, batch: Batch) -> list[Group]:
        """The language and role of each document; no role if it is of no use."""
        names = batch.column("language_label").to_pylist() if self.by_language else [ALL] * len(batch)
        roles = ngram_sample.roles_of(batch, self.sources, self.bounds_sources, self.held_out_frac, self.seed)
        useful = ngram_sample.are_useful(batch) & np.isin(names, self.languages or names)
        return [
            (name, role if is_useful else "")
            for name, role, is_useful in zip(names, roles, useful.tolist(), strict=True)
        ]

    def _choose(self, found: Survey) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        """How each language is learned, in order, and why others are not."""
        chosen, unserved = [], {}
        for language in sorted({*found.languages, *self.languages}):
            limits = {TRAIN: found.limit((language, TRAIN), BYTES, round(self.max_mb * MB))}
            for role in (HELD_OUT, OTHER):
                limits[role] = found.limit((language, role), DOCUMENTS, self.max_bounds_documents)
            n_documents, n_bytes = found.totals((language, TRAIN), limits[TRAIN])
            n_others, _ = found.totals((language, OTHER))
            bounds = OTHER if self.bounds_sources or n_others >= self.min_bounds_documents else HELD_OUT
            n_bounds, _ = found.totals((language, bounds), limits[bounds])
            why = ""
            if self.by_language and language in NAMES:
                why = f"'{language}' is no language: it stands for {NAMES[language]}"
            elif n_bytes < max(1, self.min_mb * MB):
                why = f"less than {self.min_mb:g} MB to learn from"
            elif n_bounds < self.min_bounds_documents:
                of = "of the reference" if self.bounds_sources else "for bounds"
                why = f"fewer than {self.min_bounds_documents} documents {of}"
            if why:
                unserved[language] = {
                    "documents": n_documents,
                    "bytes": n_bytes,
                    "bounds_documents": n_bounds,
                    "why": why,
                }
                continue
            partitions = 1 + n_bytes // ngram_rounds.PARTITION_BYTES
            one = {"language": language, "limits": limits, "tokens": self._kind(language), "partitions": partitions}
            chosen.append({**one, "bounds": bounds, "bounds_sources": sorted(found.sources[language, bounds])})
        return chosen, unserved

    def _kind(self, language: str) -> str:
        """What a token of a language is."""
        if self.tokens != AUTO:
            return self.tokens
        profiles = load_profiles()
        return CHARACTERS if profiles.listed[profiles.index_of(language)].words == CHARACTERS else "words"

    def _plan(self, bench: Bench) -> list[dict[str, Any]]:
        plan: list[dict[str, Any]] = load_json(bench, PLAN)
        return plan

    def _learned(self, bench: Bench) -> list[list[str]]:
        """The shards that have documents to learn from, of each language."""
        learned: list[list[str]] = load_json(bench, LEARNED)
        return learned

    def _taken(self, bench: Bench, shard: str) -> Iterator[tuple[Batch, int, str, Int64s]]:
        """Of each batch, for each language and role, the rows that are taken, by the language's number."""
        plan = self._plan(bench)
        limits = {one["language"]: one["limits"] for one in plan}
        numbers = {one["language"]: number for number, one in enumerate(plan)}
        for batch in bench.batches(shard):
            taken = ngram_sample.chosen(self._groups(batch), bins_of(batch, self.seed), limits)
            for (language, role), rows in taken.items():
                yield batch, numbers[language], role, rows

    def _cutters(self, bench: Bench) -> list[Cutter]:
        kinds = [one["tokens"] for one in self._plan(bench)]
        by_kind = {kind: Cutter(kind, self._tokenizer()) for kind in set(kinds)}
        return [by_kind[kind] for kind in kinds]

    def _tokenizer(self) -> bytes:
        """The content of the tokenizer's file; nothing if there is none. Raises InputError."""
        return read_file(self._tokenizer_path) if self.tokenizer else b""

    @property
    def _tokenizer_path(self) -> str:
        try:
            return asset(self.tokenizer)
        except InputError as error:
            message = f"ngram_model option 'tokenizer': there is no file {self.tokenizer}"
            raise OptionError("tokenizer", message) from error

    def words(self, bench: Bench, shard: str) -> list[dict[str, int]]:
        """Count the words of a shard; what was read of each language."""
        counters = [WordCounter(cutter) for cutter in self._cutters(bench)]
        for batch, number, role, rows in self._taken(bench, shard):
            if role == TRAIN:
                counters[number].add(batch, rows)
        for number, counter in enumerate(counters):
            if counter.documents:
                counter.save(bench, f"words-{number}-{shard}")
        return [counter.facts for counter in counters]

    def vocabulary(self, bench: Bench, number: str) -> None:
        """Number the words of a language."""
        names = [f"words-{number}-{shard}" for shard in self._learned(bench)[int(number)]]
        ngram_rounds.write_vocabulary(bench, f"vocabulary-{number}", names, self.min_counts[0], self.max_words)

    def count(self, bench: Bench, shard: str) -> None:
        """Count the n-grams of a shard."""
        with contextlib.ExitStack() as files:
            counters, learned = dict[int, NgramCounter](), self._learned(bench)
            for number, (one, cutter) in enumerate(zip(self._plan(bench), self._cutters(bench), strict=True)):
                if shard not in learned[number]:
                    continue
                spill = files.enter_context(bench.spill(f"counts-{number}-{shard}", one["partitions"]))
                hashes = load(bench, f"vocabulary-{number}")["hashes"]
                counters[number] = NgramCounter(cutter, hashes, self.order, spill, one["partitions"])
            for batch, number, role, rows in self._taken(bench, shard):
                if role == TRAIN:
                    counters[number].add(batch, rows)
            for counter in counters.values():
                counter.flush()

    @property
    def _smoothing(self) -> Smoothing:
        return Smoothing(self.smoothing, self.k if self.smoothing == ADD_K else 1.0)

    @property
    def _least(self) -> list[int]:
        """Times that an n-gram must occur, for each length."""
        return [*self.min_counts, *[self.min_counts[-1]] * self.order][: self.order]

    def merge(self, bench: Bench, part: str) -> None:
        """Merge the counts of one partition of a language."""
        number, partition = part.split("-")
        names = [f"counts-{number}-{shard}" for shard in self._learned(bench)[int(number)]]
        found = ngram_rounds.merged(bench, names, int(partition))
        n_ids = len(load(bench, f"vocabulary-{number}")["hashes"])
        statistics = ngram_counts.statistics(found, self.order, n_ids, self._least, self._smoothing.as_they_are)
        save(bench, f"merged-{part}", **found._asdict())
        ngram_rounds.save_statistics(bench, f"statistics-{part}", statistics)

    def discount(self, bench: Bench, number: str) -> dict[str, Any]:
        """What all partitions of a language must know: discounts and unigrams; returns facts."""
        one = self._plan(bench)[int(number)]
        names = [f"statistics-{number}-{part}" for part in range(one["partitions"])]
        found = ngram_rounds.total_statistics(bench, names)
        of_counts = found["of_counts"].copy()
        of_counts[0] = ngram_estimate.of_tokens(found["before"])
        discounts, fallback = ngram_estimate.discounts(of_counts)
        unigrams = ngram_estimate.unigrams(self._smoothing, found["before"], found["occurrences"], discounts[0])
        n_ngrams = [len(unigrams), *found["kept"][1:].tolist()]
        save(bench, f"sums-{number}", discounts=discounts, unigrams=unigrams, n_ngrams=np.array(n_ngrams))
        facts = {"tokens": one["tokens"], "order": self.order, "vocabulary": len(unigrams)}
        if self.smoothing != KNESER_NEY:
            return {**facts, "discounts": [], "fallback": []}
        return {**facts, "discounts": np.round(discounts, 6).tolist(), "fallback": fallback.tolist()}

    def estimate(self, bench: Bench, part: str) -> None:
        """Estimate one partition of a language."""
        number, _ = part.split("-")
        sums, hashes = load(bench, f"sums-{number}"), load(bench, f"vocabulary-{number}")["hashes"]
        counts = ngram_counts.Counts(**load(bench, f"merged-{part}"))
        blocks = ngram_estimate.estimate(
            counts, self.order, self._least, self._smoothing, sums["discounts"], sums["unigrams"]
        )
        ranges = [ngram_rounds.ranges_of(n) for n in sums["n_ngrams"].tolist()]
        ngram_rounds.spill_estimates(bench, part, blocks, hashes, ranges)

    def write(self, bench: Bench, name: str) -> list[list[int]]:
        """Write the models of all languages, without what is measured by them; how many n-grams of each length."""
        written = []
        with bench.write(name) as file:
            writer = ngram_file.Writer(file)
            for number, one in enumerate(self._plan(bench)):
                vocabulary, sums = load(bench, f"vocabulary-{number}"), load(bench, f"sums-{number}")
                words = ngram_file.Words(vocabulary["data"], vocabulary["offsets"]).to_list()
                tokenizer = self._tokenizer() if one["tokens"] == PIECES else b""
                unseen = self._smoothing.unseen
                writer.begin(one["language"], self.order, one["tokens"], unseen, words, tokenizer)
                logs = ngram_estimate.logs(sums["unigrams"])
                sizes = sums["n_ngrams"].tolist()
                ngram_rounds.write_tables(
                    bench, writer, Estimates(number, one["partitions"], sizes, logs, vocabulary["hashes"], unseen)
                )
                written.append(writer.n_ngrams)
            writer.finish({})
        return written

    def measure(self, bench: Bench, shard: str) -> list[Any]:
        """Measure the documents of a shard that are held out, or for bounds: by language and role."""
        plan = self._plan(bench)
        found = {(number, role): Measured() for number in range(len(plan)) for role in (HELD_OUT, OTHER)}
        with bench.local(MODEL) as path:
            models = ngram_file.read(path).models
            for batch, number, role, rows in self._taken(bench, shard):
                if role != TRAIN:
                    more = ngram_measure.measured(models[plan[number]["language"]], batch, rows)
                    found[number, role] = ngram_measure.added([found[number, role], more])
        return [[number, role, one.to_json()] for (number, role), one in found.items()]

    def _judged(self, found: dict[tuple[int, str], Measured], number: int, one: dict[str, Any]) -> dict[str, Any]:
        """Facts of what was measured of a language."""
        whose = HELD_OUT if one["bounds"] == HELD_OUT else "reference" if self.bounds_sources else "corpus"
        bounds = ngram_measure.bounds_facts(found[number, one["bounds"]], whose, one["bounds_sources"])
        return {"held_out": ngram_measure.held_out_facts(found[number, HELD_OUT]), "bounds": bounds}
