"""The stage `quality`: signals of a text, and the rules that the field's filters make of them.

Letters: N documents. What is measured is in `quality_signals`, what a language changes in `profiles`.
"""

from __future__ import annotations

import dataclasses
import math
import unicodedata
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.batch import Batch
from pipeline.errors import OptionError, RecipeError, did_you_mean
from pipeline.schema import option, options
from pipeline.stage import LANGUAGE_CODE, Limit, Stage, stage

from . import word_lists
from .profiles import Profiles, identity_of, load_profiles, own_identity
from .quality_signals import Choice, columns, measure, tables

PRESETS = ("gopher_quality", "gopher_repetition", "c4", "fineweb", "bloom", "code", "keywords")
EMPTY = "empty"
DECIMALS = 6
"""Of values that are told."""


class Rule(NamedTuple):
    """What an option with a limit stands for: a rule about one signal, and the value that its preset publishes."""

    preset: str
    reason: str
    signal: str
    value: float
    least: bool


def least(preset: str, reason: str, signal: str, value: float, help: str) -> Any:
    """An option: documents whose signal is below it drop."""
    rule = Rule(preset, reason, signal, value, True)
    return option(None, f"{preset}: least {help}, {value:g}; less: {reason}", ge=0, about=rule)


def most(preset: str, reason: str, signal: str, value: float, help: str) -> Any:
    """An option: documents whose signal is above it drop."""
    rule = Rule(preset, reason, signal, value, False)
    return option(None, f"{preset}: greatest {help}, {value:g}; more: {reason}", ge=0, about=rule)


Number = float | None


