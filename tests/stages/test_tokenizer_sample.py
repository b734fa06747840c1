"""The sample of the tokenizer: shares of sources and languages, filled as long as there is text, whatever the order."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizer_cases import batches, fitted, sampled

from pipeline.errors import InputError, OptionError
from stages.tokenizer import Tokenizer
from stages.tokenizer_sample import Sample, Text, fill, whole

LANGUAGES = {"en": "The river is long. ", "zh": "这条河很长。"}


def sizes(sample: Sample) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for one in sample.texts():
        found[one.source, one.language] += len(one.text.encode())
    return found


def feed(sample: Sample, documents: list[tuple[int, str, str, str]], settle_each: int = 7) -> Sample:
    for number, (key, source, language, text) in enumerate(documents):
        pool = sample.pool(source, language)
        if pool is not None and pool.takes(key):
            pool.add(key, text.encode(), source, language)
        if number % settle_each == 0:
            sample.settle()
    sample.settle()
    return sample


def documents(counts: dict[tuple[str, str], int], seed: int = 0) -> list[tuple[int, str, str, str]]:
    """So many documents of 100 bytes of each source and language, in a random order."""
    chance = random.Random(seed)
    made = [(chance.getrandbits(64), *group, f"{n:0100d}") for group, count in counts.items() for n in range(count)]
    chance.shuffle(made)
    return made


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 10**20), st.integers(0, 1000)), min_size=1),
    st.integers(0, 3000),
)
def test_filling_gives_by_weight_what_there_is_and_no_more(names, budget):
    weights, most = ({name: one[i] for name, one in names.items()} for i in range(2))
    found = fill(weights, most, budget)
    assert 0 <= min(budget, sum(most.values())) - sum(found.values()) < max(1, len(names))
    assert all(0 <= found[name] <= most[name] for name in names)
    left, total = budget, sum(weights.values())
    for name in sorted(names, key=lambda name: Fraction(most[name], weights[name])):  # who fills up first
        share = Fraction(left * weights[name], total)
        assert found[name] == min(most[name], math.floor(share))
        if most[name] < share:
            left, total = left - most[name], total - weights[name]
    for name in names:
        other = fill(weights, {**most, name: most[name] + 7}, budget)
        assert other[name] >= found[name] and all(other[one] <= found[one] for one in names if one != name)


def test_weights_are_those_that_are_written():
    assert whole({"a": 0.3, "b": 0.6, "c": 0.1, "none": 0.0}) == {"a": 3, "b": 6, "c": 1}
    assert whole({"a": 1e9, "b": 1e-3, "c": 2}) == {"a": 10**12, "b": 1, "c": 2000}
    assert fill(whole({"a": 0.3, "b": 0.7}), {"a": 10**6, "b": 10**6}, 10_000) == {"a": 3_000, "b": 7_000}


def test_each_language_of_each_source_gets_its_share():
    counts = {(source, language): 500 for source in ("web", "books", "code") for language in ("en", "zh", "fr")}
    sample = feed(Sample(40_000, {"web": 1, "books": 3}, {"en": 3, "zh": 1, "th": 0}), documents(counts))
    assert sizes(sample) == {
        ("web", "en"): 7_500, ("web", "zh"): 2_500, ("books", "en"): 22_500, ("books", "zh"): 7_500,
    }  # fmt: skip
    assert sample.asked() == ({"web": 10_000, "books": 30_000}, {"en": 30_000, "zh": 10_000})


def test_what_a_language_lacks_comes_from_its_source_and_what_a_source_lacks_from_others():
    counts = {("web", "en"): 300, ("web", "zh"): 10, ("books", "en"): 20, ("books", "zh"): 5, ("code", "en"): 300}
    weights = {"web": 1.0, "books": 1.0, "code": 1.0}
    found = sizes(feed(Sample(30_000, weights, {"en": 1, "zh": 1}), documents(counts)))
    assert found["web", "zh"] == 1_000 and found["books", "en"] == 2_000 and found["books", "zh"] == 500
    assert found["web", "en"] == 13_750 - 1_000 and found["code", "en"] == 13_750
    everything = sizes(feed(Sample(10**6, weights, {"en": 1, "zh": 1}), documents(counts)))
    assert everything == {group: 100 * count for group, count in counts.items()}


def test_languages_without_weights_of_sources_are_shares_of_all():
    counts = {("web", "en"): 400, ("books", "zh"): 100, ("web", "zh"): 100}
    found = sizes(feed(Sample(20_000, {}, {"en": 1, "zh": 1}), documents(counts)))
    assert found["web", "en"] == 10_000 and found["books", "zh"] + found["web", "zh"] == 10_000


@settings(max_examples=40)
@given(
    st.dictionaries(st.tuples(st.sampled_from("xyz"), st.sampled_from(["en", "zh"])), st.integers(1, 40), min_size=1),
    st.integers(100, 8_000),
    st.integers(0, 99),
    st.lists(st.floats(0.001, 10), min_size=5, max_size=5),
)
@example({("x", "en"): 20, ("x", "zh"): 20, ("y", "zh"): 30}, 3_000, 0, [0.3, 1.1, 0.1, 0.3, 0.6])
@example({("x", "en"): 8, ("x", "zh"): 22, ("y", "en"): 10}, 3_000, 0, [0.7, 0.1, 0.2, 0.3, 0.6])
def test_the_sample_is_the_same_in_any_order(counts, budget, seed, numbers):
    weights, languages = dict(zip("xyz", numbers[:3], strict=True)), {"en": numbers[3], "zh": numbers[4]}
    weights = {name: weight for name, weight in weights.items() if any(group[0] == name for group in counts)}
    languages = {name: weight for name, weight in languages.items() if any(group[1] == name for group in counts)}
    made = [(key, *group, text[: 1 + key % 100]) for key, *group, text in documents(counts)]
    chance = random.Random(seed)
    first = feed(Sample(budget, weights, languages), made, settle_each=10**9).texts()
    chance.shuffle(made)
    again = feed(Sample(budget, weights, languages), made, settle_each=chance.randrange(1, 20)).texts()
    assert again == first
    n_bytes = sum(len(text) for *_, text in made)
    assert sum(len(one.text) for one in first) == pytest.approx(min(budget, n_bytes), abs=8)


def test_no_more_is_held_than_the_budget_and_a_batch():
    counts = {(source, language): 300 for source in "abcde" for language in "xyz"}
    sample, most = Sample(20_000, dict.fromkeys("abcde", 1.0), dict.fromkeys("xyz", 1.0)), 0
    for number, (key, source, language, text) in enumerate(documents(counts)):
        pool = sample.pool(source, language)
        if pool.takes(key):
            pool.add(key, text.encode(), source, language)
        if number % 50 == 49:
            sample.settle()
            most = max(most, sum(pool.n_bytes for pool in sample._pools.values()))
    assert most <= 20_000 + 15 * 102


def test_a_text_is_cut_between_characters_and_none_is_empty():
    sample = Sample(8, {}, {})
    for key, text in ((1, "中文"), (2, "字"), (3, "x")):
        sample.pool("", "").add(key, text.encode())
    assert sample.texts() == [Text("中文", "", "")]


def test_the_stage_takes_languages_from_the_column_and_names_what_is_empty():
    codes = [("en", "zh", "fr")[n % 3] for n in range(300)]
    texts = [LANGUAGES.get(code, "La rivière. ") * 20 + str(n) for n, code in enumerate(codes)]
    stage = Tokenizer(languages={"en": 1, "zh": 3}, max_mb=0.02)
    assert stage.needs() == ("text", "source", "split_side", "language_label")
    found = Counter()
    for text in sampled(stage, batches(texts, languages=codes)):
        found["zh" if "河" in text else "en"] += len(text.encode())
    assert found["zh"] == pytest.approx(15_000, abs=8) and found["en"] == pytest.approx(5_000, abs=8)
    with pytest.raises(InputError, match="no text of the language 'th' reached it"):
        sampled(Tokenizer(languages={"en": 1, "th": 1}), batches(texts, languages=codes))
    with pytest.raises(InputError, match="no text of the language 'xx' reached it"):
        sampled(Tokenizer(languages={"xx": 1}), batches(texts, languages=codes))
    with pytest.raises(InputError, match="no text of the source 'books' reached it"):
        fitted(Tokenizer(languages={"en": 1}, weights={"books": 1, "web": 1}), batches(texts, languages=codes))
    with pytest.raises(OptionError, match="'languages' gives no language a weight above 0"):
        Tokenizer(languages={"en": 0})
