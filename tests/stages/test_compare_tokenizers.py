"""What is measured of tokenizers: planted counts, what does not come back, samples, and what a file may be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import token_kinds
import tokenizers
from batches import documents
from compared_tokenizers import TEXTS, ToyShard, compared, word_piece
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_cases import corpus, trained

from pipeline.errors import InputError, OptionError
from stages.compare_tokenizers import CompareTokenizers
from stages.tokenizer_measure import Counts, Measured, counted, counts_from_json, differing, summed
from stages.tokenizer_measure_sweep import merges_of

OURS = Measured("ours", trained())
ENGLISH, CHINESE = ["the the river", "the sea"], ["中 中", "河 the"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizers")
    (folder / "ours.json").write_bytes(trained())
    word_piece(folder / "bert.json", ["the", "river", "中"])
    return {"ours": str(folder / "ours.json"), "bert": str(folder / "bert.json")}


def batch_of(texts=(*ENGLISH, *CHINESE), languages=("en", "en", "zh", "zh"), first_row=0):
    return documents(list(texts), languages=languages and list(languages), first_row=first_row)


def test_counts_are_those_of_the_text(files):
    found = compared(CompareTokenizers(models=files), {"0": ("web", [batch_of()]), "1": ("none", [])})
    assert found["text"] == {
        "web": {
            "en": {"documents": 2, "bytes": 20, "chars": 20, "words": 5},
            "zh": {"documents": 2, "bytes": 14, "chars": 8, "words": 4},
        },
        "none": {},
    }
    bert = found["models"]["bert"]
    assert bert["sources"] == {
        "web": {
            "en": {"tokens": 5, "failed": 1, "unknown": 1, "used": 2},
            "zh": {"tokens": 4, "failed": 1, "unknown": 1, "used": 2},
        }
    }
    assert (bert["vocab_size"], bert["special"], bert["used"], bert["is_lossless"]) == (6, 3, 3, False)
    assert [(one["text"], one["times"]) for one in bert["longest"]] == [("river", 1), ("the", 4), ("中", 2)]
    assert [(one["text"], one["times"]) for one in bert["rarest"]] == [("river", 1), ("中", 2), ("the", 4)]
    assert bert["unused"] == []


def test_what_does_not_come_back_is_told(files):
    found = compared(CompareTokenizers(models=files), {"0": ("web", [batch_of()])})
    assert found["models"]["ours"]["failures"] == []
    assert found["models"]["bert"]["failures"] == [
        {"uid": f"{1:032x}", "at": 4, "given": "sea", "back": "[UNK]"},
        {"uid": f"{3:032x}", "at": 0, "given": "河 the", "back": "[UNK] the"},
    ]
    assert differing("中文", "中") == {"at": 1, "given": "文", "back": ""}


def test_any_text_comes_back_from_ours_as_the_library_encodes_it(files):
    whole = tokenizers.Tokenizer.from_str(trained().decode())
    plain = [text for text in TEXTS if "<|endoftext|>" not in text]
    encoded = OURS.encode(plain)
    assert encoded.comes_back == [None] * len(plain)
    assert encoded.ids.tolist() == [number for text in plain for number in whole.encode(text).ids]
    assert np.diff(encoded.borders).tolist() == [len(whole.encode(text).ids) for text in plain]
    mark = OURS.encode(["<|endoftext|>"])
    assert mark.comes_back == [None] and 0 not in mark.ids


@pytest.mark.parametrize("kind", token_kinds.KINDS)
def test_all_kinds_that_give_text_back_do(kind):
    model = Measured(kind, json.dumps(token_kinds.trained(kind)).encode())
    encoded = model.encode(TEXTS)
    assert model.is_lossless and encoded.comes_back == [None] * len(TEXTS)
    assert not (encoded.ids == model.unknown).any()
    assert merges_of(model.content) is None  # of BPE: the special token USER cuts merges off that others need


def test_a_text_that_our_own_would_lose_is_found(monkeypatch):
    texts = ["the 中文", "", "river"]
    assert OURS.encode(texts).comes_back == [None] * 3
    lost = [b"?" if token == "文".encode()[-1:] else token for token in OURS.strings]
    monkeypatch.setattr(OURS, "strings", lost)
    assert OURS.encode(texts).comes_back == ["the 中\\xe6\\x96?", None, None]
    monkeypatch.setattr(OURS, "strings", [b"" if token == b"iver" else token for token in OURS.strings])
    assert OURS.encode(["\x00", "no"]).comes_back == [None, None]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_of_any_text_the_counts_add_up(texts):
    encoded = OURS.encode(texts)
    assert encoded.comes_back == [None] * len(texts)
    counts = counted(encoded.ids, OURS.vocab_size)
    n_bytes = sum(len(OURS.strings[number]) * times for number, times in zip(*map(list, counts), strict=True))
    assert n_bytes == sum(len(text.encode()) for text in texts)


def test_special_tokens_in_text_are_as_each_tokenizer_has_them(files):
    bert = Measured("bert", Path(files["bert"]).read_bytes())
    assert bert.encode(["[SEP] the"]).ids.tolist() == [2, 3]
    assert bert.encode(["the the the the the the"]).ids.tolist() == [3] * 6  # not cut, and nothing before or after


@pytest.mark.parametrize("rows", [1, 7, 300])
def test_batches_and_shards_do_not_matter(files, rows):
    texts = corpus(40) + TEXTS
    whole = batch_of(texts, ["en" if text.isascii() else "zh" for text in texts])
    stage = CompareTokenizers(models=files, max_mb=0)
    expected = compared(stage, {"0": ("web", [whole])})
    parts = [whole.slice(first, rows) for first in range(0, len(texts), rows)]
    assert compared(stage, {"0": ("web", parts)}) == expected
    assert compared(stage, {str(n): ("web", [part]) for n, part in enumerate(parts)}) == expected


def test_text_in_pieces_is_counted_once(files, monkeypatch):
    stage, shards = CompareTokenizers(models=files), {"0": ("web", [batch_of()])}
    expected = compared(stage, shards)
    monkeypatch.setattr("stages.compare_tokenizers.ENCODE_BYTES", 8)
    assert compared(stage, shards) == expected


def test_without_a_column_nothing_is_told_apart(files):
    found = compared(CompareTokenizers(models=files), {"0": ("web", [batch_of(languages=None)])})
    assert list(found["text"]["web"]) == list(found["models"]["ours"]["sweep"]["groups"]) == [""]
    by_origin = compared(CompareTokenizers(models=files, by="origin"), {"0": ("web", [batch_of()])})
    assert list(by_origin["text"]["web"]) == [f"a.jsonl:{row}" for row in range(1, 5)]


def test_a_sample_is_of_the_lowest_hashes_and_at_least_a_document(files):
    texts = ["x" * 1000] * 100
    whole = batch_of(texts, None)

    def measured(max_mb: float, seed: int = 0) -> list[str]:
        stage = CompareTokenizers(models=files, max_mb=max_mb, seed=seed)
        return sorted(uid for uids, _, _ in stage._documents(ToyShard(stage, "web", "0", [whole])) for uid in uids)

    assert len(measured(0.02)) == 20
    assert set(measured(0.02)) < set(measured(0.05)) < set(measured(0))
    assert measured(0.02, seed=1) != measured(0.02)
    assert len(measured(0.000001)) == len(measured(0.0000001)) == 1
    assert len(measured(0.1)) == len(measured(0)) == len(measured(7)) == 100


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"model": 1}', b'{"model": {"type": "BPE"}}', b"\xff\xfe", b"[" * 100_000,
        json.dumps({**json.loads(trained()), "model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["b", "c"]]}}).encode(),
        json.dumps({**json.loads(trained()), "model": {"type": "WordPiece", "vocab": {"a": -1}}}).encode(),
    ],
    ids=["empty", "cut", "list", "null", "number", "bare", "no UTF-8", "deep", "merges of nothing", "negative"],
)  # fmt: skip
def test_a_file_that_is_no_tokenizer_is_named(content):
    with pytest.raises(InputError, match="the tokenizer 'x' is no tokenizer"):
        Measured("x", content)


def changed(**parts) -> bytes:
    """Our file with other parts."""
    return json.dumps({**json.loads(trained()), **parts}).encode()


def test_a_text_that_the_library_panics_over_is_an_error():
    split = {"type": "Split", "pattern": {"Regex": r"([a中]+\s?)+$"}, "behavior": "Isolated", "invert": False}
    ours = json.loads(trained())["pre_tokenizer"]["pretokenizers"]
    cut = {"type": "Sequence", "pretokenizers": [split, ours[-1]]}
    for parts in ({}, {"added_tokens": []}):  # by our encoder, and by the library as a whole
        model = Measured("x", changed(pre_tokenizer=cut, **parts))
        with pytest.raises(InputError, match="the tokenizer 'x' cannot encode a text"):
            model.encode(["中" * 60 + "!"])


def test_added_tokens_that_are_not_special_are_as_the_library_has_them():
    whole = tokenizers.Tokenizer.from_str(trained().decode())
    whole.add_tokens(["<tool_call>", "    "])
    model, text = Measured("x", whole.to_str().encode()), "if:\n    中<tool_call>"
    encoded = model.encode([text])
    assert not model.is_lossless and encoded.comes_back == [None]
    assert encoded.ids.tolist() == whole.encode(text).ids and max(encoded.ids) >= model.vocab_size - 2


def test_ids_beyond_all_bounds_are_refused(tmp_path):
    content = json.loads(Path(word_piece(tmp_path / "a.json", ["the"])).read_text())
    content["model"]["vocab"]["far"] = 2**32 - 1
    with pytest.raises(InputError, match="'x' has ids up to 4,294,967,295"):
        Measured("x", json.dumps(content).encode())


def test_ids_may_have_gaps(tmp_path):
    content = json.loads(Path(word_piece(tmp_path / "a.json", ["the"])).read_text())
    content["model"]["vocab"]["far"] = 70
    (tmp_path / "a.json").write_text(json.dumps(content))
    found = compared(
        CompareTokenizers(models={"a": str(tmp_path / "a.json")}), {"0": ("web", [batch_of(["far the far"], None)])}
    )
    assert [(one["text"], one["times"]) for one in found["models"]["a"]["longest"]] == [("far", 2), ("the", 1)]


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr("stages.tokenizer_measure.MAX_FILE_BYTES", 10)
    with pytest.raises(InputError, match="'x' has over 10 bytes"):
        Measured("x", trained())


@given(st.lists(st.lists(st.integers(0, 50), max_size=30), max_size=4))
def test_counts_add_up_and_survive_json(parts):
    counts = [counted(np.array(part, np.int64), 51) for part in parts]
    total = summed([counts_from_json(json.loads(json.dumps(one.to_json()))) for one in counts])
    assert total.dense(51).tolist() == np.bincount([number for part in parts for number in part], minlength=51).tolist()
    assert isinstance(total, Counts) and all(total.times > 0)


def test_parallel_text_in_one_language_is_none():
    with pytest.raises(OptionError, match="needs two languages"):
        CompareTokenizers(parallel={"en": "a.txt"})
