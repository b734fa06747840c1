"""Which sentences, lines and paragraphs are cut, and what is left, against the definition in plain Python."""

from __future__ import annotations

import itertools
from collections import Counter

import pyarrow as pa
import pytest
import reference_sentences as truth
from batches import documents
from benches import compared
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import texts as any_text

from stages import sentence_rounds
from stages.dedup_sentence import DedupSentence
from stages.kernels import sentence_windows

SENTENCES = [
    "The cat sat down.", "The cat sat down!", "the CAT, sat down?", "A dog came by.", "Yes.", "It cost 25 pounds.", "It cost 35 pounds.",
    "猫坐下了。", "猫，坐下了！", "狗来了；", "一共25元。", "好。", "猫が座った。", "แมวนั่งลง ", "कुत्ता आया।", "جاء الكلب؟", "***", "……", "?!",
]  # fmt: skip
BETWEEN = [" ", " ", "", "\n", "\n\n", "\r\n", "  \r\n\r\n", "\n    ", "\u3000"]
pieces = st.tuples(st.sampled_from(SENTENCES), st.sampled_from(BETWEEN)).map("".join)
texts = st.lists(pieces, max_size=14).map("".join) | any_text
corpora = st.lists(texts, max_size=6)


def shards_of(values: list[str], sources: list[str], cuts: list[int]) -> dict:
    """The documents in shards of one source each, which end at every cut and where the source changes."""
    ends = sorted({0, len(values), *cuts, *(n for n in range(1, len(values)) if sources[n] != sources[n - 1])})
    found = {}
    for first, last in itertools.pairwise([end for end in ends if end <= len(values)]):
        middle = (first + last) // 2
        found[f"shard-{first}"] = [
            documents(values[a:b], sources[a:b], first_row=a) for a, b in ((first, middle), (middle, last))
        ]
    return found | {"empty": [documents([])]}


def deduplicated(folder, values, sources=None, cuts=(), n_partitions=1, **options):
    """Survivors and dropped rows in order as lists of dicts, and the facts; nothing is too short unless options say."""
    sources = sources or ["web"] * len(values)
    stage = DedupSentence(**{"min_words": 1, "min_units": 1, **options})
    kept, dropped, facts = compared(stage, shards_of(values, sources, [*cuts]), folder, n_partitions)
    return *([row for batch in batches for row in batch.to_pylist()] for batches in (kept, dropped)), facts


def by_row(kept, dropped):
    return {int(row["uid"], 16): row for row in [*kept, *dropped]}


A = "The cat sat on the mat today. It was a very fine mat. Nobody knew where it came from."
A_ZH = "猫今天坐在垫子上。那是一块很好的垫子。没有人知道它从哪里来。"
END, END_ZH = (
    "These words are new. So are these here. And the last ones too.",
    "这是新的句子。那一句也是。最后还有这一句。",
)


@settings(max_examples=70, deadline=None)
@given(
    corpora, st.lists(st.integers(0, 6), max_size=3), st.integers(1, 3), st.sampled_from([*itertools.product((1, 2, 3), (1, 4, 9))]),
    st.sampled_from(["sentences", "lines", "paragraphs"]), st.booleans(), st.integers(0, 6), st.booleans(),
)  # fmt: skip
def test_like_the_definition(tmp_path_factory, values, cuts, n_partitions, sizes, unit, between, n_web, unjudged):
    sources = [("web" if row < n_web else "books") for row in range(len(values))]
    window, least = sizes
    options = {"unit": unit, "window": window, "min_window_words": least, "unjudged": ("books",) * unjudged}
    options["within"] = "between_sources" if between else "all"
    kept, dropped, facts = deduplicated(tmp_path_factory.mktemp("run"), values, sources, cuts, n_partitions, **options)
    found = truth.deduplicated(values, sources, unit, window, least, between, options["unjudged"])
    cut = Counter(found.units[number].document for number in found.kept_by)
    rows = by_row(kept, dropped)
    assert sorted(rows) == [*range(len(values))]
    for number, text in enumerate(found.texts):
        row = rows[number]
        assert row["dedup_sentence_units"] == sum(one.document == number for one in found.units)
        assert row["dedup_sentence_cut_units"] == cut[number]
        gone = len(values[number].encode()) - len(text.encode())
        assert row["dedup_sentence_cut_frac"] == pytest.approx(gone / max(len(values[number].encode()), 1), abs=6e-5)
        assert row.get("reason") == ("too_few_words_left" if cut[number] and not truth.n_words(text) else None)
        if "reason" not in row:
            assert row["text"] == text and row["dedup_sentence_orphans"] == 0
        else:
            away = [a for a, b in found.kept_by.items() if found.units[b].document == number != found.units[a].document]
            assert row["dedup_sentence_orphans"] == len(away)
    check_facts(facts, found, sources)
    covered = {number for numbers in truth.windows(found.units, window, least) for number in numbers}
    assert facts["without_key"] == len(found.units) - len(covered)