@stage("quality")
class Quality(Stage):
    """Measure what a text looks like, and drop it by the rules of published filters.

    All signals are always measured; `presets` says which rules judge. A limit that is not given is the one of the
    document's language profile, else the published one that stands in its description. One that is null in the profile
    does not judge that language, whatever is given here. Profiles also say what a word is (a run of letters; a
    character in Chinese, Japanese and Thai), which marks end a sentence and how long a short line is. Documents of a
    language without a profile get a neutral one, whose rules about stop words, word lengths and the ends of lines and
    sentences do not judge; the ledger counts them (`neutral_profile`).

    The presets follow datatrove's reading of: Gopher (Rae et al. 2021, quality and repetition), C4 (Raffel et al.
    2020), FineWeb (Penedo et al. 2024); BLOOM is the ROOTS filtering (Laurencon et al. 2022), without perplexity;
    `code` has the rules of StarCoder, StarCoder 2 and RedPajama's GitHub part; `keywords` counts tags, hyperlinks,
    residue of templates, phrases of menus and notices, and the terms of word lists. With `c4` the stage also edits the
    text of what it judges: lines without terminal punctuation, with too few words, or about cookies and scripts are
    cut. The other rules judge the text as it was before, but a document of which nothing is left is `empty`.

    `quality_register` says how a text is written, so that the report can tell whom the rules remove; no rule judges by
    it. `spoken`: with a share of involved words (I, you, contractions, `?`, `!`: Biber 1988) from that of the profile
    on. Else `web`: 3 or more links, HTML tags, entities or phrases of menus in 1,000 words (characters in Chinese), or
    50 `#`. Else `formal`; `unknown` where the profile has no involved words. These are markers and no judgement: a
    forum's answer without a link is `formal` if it says neither I nor you.
    """

    presets: tuple[str, ...] = option(
        ("gopher_quality", "gopher_repetition", "fineweb"), "whose rules judge, in this order", choices=PRESETS
    )
    words: str = option(
        "fast",
        "what a word is in spaced scripts: fast (runs of letters and digits, and single marks), or spacy (in English,"
        " the tokens of spaCy's blank pipeline, which datatrove counts; else as fast)",
        choices=("fast", "spacy"),
    )
    language: str = option(
        "language_label", "the column with each document's language, or the code of the language of all, such as en"
    )
    profiles: tuple[str, ...] = option((), "files of language profiles that take the place of the project's")
    word_lists: tuple[str, ...] = option((), "files of flagged terms, one on a line, for bloom and keywords")
    unjudged: tuple[str, ...] = option((), "sources that are measured and never dropped, such as [code]")

    min_words: Number = least("gopher_quality", "too_short", "n_words", 50, "words that are not symbols")
    max_words: Number = most("gopher_quality", "too_long", "n_words", 100_000, "words that are not symbols")
    min_mean_word_chars: Number = least("gopher_quality", "words_too_short", "mean_word_chars", 3, "mean word length")
    max_mean_word_chars: Number = most("gopher_quality", "words_too_long", "mean_word_chars", 10, "mean word length")
    max_hash_frac: Number = most("gopher_quality", "too_many_hashes", "hash_frac", 0.1, "`#` per word")
    max_ellipsis_frac: Number = most("gopher_quality", "too_many_ellipses", "ellipsis_frac", 0.1, "ellipses per word")
    max_bullet_line_frac: Number = most("gopher_quality", "bullets", "bullet_line_frac", 0.9, "share of bullet lines")
    max_ellipsis_line_frac: Number = most(
        "gopher_quality", "ellipsis_lines", "ellipsis_line_frac", 0.3, "share of lines that end in an ellipsis"
    )
    min_alphabetic_frac: Number = least(
        "gopher_quality", "too_few_letters", "alphabetic_frac", 0.8, "share of words with a letter"
    )
    min_stop_words: Number = least(
        "gopher_quality", "too_few_stop_words", "n_stop_words", 2, "different stop words that occur"
    )

    max_duplicate_paragraph_frac: Number = most(
        "gopher_repetition", "repeated_paragraphs", "duplicate_paragraph_frac", 0.3, "share of copied paragraphs"
    )
    max_duplicate_paragraph_char_frac: Number = most(
        "gopher_repetition",
        "repeated_paragraph_text",
        "duplicate_paragraph_char_frac",
        0.2,
        "their characters' share",
    )
    max_duplicate_line_frac: Number = most(
        "gopher_repetition", "repeated_lines", "duplicate_line_frac", 0.3, "share of copied lines"
    )
    max_duplicate_line_char_frac: Number = most(
        "gopher_repetition", "repeated_line_text", "duplicate_line_char_frac", 0.2, "their characters' share"
    )
    max_top_2gram_frac: Number = most(
        "gopher_repetition", "frequent_2gram", "top_2gram_frac", 0.2, "share of the most frequent 2-gram"
    )
    max_top_3gram_frac: Number = most(
        "gopher_repetition", "frequent_3gram", "top_3gram_frac", 0.18, "share of the most frequent 3-gram"
    )
    max_top_4gram_frac: Number = most(
        "gopher_repetition", "frequent_4gram", "top_4gram_frac", 0.16, "share of the most frequent 4-gram"
    )
    max_duplicate_5gram_frac: Number = most(
        "gopher_repetition", "repeated_5grams", "duplicate_5gram_frac", 0.15, "share of repeated 5-grams"
    )
    max_duplicate_6gram_frac: Number = most(
        "gopher_repetition", "repeated_6grams", "duplicate_6gram_frac", 0.14, "share of repeated 6-grams"
    )
    max_duplicate_7gram_frac: Number = most(
        "gopher_repetition", "repeated_7grams", "duplicate_7gram_frac", 0.13, "share of repeated 7-grams"
    )
    max_duplicate_8gram_frac: Number = most(
        "gopher_repetition", "repeated_8grams", "duplicate_8gram_frac", 0.12, "share of repeated 8-grams"
    )
    max_duplicate_9gram_frac: Number = most(
        "gopher_repetition", "repeated_9grams", "duplicate_9gram_frac", 0.11, "share of repeated 9-grams"
    )
    max_duplicate_10gram_frac: Number = most(
        "gopher_repetition", "repeated_10grams", "duplicate_10gram_frac", 0.1, "share of repeated 10-grams"
    )

    min_sentences: Number = least("c4", "too_few_sentences", "c4_n_sentences", 5, "sentences in the lines kept")
    max_lorem_ipsum: Number = most("c4", "lorem_ipsum", "c4_lorem_ipsum", 0, "mentions of it: 0 or 1")
    max_braces: Number = most("c4", "curly_bracket", "c4_brace", 0, "lines with `{`: 0 or 1")
    c4_terminal: bool = option(True, "c4: cut lines that end without terminal punctuation (FineWeb keeps them)")
    c4_min_line_words: int = option(3, "c4: words of a line; lines with fewer are cut", ge=0)
    c4_max_word_chars: int = option(1000, "c4: characters of a word; lines with a longer one are cut", ge=1)

    min_terminal_line_frac: Number = least(
        "fineweb", "unfinished_lines", "terminal_line_frac", 0.12, "share of lines that end a sentence"
    )
    max_short_line_frac: Number = most("fineweb", "short_lines", "short_line_frac", 0.67, "share of short lines")
    max_duplicate_char_frac: Number = most(
        "fineweb", "repeated_text", "duplicate_char_frac", 0.01, "share of characters in copied lines"
    )
    max_newline_frac: Number = most("fineweb", "list_like", "newline_frac", 0.3, "line ends per word")
    short_line_chars: int | None = option(None, "fineweb: characters up to which a line is short, 30", ge=0)

    bloom_min_words: Number = least("bloom", "bloom_too_short", "n_words", 20, "words")
    bloom_max_words: Number = most("bloom", "bloom_too_long", "n_words", 100_000, "words")
    max_char_repetition_frac: Number = most(
        "bloom", "repeated_characters", "char_repetition_frac", 0.106, "share of the most repeated 10-character pieces"
    )
    max_word_repetition_frac: Number = most(
        "bloom", "repeated_words", "word_repetition_frac", 0.19, "share of 5-grams that repeat"
    )
    max_special_frac: Number = most("bloom", "too_many_special", "special_frac", 0.4, "share of what is no letter")
    min_function_word_frac: Number = least(
        "bloom", "too_few_function_words", "function_word_frac", 0.3, "share of function words"
    )
    max_flagged_frac: Number = most("bloom", "flagged_words", "flagged_frac", 0.01, "flagged terms per word")

    max_line_chars: Number = most("code", "long_line", "max_line_chars", 1000, "length of a line")
    max_mean_line_chars: Number = most("code", "long_lines", "mean_line_chars", 100, "mean length of lines")
    min_alphanumeric_frac: Number = least(
        "code", "too_few_alphanumeric", "alphanumeric_frac", 0.25, "share of letters and digits"
    )
    min_letter_frac: Number = least("code", "too_few_alphabetic", "letter_frac", 0.25, "share of letters")
    min_letters_per_word: Number = least("code", "data_like", "letters_per_word", 1.5, "letters per word")
    max_encoded_frac: Number = most("code", "encoded_data", "encoded_frac", 0.5, "share of encoded data")
    max_generated: Number = most("code", "generated", "is_generated", 0, "marks of generated files: 0 or 1")
    max_xml: Number = most("code", "xml", "is_xml", 0, "XML headers: 0 or 1")
    max_code_tag_frac: Number = most("code", "mostly_markup", "tag_frac", 0.8, "share of tags")

    max_tag_frac: Number = most("keywords", "html_tags", "tag_frac", 0.1, "share of characters in HTML tags")
    max_url_frac: Number = most("keywords", "hyperlinks", "url_frac", 0.4, "share of characters in hyperlinks")
    max_template_frac: Number = most("keywords", "template_residue", "template_frac", 0.02, "template residue per word")
    max_boilerplate_frac: Number = most("keywords", "boilerplate", "boilerplate_frac", 0.02, "such phrases per word")
    max_flagged_terms: Number = most("keywords", "flagged_terms", "flagged_frac", 0.01, "flagged terms per word")

    version = 5
    source_options = ("unjudged",)
    slices: ClassVar[dict[str, str]] = {"quality_register": "register"}

    def check(self) -> None:
        """Raises OptionError if a preset comes twice, or a least value is above its greatest."""
        if len(set(self.presets)) < len(self.presets):
            raise OptionError("presets", f"quality option 'presets' names one twice: {', '.join(self.presets)}")
        if not (self._column or LANGUAGE_CODE.fullmatch(self.language)):
            raise OptionError(
                "language",
                f"quality option 'language' must be a code such as en or zh, or a column whose name ends in _label,"
                f" got {self.language!r}",
            )
        for name, rule in RULES:
            if getattr(self, name) is not None and rule.preset not in self.presets:
                raise OptionError(name, f"quality option '{name}' has no effect: 'presets' must name {rule.preset}")
            if getattr(self, name) is not None and rule.signal == "flagged_frac" and not self.word_lists:
                raise OptionError(name, f"quality option '{name}' has no effect without 'word_lists'")
        low = _first_crossed({name: rule.value for name, rule in RULES} | self._given())
        if low:
            raise OptionError(low, f"quality option '{low}' must not be above '{low.replace('min', 'max')}'")

    def _given(self) -> dict[str, float]:
        return {name: value for name, _ in RULES if (value := getattr(self, name)) is not None}

    @property
    def judging_options(self) -> tuple[str, ...]:  # type: ignore[override]
        sources = () if self.edits_text else ("unjudged",)  # what is edited was measured otherwise by later stages
        return ("presets", *sources, *(option for option, _ in RULES))

    @property
    def edits_text(self) -> bool:  # type: ignore[override]
        return "c4" in self.presets

    @property
    def _column(self) -> str | None:
        """The column with the languages, unless all documents are of one."""
        return self.language if self.language.endswith("_label") else None

    def needs(self) -> tuple[str, ...]:
        return ("text", "source", *([self._column] if self._column else []))

    def adds(self) -> dict[str, pa.DataType]:
        return {"quality_profile": pa.string(), "quality_register": pa.string(), **columns()}

    def identity(self) -> dict[str, str]:
        files = {f"profile {path}": identity_of(path) for path in self.profiles}
        files |= {f"word list {path}": word_lists.identity(path) for path in self.word_lists}
        return {"unicode": unicodedata.unidata_version, "profiles": own_identity(), **files}

    def open(self) -> Any:
        """The tables of the profiles and word lists, made once per worker."""
        self._thresholds()
        return tables(self._choice())

    def _choice(self) -> Choice:
        return Choice(
            self.words, self.short_line_chars, self.c4_terminal, self.c4_min_line_words, self.c4_max_word_chars,
            self.profiles, self.word_lists,
        )  # fmt: skip

    def measure(self, batch: Batch) -> None:
        """Set all signals; with the preset `c4`, cut lines."""
        profiles = load_profiles(self.profiles)
        codes = batch.column(self._column).to_pylist() if self._column else [self.language] * len(batch)
        profiles_N = np.array([profiles.index_of(code) for code in codes], np.int64)
        found = measure(*batch.utf8(), profiles_N, tables(self._choice()))
        batch.note(profiles_N == 0, "neutral_profile")
        batch.set("quality_profile", pa.array([profiles.names[index] for index in profiles_N], pa.string()))
        for name, values in found.signals.items():
            batch.set(f"quality_{name}", values)
        if self.edits_text:
            rows, starts, ends, replacements = found.edits
            chosen = np.flatnonzero(self._judged(batch)[rows])
            batch.edit(rows[chosen], starts[chosen], ends[chosen], [replacements[edit] for edit in chosen.tolist()])

    def _judged(self, batch: Batch) -> Any:
        """Which documents are judged, bool[N]."""
        return ~np.isin(np.asarray(batch.column("source").to_pylist(), dtype=object), self.unjudged)

    def judge(self, batch: Batch) -> None:
        """Drop what is empty, then by the rules of each preset in turn."""
        judged = self._judged(batch)
        profile_N = np.asarray(batch.signal("quality_profile"), dtype=object)
        n_lines = batch.signal("quality_n_lines")
        if self.edits_text:
            n_lines = np.where(batch.signal("quality_c4_n_sentences") > 0, n_lines, 0)  # of what the edits leave
        is_empty = n_lines == 0
        batch.drop(judged & is_empty, EMPTY, value=n_lines, limit=1)
        names, places_N = np.unique(profile_N, return_inverse=True)
        thresholds = self._thresholds()
        for option_name, rule in self._rules():
            of_profile = [self._value(option_name, thresholds[name]) for name in names]
            limits_N = np.array(of_profile, np.float64)[places_N]
            values_N = batch.signal(f"quality_{rule.signal}")
            bounds_N = limits_N.astype(np.float32) if values_N.dtype == np.float32 else limits_N  # as signals are kept
            failed = values_N < bounds_N if rule.least else values_N > bounds_N  # never, where the limit is NaN
            batch.drop(
                judged & ~is_empty & failed,
                rule.reason,
                value=np.round(values_N.astype(np.float64), DECIMALS),
                limit=limits_N,
            )

    def _rules(self) -> list[tuple[str, Rule]]:
        """The options and rules of the chosen presets."""
        return [(name, rule) for preset in self.presets for name, rule in RULES if rule.preset == preset]

    def _thresholds(self) -> dict[str, dict[str, float]]:
        """Profile -> option -> value, NaN where the rule is not judged. Raises RecipeError."""
        return _thresholds_of(load_profiles(self.profiles))

    def limits(self) -> tuple[Limit, ...]:
        """Every rule of the chosen presets, once for each value that it has in some languages."""
        found = []
        all_thresholds = self._thresholds()
        for name, rule in self._rules():
            values: dict[float, list[str]] = {}
            for language, thresholds in all_thresholds.items():
                values.setdefault(self._value(name, thresholds), []).append(language)
            for value, languages in values.items():
                if not math.isnan(value):
                    where = () if len(languages) == len(all_thresholds) else tuple(languages)
                    found.append(Limit(rule.reason, f"quality_{rule.signal}", name, rule.least, value, where))
        return tuple(found)

    def _value(self, name: str, thresholds: dict[str, float]) -> float:
        """The limit that holds where a profile has these thresholds; NaN if the rule is not judged there."""
        given = getattr(self, name)
        return thresholds[name] if given is None or math.isnan(thresholds[name]) else given

    def limits_in(self, language: str) -> tuple[Limit, ...]:
        """Those of the profile that documents with this code get."""
        profiles = load_profiles(self.profiles)
        return super().limits_in(profiles.names[profiles.index_of(language)])

    def profile(self, language: str, values: dict[str, float]) -> dict[str, Any] | None:
        """The profile that documents of the language get, with these thresholds."""
        profiles = load_profiles(self.profiles)
        before = options(profiles.listed[profiles.index_of(language)])
        thresholds = {**before["thresholds"], **values}
        return {**before, "languages": before["languages"] or [language], "thresholds": thresholds}


RULES: tuple[tuple[str, Rule], ...] = tuple(
    (field.name, field.metadata["about"])
    for field in dataclasses.fields(Quality)  # type: ignore[arg-type]
    if field.metadata["about"] is not None
)
"""Every option that is a limit, with its rule."""


def _first_crossed(values: dict[str, float]) -> str | None:
    """The first least value that is above the greatest value for the same signal."""
    pairs = ((name, name.replace("min", "max")) for name in values if "min" in name)
    return next((low for low, high in pairs if high in values and values[low] > values[high]), None)


def _thresholds_of(profiles: Profiles) -> dict[str, dict[str, float]]:
    known = dict(RULES)
    found = {}
    for one in profiles.listed:
        where = f"the profile of {one.name} has a threshold for"
        for name in one.thresholds:
            if name not in known:
                raise RecipeError(f"{where} '{name}', which is no limit of quality{did_you_mean(name, known)}")
        values = {name: rule.value for name, rule in RULES} | one.thresholds
        found[one.name] = {name: math.nan if value is None else float(value) for name, value in values.items()}
        low = _first_crossed(found[one.name])
        if low:
            raise RecipeError(f"{where} '{low}' that is above the one for '{low.replace('min', 'max')}'")
    return found
