"""C4's rule as datatrove has it: windows of three sentences, or lines, of which all but the first are cut."""

from __future__ import annotations

import random

import pytest
from batches import documents
from benches import compared
from datatrove.data import Document
from datatrove.pipeline.dedup.sentence_dedup import (
    SentDedupConfig,
    SentenceDedupFilter,
    SentenceDedupSignature,
    SentenceFindDedups,
)  # fmt: skip
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import TextNormConfig
from harness import ENGLISH

from stages.dedup_sentence import DedupSentence


def theirs(folder, texts: list[str], by_sentence: bool) -> list[str]:
    """What datatrove leaves, with numbers as they are; its word counts are not asked."""
    config = SentDedupConfig(
        n_sentences=3, split_sentences=by_sentence, only_dedup_in_index=False, min_doc_words=0, min_num_sentences=0,
        norm_config=TextNormConfig(norm_numbers=False), hash_config=HashConfig(hash_fc="sha1"),
    )  # fmt: skip
    given = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
    folders = [str(folder / name) for name in ("signatures", "found")]
    SentenceDedupSignature(folders[0], config=config).run(given)
    SentenceFindDedups(folders[0], folders[1], config=config).run()
    return [one.text for one in SentenceDedupFilter(folders[1], config=config).run(given)]


def ours(folder, texts: list[str], unit: str) -> list[str]:
    stage = DedupSentence(unit=unit, window=3, min_window_words=1, min_words=1, min_units=1)
    kept, _, _ = compared(stage, {"a": [documents(texts[:30])], "b": [documents(texts[30:], first_row=30)]}, folder, 2)
    return [row["text"] for batch in kept for row in batch.to_pylist()]


def corpus(seed: int, between: str) -> list[str]:
    """Documents of sentences with runs of other documents in them, also across each other, and of themselves."""
    chance, pool, found = random.Random(seed), [], []
    for _ in range(60):
        units: list[str] = []
        for _ in range(chance.randrange(1, 7)):
            if pool and chance.random() < 0.5:
                start = chance.randrange(len(pool))
                units += pool[start : start + chance.randrange(1, 6)]
            else:
                words = [chance.choice(ENGLISH) for _ in range(chance.randrange(4, 9))]
                units.append(
                    " ".join([*words, str(chance.randrange(100, 130)), "river"]).capitalize() + chance.choice(".!?")
                )
        pool += units
        found.append(between.join(units))
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("unit", "between"), [("sentences", " "), ("lines", "\n")])
def test_the_same_is_left(tmp_path, seed, unit, between):
    texts = corpus(seed, between)
    left = theirs(tmp_path / "theirs", texts, unit == "sentences")
    assert ours(tmp_path / "ours", texts, unit) == [text.strip() for text in left]
    assert sum(map(len, left)) < 0.8 * sum(map(len, texts))