def check_facts(facts, found, sources):
    names = facts["sources"]
    pairs = Counter(
        (sources[found.units[b].document], sources[found.units[a].document]) for a, b in found.kept_by.items()
    )
    assert {
        (a, b): n for a, row in zip(names, facts["matrix"], strict=True) for b, n in zip(names, row, strict=True) if n
    } == pairs
    assert facts["items"] == len(found.units) and facts["cut"]["items"] == len(found.kept_by) and facts["left"] == 0
    copies = Counter(found.kept_by.values())
    told = {(int(one["uid"] or "0", 16), one["copies"]) for one in facts["most_copied"]}
    most = sorted(copies.items(), key=lambda item: (-item[1], item[0]))[:20]
    assert told == {(found.units[number].document, n) for number, n in most}
    assert [one["copies"] for one in facts["most_copied"]] == [n for _, n in most]
    assert facts["clusters"]["n"] == len(copies) == sum(facts["clusters"]["sizes"].values())
    assert facts["clusters"]["removed"] == len(found.kept_by)


@settings(max_examples=70, deadline=None)
@given(corpora, st.integers(1, 4), st.sampled_from(["sentences", "lines", "paragraphs"]))
def test_no_unit_loses_its_last_copy(tmp_path_factory, values, window, unit):
    kept, dropped, _ = deduplicated(
        tmp_path_factory.mktemp("run"), values, unit=unit, window=window, min_window_words=1
    )
    rows = by_row(kept, dropped)
    found = truth.deduplicated(values, ["web"] * len(values), unit, window, 1)
    for number, one in enumerate(found.units):
        keeper = found.kept_by.get(number, number)
        first = found.units[keeper]
        assert keeper <= number and keeper not in found.kept_by and first.words == one.words
        assert "reason" not in rows[first.document]
        assert values[first.document][first.start : first.stop] in rows[first.document]["text"]


@pytest.mark.parametrize("part", ["first", "second"])
def test_both_hashes_must_be_the_same(tmp_path, monkeypatch, part):
    """If all windows had one key, or one second, the other would tell them apart."""
    keys_of = sentence_windows.keys

    def poor(*given):
        items, keys, seconds = keys_of(*given)
        return (items, keys * 0, seconds) if part == "first" else (items, keys, seconds * 0)

    monkeypatch.setattr(sentence_windows, "keys", poor)
    values = [f"{A} {END}", f"{END} {A_ZH}{A}", f"{A_ZH}{END_ZH}{END}"]
    kept, _, facts = deduplicated(tmp_path, values, cuts=[1], n_partitions=2)
    found = truth.deduplicated(values, ["web"] * 3, "sentences", 3, 10)
    assert [row["text"] for row in kept] == found.texts and facts["cut"]["items"] == len(found.kept_by) > 9


@settings(max_examples=40, deadline=None)
@given(corpora, st.sampled_from(["lines", "paragraphs"]))
def test_what_is_left_loses_nothing_more(tmp_path_factory, values, unit):
    """Of lines and paragraphs one by one; sentences, and windows, have other neighbours after a cut."""
    kept, _, _ = deduplicated(tmp_path_factory.mktemp("one"), values, unit=unit)
    left = [row["text"] for row in kept]
    again, dropped, facts = deduplicated(tmp_path_factory.mktemp("two"), left, unit=unit)
    assert [row["text"] for row in again] == left and not dropped and facts["cut"]["items"] == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"New words first. {A} New words last.", "New words first. New words last."),
        (f"{A} New words last.", "New words last."),
        (f"  {A}\n\n  New words last.", "New words last."),
        (f"New words first. {A}\n", "New words first.\n"),
        (f"New words first.\n\n{A}\n\nNew words last.", "New words first.\n\nNew words last."),
        (f"New words first.\r\n\r\n{A}\r\nNew words last.", "New words first.\r\n\r\nNew words last."),
        (f"New words first.\r\n{A}\r\n\r\nNew words last.", "New words first.\r\n\r\nNew words last."),
        (f"New words first.\n    {A}\n        New words last.", "New words first.\n        New words last."),
        (f"New words first. {A}\n\nNew words last.", "New words first.\n\nNew words last."),
        (f"New words first.\n\n{A} New words last.", "New words first.\n\nNew words last."),
        (f"新的开头。{A_ZH}新的结尾。", "新的开头。新的结尾。"),
        (f"新的开头。\n{A_ZH}新的结尾。", "新的开头。\n新的结尾。"),
        (f"\u3000\u3000新的开头。\n\u3000\u3000{A_ZH}\n\u3000\u3000新的结尾。", "\u3000\u3000新的开头。\n\u3000\u3000新的结尾。"),
        (f"New words first. {A.replace('. ', '. *** ')} New words last.", "New words first. New words last."),
        (f"{A.upper()} New words last.", "New words last."),
        (A.replace("very", "most"), None),
        (f"{A[:A.rindex('. ')]}. New words last.", None),
    ],
)  # fmt: skip
def test_what_is_around_a_cut_reads_on(tmp_path, text, left):
    kept, _, _ = deduplicated(tmp_path, [A, A_ZH, text])
    assert [row["text"] for row in kept] == [A, A_ZH, text if left is None else left]


