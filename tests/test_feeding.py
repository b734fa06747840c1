"""The code of docs/feeding-trainers.md, run on a small run and read back as the other trainers read it.

Letters: N documents, T predicted positions of a sequence (T+1 slots).
"""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import tokenizers
import whole
from harness import run

PAGE = (Path(__file__).parent.parent / "docs" / "feeding-trainers.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCKS = {name: re.findall(r"```python\n(.*?)```", text, re.DOTALL) for name, text in SECTIONS.items()}
SOURCES = ("docs", "chinese", "empty")
RECIPE = """
sources:
  docs: {reader: jsonl, paths: [english.jsonl]}
  chinese: {reader: jsonl, paths: ["chinese*.jsonl"]}
  empty: {reader: jsonl, paths: [empty.jsonl]}
shard_mb: 1
stages: [{split: {validation_frac: 0.2}}, {tokenizer: {vocab_size: 400}}, tokens, {pack: {sequence_tokens: 64}}]
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """All that the page defines, from a run in a folder that stays current while the tests of this file run."""
    folder = tmp_path_factory.mktemp("feeding")
    whole.write_sources(folder)
    run(folder, RECIPE, out="runs/quickstart", until="pack")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HF_DATASETS_CACHE", str(folder / "cache"))
        found: dict = {}
        for blocks in BLOCKS.values():
            for block in blocks:
                exec(block, found)
        yield found


@pytest.fixture(scope="module")
def texts(names):
    """Side, source and text of every survivor by uid."""
    return {row["uid"]: row for row in names["texts"].select_columns(["uid", "source", "split_side", "text"])}


@pytest.fixture(scope="module")
def encoded(names, texts):
    """(side, source) -> the tokens of its documents, as the tokenizers library encodes them, sorted."""
    tokenizer = tokenizers.Tokenizer.from_file("runs/quickstart/out/tokenizer.json")
    tokenizer.encode_special_tokens = True
    found: dict = {(side, source): [] for side in ("train", "validation") for source in SOURCES}
    for row in texts.values():
        found[row["split_side"], row["source"]].append(tokenizer.encode(row["text"]).ids)
    assert {source for (_, source), ids in found.items() if ids} == {"docs", "chinese"}
    return {place: sorted(ids) for place, ids in found.items()}


def cut_at(tokens, end: int) -> list[list[int]]:
    """Documents of a row of tokens, each of which ends in one mark."""
    ends = np.flatnonzero(tokens == end)
    assert len(tokens) == 0 or ends[-1] == len(tokens) - 1
    return [part[:-1].tolist() for part in np.split(tokens, ends + 1)[:-1]]


def test_the_code_is_short():
    assert list(BLOCKS) == ["numpy", "datasets", "nanoGPT", "Megatron-LM", "torchtitan"]
    for blocks in BLOCKS.values():
        assert blocks and all(block.count("\n") <= 25 for block in blocks)


def test_numpy_has_every_document(names, texts, encoded):
    for side, source in encoded:
        uids, ids = zip(*names["documents"](source, side), strict=True) if encoded[side, source] else ((), ())
        assert sorted(one.tolist() for one in ids) == encoded[side, source]
        assert {texts[uid]["split_side"] for uid in uids} <= {side}


def test_datasets_streams_the_documents(names, encoded):
    found = list(names["tokenized"])
    for source in SOURCES:
        ids = sorted(list(row["input_ids"]) for row in found if row["source"] == source)
        assert ids == encoded["train", source]


def test_datasets_streams_the_sequences_with_every_token_once(names):
    shards = [shard for source in names["packed"]["sources"].values() for shard in source["train"]["shards"]]
    rows = list(names["rows"])
    assert len(rows) == sum(shard["sequences"] for shard in shards)
    predicted = 0
    for row in rows:
        ids, labels, positions = (np.array(row[name]) for name in ("input_ids", "labels", "position_ids"))
        assert len(ids) == len(labels) == len(positions) == names["packed"]["sequence_tokens"] + 1
        judged = labels != -100
        assert (labels[judged] == ids[judged]).all() and (positions[judged] > 0).all()
        assert (positions[1:][judged[1:]] == positions[:-1][judged[1:]] + 1).all()
        predicted += judged.sum()
    assert predicted == sum(shard["tokens"] for shard in shards)


def test_transformers_keeps_documents_apart(names):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 1}
    torch.manual_seed(1)
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=400, use_cache=False, **sizes)).eval()
    second = [int((*np.flatnonzero(np.array(row["position_ids"]) == 0), 0)[1]) for row in names["rows"]]
    both = zip(names["rows"], second, strict=True)
    chosen = [(row, at) for row, at in both if at > 8 and np.any(row["labels"][at + 1 : at + 2] >= 0)][:3]
    assert len(chosen) == 3
    for row, at in chosen:
        tensors = {name: torch.tensor(np.array(one))[None] for name, one in row.items()}
        with torch.no_grad():
            found, alone = model(**tensors), model(input_ids=tensors["input_ids"][:, at : at + 2])
        assert torch.allclose(alone.logits[0], found.logits[0, at : at + 2], atol=1e-5)
        predicted, labels = found.logits[0, :-1], tensors["labels"][0, 1:]
        assert torch.allclose(found.loss, torch.nn.functional.cross_entropy(predicted, labels, ignore_index=-100))


def test_nanogpt_reads_windows_of_the_flat_file(names, encoded, tmp_path):
    torch = pytest.importorskip("torch")
    names["nanogpt"](tmp_path)
    for name, side in (("train", "train"), ("val", "validation")):
        data = np.memmap(tmp_path / f"{name}.bin", dtype=np.uint16, mode="r")
        assert cut_at(np.array(data), names["index"]["end_of_text"]) == [
            ids.tolist() for source in SOURCES for _, ids in names["documents"](source, side)
        ]
        begins = torch.randint(len(data) - 32, (4,), generator=torch.Generator().manual_seed(1)).tolist()
        x, y = (np.stack([data[begin + by :][:32].astype(np.int64) for begin in begins]) for by in (0, 1))
        assert (x[:, 1:] == y[:, :-1]).all() and y.max() < names["index"]["vocab_size"]
    assert pickle.loads((tmp_path / "meta.pkl").read_bytes()) == {"vocab_size": 400}


def read_megatron(prefix) -> tuple[np.ndarray, list[np.ndarray]]:
    """First sequences of documents and the sequences, read as the format of Megatron's IndexedDataset is laid out:
    magic, version, code of the type, number of sequences, number of document indices, then lengths (int32), places in
    bytes (int64) and document indices (int64)."""
    index = Path(f"{prefix}.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00" and int.from_bytes(index[9:17], "little") == 1
    dtype = np.dtype({8: "<u2", 4: "<i4"}[index[17]])
    n, n_documents = (int.from_bytes(index[at : at + 8], "little") for at in (18, 26))
    lengths = np.frombuffer(index, "<i4", n, 34)
    places = np.frombuffer(index, "<i8", n, 34 + 4 * n)
    first = np.frombuffer(index, "<i8", n_documents, 34 + 12 * n)
    assert len(index) == 34 + 12 * n + 8 * n_documents
    data = Path(f"{prefix}.bin").read_bytes()
    assert len(data) == lengths.sum(dtype=np.int64) * dtype.itemsize
    pairs = zip(lengths.tolist(), places.tolist(), strict=True)
    return first, [np.frombuffer(data, dtype, length, place) for length, place in pairs]


@pytest.mark.parametrize("wide", [False, True])
def test_megatron_reads_every_document(names, encoded, tmp_path, wide, monkeypatch):
    monkeypatch.setitem(names["index"], "dtype", "uint32" if wide else "uint16")
    end = names["index"]["end_of_text"]
    for number, (side, source) in enumerate(encoded):
        names["megatron"](source, side, tmp_path / str(number))
        first, found = read_megatron(tmp_path / str(number))
        assert first.tolist() == list(range(len(encoded[side, source]) + 1))
        assert all(one.dtype == (np.int32 if wide else np.uint16) and one[-1] == end for one in found)
        assert sorted(one[:-1].tolist() for one in found) == encoded[side, source]


def test_torchtitan_takes_batches_and_resumes_them(names):
    torch = pytest.importorskip("torch")
    packed = names["packed"]
    made = {"mixture": {"docs": 1, "chinese": 1}, "tokens": 6000, "seed": 3}
    whole_batches = list(torch.utils.data.DataLoader(names["Batches"](4, **made), batch_size=None))
    for inputs, labels in whole_batches:
        assert {one.dtype for one in (*inputs.values(), labels)} == {torch.int64}
        assert {one.shape[1] for one in (*inputs.values(), labels)} == {packed["sequence_tokens"]}
        judged, tokens, positions = labels != -100, inputs["input"], inputs["positions"]
        assert (labels[:, :-1][judged[:, :-1]] == tokens[:, 1:][judged[:, :-1]]).all()
        assert (positions[:, 1:][judged[:, :-1]] == positions[:, :-1][judged[:, :-1]] + 1).all()
    assert sum(int((labels != -100).sum()) for _, labels in whole_batches) >= 5400
    stopped = names["Batches"](4, **made)
    next(iter(stopped))
    alone = names["Batches"](4, **made)
    alone.load_state_dict(pickle.loads(pickle.dumps(stopped.state_dict())))
    assert len(list(alone)) == len(whole_batches) - 1
    names["check"](names["settle"](alone.loader, alone.served))
    ranks = [names["Batches"](2, rank=rank, world=2, **made) for rank in range(2)]
    for rank in ranks:
        list(rank)
    with pytest.raises(ArithmeticError, match="the account does not add up"):
        names["check"](names["settle"](ranks[0].loader, ranks[0].served))
    ranks[0].served.merge(ranks[1].served)
    names["check"](names["settle"](ranks[0].loader, ranks[0].served))
    resumed = names["Batches"](2, rank=1, world=2, **made)  # at another number of ranks
    resumed.load_state_dict(stopped.state_dict())
    found = list(resumed)
    assert len(found) == len(whole_batches) - 1
    for (inputs, labels), (all_inputs, all_labels) in zip(found, whole_batches[1:], strict=True):
        assert torch.equal(labels, all_labels[-len(labels) :])
        assert torch.equal(inputs["input"], all_inputs["input"][-len(labels) :])