def test_trifles_are_not_compared(tmp_path):
    trifle, trifle_zh, formula = "Yes. No. Why not? ", "是的。不。为什么？", "猫坐下了。它睡着了。它现在做着梦。"
    values = [f"{trifle}{trifle}Ten words are what it takes to be compared here.", trifle, trifle_zh * 2, formula * 2]
    kept, dropped, facts = deduplicated(tmp_path / "all", values)
    assert [row["text"] for row in kept] == values and not dropped
    assert facts["cut"] == {"items": 0, "bytes": 0}
    kept, _, facts = deduplicated(tmp_path / "longer", [formula.replace("它现在", "所以它现在") * 2])
    assert facts["cut"]["items"] == 3  # 16 characters say what 10 words do, 14 do not


def test_code_between_fences_is_cut_whole(tmp_path):
    code = "```\nx = 1\ny = 2\nreturn x + y + 3 + 4 + 5 + 6\n```"
    values = [f"{A}\n\n{code}\n\n{END}", f"{code}\n\n{END_ZH}", f"{A_ZH}\n\n{A}\n{code}\n{END_ZH}"]
    kept, _, facts = deduplicated(tmp_path, values)
    assert [row["text"] for row in kept] == [*values[:2], A_ZH] and facts["cut"]["items"] == 7


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"***\n{A}\n***\n新的。", "***\n***\n新的。"),
        (f"---\n{A}\n---\n{END}\n---\n新的。", "---\n---\n新的。"),
    ],
)
def test_units_without_words_stay_at_the_ends_of_a_cut(tmp_path, text, left):
    kept, _, _ = deduplicated(tmp_path, [A, END, text])
    assert [row["text"] for row in kept] == [A, END, left]


def test_only_what_no_window_holds_was_not_compared(tmp_path):
    values = [A, f"{A_ZH}{END_ZH}", "Only two sentences are here. They are never compared with others by three."]
    assert deduplicated(tmp_path, values)[2]["without_key"] == 2


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (f"{A} {END}", []),
        (f"{A_ZH}{END_ZH}好。", ["too_few_words_left"]),  # 19 characters are 11.9 words
        (f"{A_ZH}{END_ZH}好的。", []),
        (f"{A} Twelve new words are left here but it is only one sentence.", ["too_few_units_left"]),
        (f"{A} New. New. New. 新。", ["too_few_words_left"]),
        (f"{A_ZH}新的。", ["too_few_words_left", "too_few_units_left"]),
        (A, ["too_few_words_left", "too_few_units_left"]),
        ("Short, but it lost nothing.", []),
    ],
)
def test_what_is_left_must_be_enough(tmp_path, text, reasons):
    kept, dropped, _ = deduplicated(tmp_path, [f"{A}\n{A_ZH}", text], min_words=12, min_units=0)
    assert len(kept) == 2 - bool(reasons)
    assert [row["failed"] for row in dropped] == [reasons] * bool(reasons)


def test_limits_by_unit(tmp_path):
    values = ["a b c\nd e f", "a b c\ng h i", "d e f\n\na b c\n\nj k l"]
    for unit, failed in (("lines", []), ("paragraphs", [])):
        kept, dropped, facts = deduplicated(tmp_path / unit, values, unit=unit, min_units=0, min_window_words=3)
        assert [row["failed"] for row in dropped] == failed and facts["window"] == 1 and facts["unit"] == unit
        assert kept[-1]["text"] == ("j k l" if unit == "lines" else values[2])
    _, dropped, _ = deduplicated(tmp_path / "more", values, unit="lines", min_units=2, min_window_words=3)
    assert [(row["reason"], row["value"], row["limit"]) for row in dropped] == [("too_few_units_left", 1, 2)] * 2


def test_copies_are_counted_whose_original_goes(tmp_path):
    more = " ".join(f"Sentence {number} of a long text." for number in range(9))
    more_zh = "".join(f"长文章的第{number}个句子。" for number in range(9))
    values = [A, f"{A} {END}", f"{END} {more}", f"{END}\n{END}\n{more_zh}"]
    kept, dropped, facts = deduplicated(tmp_path, values, min_words=20)
    assert [row["dedup_sentence_cut_units"] for row in kept] == [0, 3, 6]
    assert [(row["reason"], row["dedup_sentence_orphans"]) for row in dropped] == [("too_few_words_left", 9)]
    assert [(one["copies"], int(one["uid"] or "0", 16)) for one in facts["most_copied"]][:3] == [(3, 1)] * 3


SIDES = [f"Only these two documents say number {number}, and no other." for number in range(8)]
SHARED = "This is the sentence that all of these documents share."
CHAIN = [" ".join([SIDES[n - n % 2], SHARED, SIDES[n - 1 + n % 2]]) for n in range(1, 8)]
"""Each document shares another window of two with the one before, so that copies have copies that are cut."""


def test_a_chain_of_copies_counts_for_the_one_that_stays(tmp_path):
    direct = truth.counterparts(truth.units_of(CHAIN, "sentences"), ["web"] * 7, 2, 1, False, ())
    assert [direct[number] for number in range(4, 20, 3)] == [*range(1, 17, 3)]
    found = [deduplicated(tmp_path / f"{n}", CHAIN, cuts=range(n), n_partitions=n, window=2)[2] for n in (1, 2, 7)]
    assert found[0] == found[1] == found[2] and found[0]["left"] == 0
    most = found[0]["most_copied"][0]
    assert (most["copies"], most["start"]) == (6, len(SIDES[0]) + 1)


def test_a_chain_that_is_too_long_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sentence_rounds, "MAX_HOPS", 2)
    _, _, facts = deduplicated(tmp_path, CHAIN, window=2)
    assert facts["left"] == 4 and facts["cut"]["items"] == 12 and facts["matrix"] == [[8, 0], [0, 0]]


def test_sides_of_the_split_are_told(tmp_path):
    sides = ["train", "validation", "train", "validation"]
    batch = documents([A, A, A_ZH, f"{A_ZH}{A}"]).append_column("split_side", pa.array(sides))
    stage = DedupSentence(min_words=1, min_units=1)
    _, _, facts = compared(stage, {"one": [batch]}, tmp_path)
    assert facts["sides"] == {"train": {"train": 0, "validation": 9}, "validation": {"train": 0, "validation": 0}}
    assert compared(stage, {"one": [documents([A, A])]}, tmp_path / "none")[2]["sides"] is None


def test_a_million_times_the_same_sentence(tmp_path):
    n = 1_000_000
    values = [
        "The same sentence, over and over again. " * (n // 4),
        "一遍又一遍的同一个句子，没有别的。" * (n // 4),
        "\n".join(["A"] * (n // 2)),
    ]
    kept, dropped, facts = deduplicated(tmp_path, values, window=1, min_window_words=1)
    assert [row["text"] for row in kept] == [
        "The same sentence, over and over again. ",
        "一遍又一遍的同一个句子，没有别的。",
        "A",
    ]
    assert not dropped and facts["cut"]["items"] == n - 3 and facts["clusters"]["n"] == 3
    kept, _, facts = deduplicated(tmp_path / "windows", values)
    assert facts["cut"]["items"] == n // 2 - 2  # three of the lines are too few words
    assert [len(row["text"]) for row in kept] == [40, 17, n - 1]


def test_a_document_of_one_long_sentence(tmp_path):
    long = "word " * 4_000_000
    kept, dropped, facts = deduplicated(tmp_path, [f"{long}.", "x y z", f"{long.upper()}!"], window=1)
    assert [len(row["text"]) for row in kept] == [len(long) + 1, 5]
    assert [row["reason"] for row in dropped] == ["too_few_words_left"] and facts["items"] == 3


@pytest.mark.parametrize("unit", ["sentences", "lines", "paragraphs"])
def test_nothing_to_compare(tmp_path, unit):
    values = ["", "...", "\r\n\r\n", "！？。", "*** --- ***", "…", "\u3000", "A", "A"]
    kept, dropped, facts = deduplicated(tmp_path, values, unit=unit)
    assert [row["text"] for row in kept] == values and not dropped
    assert facts["items"] == facts["without_key"] == 2 and facts["most_copied"] == []
    assert deduplicated(tmp_path / "none", [], unit=unit)[2]["items"] == 0
