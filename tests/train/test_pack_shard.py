"""Packed shards, in every way to pack: every predicted pair once or counted as cropped, and all counts right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_folders import END_OF_TEXT, encode, token_shard

from train.errors import DataError
from train.pack import WAYS, costs, pack_shard

TEXTS = [
    "",
    "a",
    "The quick brown fox. ",
    "中",
    "今天天气很好，我们去公园散步。",
    "😀👩‍👩‍👧",
    "สวัสดีชาวโลก",
    "long " * 40,
    "长" * 50,
]
texts = st.lists(st.sampled_from(TEXTS) | st.text(max_size=30), max_size=12)
ways = st.sampled_from(list(WAYS.values()))
FRAGMENTS = [way for way in WAYS.values() if way[1] == "fragment"]
COUNTS = ["sequences", "tokens", "padding", "cropped", "documents", "documents_cut", "pieces", "cuts", "bytes"]


def pack(documents, sequence_tokens, way=("best_fit", "fragment")):
    return pack_shard(*token_shard(documents), sequence_tokens, END_OF_TEXT, *way)


def bordered(documents) -> list[list[int]]:
    return [[END_OF_TEXT, *document, END_OF_TEXT] for document in documents]


def held(packed) -> dict[tuple[str, int], tuple[int, int]]:
    """(uid, place in the document) -> the pair of tokens there; pieces of a document follow one another."""
    found, after = {}, {}
    for piece in sorted(packed.pieces.to_pylist(), key=lambda piece: piece["part"]):
        tokens = packed.rows[piece["sequence"], piece["start"] : piece["start"] + piece["n_tokens"]].tolist()
        part, offset = after.get(piece["uid"], (0, 0))
        assert piece["part"] == part and len(tokens) == piece["n_tokens"] >= 2
        for i in range(len(tokens) - 1):
            assert (piece["uid"], offset + i) not in found
            found[piece["uid"], offset + i] = tokens[i], tokens[i + 1]
        after[piece["uid"]] = part + 1, offset + len(tokens) - 1
    return found


def pairs(documents, most: int | None = None) -> dict[tuple[str, int], tuple[int, int]]:
    """What `held` should give: all pairs, or the first `most` of each document."""
    return {
        (f"d-{number}", i): (document[i], document[i + 1])
        for number, document in enumerate(bordered(documents))
        for i in range(len(document) - 1)
        if most is None or i < most
    }


@given(texts, st.integers(1, 40), ways)
def test_every_pair_of_every_document_once_or_cropped(values, sequence_tokens, way):
    documents = [encode(text) for text in values]
    packed = pack(documents, sequence_tokens, way)
    found, everything = held(packed), pairs(documents)
    assert found == (pairs(documents, sequence_tokens) if way[1] == "truncate" else everything)
    assert packed.counts["tokens"] == len(found)
    assert packed.counts["cropped"] == len(everything) - len(found)


@given(texts, st.integers(1, 40), ways)
def test_rows_are_pieces_without_gaps_and_then_padding(values, sequence_tokens, way):
    rows, pieces, counts = pack([encode(text) for text in values], sequence_tokens, way)
    covered = np.zeros(rows.shape, int)
    for piece in pieces.to_pylist():
        covered[piece["sequence"], piece["start"] : piece["start"] + piece["n_tokens"]] += 1
    assert covered.max(initial=0) <= 1 and (np.diff(covered, axis=1) <= 0).all() and covered.any(axis=1).all()
    assert (rows[covered == 0] == END_OF_TEXT).all() and rows.shape == (counts["sequences"], sequence_tokens + 1)
    assert counts["padding"] == int((covered == 0).sum())
    order = [(piece["sequence"], piece["start"]) for piece in pieces.to_pylist()]
    assert order == sorted(order)


@given(texts, st.integers(1, 40), ways)
def test_the_counts_are_those_of_the_pieces(values, sequence_tokens, way):
    documents = [encode(text) for text in values]
    _, pieces, counts = pack(documents, sequence_tokens, way)
    parts = pieces["part"].to_pylist()
    several = {piece["uid"] for piece in pieces.to_pylist() if piece["part"]}
    too_long = {f"d-{number}" for number, document in enumerate(documents) if len(document) + 1 > sequence_tokens}
    assert list(counts) == COUNTS
    assert counts["documents"] == parts.count(0) == len(documents)
    assert counts["pieces"] == len(pieces) and counts["cuts"] == len(pieces) - len(documents)
    assert counts["documents_cut"] == len(too_long if way[1] == "truncate" else several)
    assert way[0] == "concat" or several == (too_long if way[1] == "fragment" else set()), "what fits is never cut"
    assert counts["bytes"] == sum(len(text.encode()) for text in values)


@given(texts, st.integers(1, 40))
def test_costs_are_what_each_way_comes_to(values, sequence_tokens):
    documents = [encode(text) for text in values]
    found = costs(np.array([len(document) + 2 for document in documents], np.int64), sequence_tokens)
    assert list(found) == list(WAYS)
    for name, way in WAYS.items():
        counts = pack(documents, sequence_tokens, way).counts
        assert {**{key: counts[key] for key in COUNTS[:6]}, "dropped": 0} == found[name]


@given(texts, st.integers(1, 40))
def test_no_way_pads_more_than_pad_or_has_fewer_sequences_than_a_full_stream(values, sequence_tokens):
    found = costs(np.array([len(encode(text)) + 2 for text in values], np.int64), sequence_tokens)
    fewest = -(-found["concat"]["tokens"] // sequence_tokens)
    assert fewest <= found["best_fit"]["sequences"] <= found["pad"]["sequences"]
    assert fewest <= found["concat"]["sequences"]
    assert found["best_fit_truncate"]["sequences"] <= found["pad_truncate"]["sequences"] == len(values)


@given(texts, st.integers(1, 40))
def test_pad_gives_each_piece_a_sequence(values, sequence_tokens):
    documents = [encode(text) for text in values]
    pieces = pack(documents, sequence_tokens, ("pad", "fragment")).pieces
    assert pieces["sequence"].to_pylist() == list(range(len(pieces))) and not any(pieces["start"].to_pylist())


def test_concat_by_hand():
    rows, pieces, counts = pack([[1, 2], [3, 4, 5, 6, 7], []], 4, ("concat", "fragment"))
    end = END_OF_TEXT
    assert rows.tolist() == [[end, 1, 2, end, end], [end, 3, 4, 5, 6], [6, 7, end, end, end]]
    assert [list(row.values()) for row in pieces.to_pylist()] == [
        [0, 0, 4, "d-0", 0],
        [1, 0, 5, "d-1", 0],
        [2, 0, 3, "d-1", 1],
        [2, 3, 2, "d-2", 0],
    ]
    assert (counts["padding"], counts["cuts"], counts["documents_cut"]) == (1, 1, 1)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_documents_of_just_the_length_of_a_sequence(way):
    """Of T, T+1 and T+2 tokens with their borders: the first two fit, and so does one with only its borders."""
    documents = [[n] * (5 + n) for n in range(3)]
    packed = pack([*documents, []], 7, way)
    assert packed.counts["cropped"] == (way[1] == "truncate")
    assert packed.counts["sequences"] == {"concat": 4, "best_fit": 4, "pad": 5}[way[0]] - (way == ("pad", "truncate"))
    whole = [piece["uid"] for piece in packed.pieces.to_pylist() if piece["n_tokens"] in (2, 8)]
    if way[0] != "concat":
        assert packed.counts["documents_cut"] == 1 and {"d-1", "d-3"} <= set(whole)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_sequences_of_a_single_pair(way):
    documents = [encode("ab"), [], encode("中")]
    packed = pack(documents, 1, way)
    assert packed.rows.shape == (packed.counts["tokens"], 2) and packed.counts["padding"] == 0
    assert held(packed) == pairs(documents, 1 if way[1] == "truncate" else None)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_shard_without_documents(way):
    rows, pieces, counts = pack([], 8, way)
    assert rows.shape == (0, 9) and len(pieces) == 0 and set(counts.values()) == {0}


@pytest.mark.parametrize("way", FRAGMENTS)
def test_a_document_of_five_million_tokens(way):
    tokens, docs = token_shard([encode("before"), [7] * 9_998, encode("后")])
    long = np.concatenate((tokens[:8], tokens[8:10_008].repeat(500), tokens[10_008:]))
    long[8:][[0, 4_999_999]], long[9 : 8 + 4_999_999] = END_OF_TEXT, np.arange(4_999_998) % END_OF_TEXT
    n_tokens = np.array([8, 5_000_000, 5])
    for name, values in (("start", np.cumsum(n_tokens) - n_tokens), ("n_tokens", n_tokens)):
        docs = docs.set_column(docs.schema.get_field_index(name), name, [values])
    rows, pieces, counts = pack_shard(long, docs, 2048, END_OF_TEXT, *way)
    assert counts["tokens"] == 7 + 4_999_999 + 4
    uid, sequence, start, size = (pieces[name].to_numpy() for name in ("uid", "sequence", "start", "n_tokens"))
    of_it = np.flatnonzero(uid == "d-1")[np.argsort(pieces["part"].to_numpy()[uid == "d-1"])]
    found = [rows[sequence[k], start[k] : start[k] + size[k] - 1] for k in of_it]
    np.testing.assert_array_equal(np.concatenate(found), long[8 : 8 + 4_999_999])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_same_twice_and_pieces_in_the_order_of_documents(way):
    documents = [encode("短文"), encode("a longer document"), encode("b"), encode("长" * 20), encode("c"), encode("")]
    one, two = pack(documents, 30, way), pack(documents, 30, way)
    np.testing.assert_array_equal(one.rows, two.rows)
    assert one.pieces.equals(two.pieces)
    for number in range(len(one.rows)):
        in_row = [piece["uid"] for piece in one.pieces.to_pylist() if piece["sequence"] == number]
        assert in_row == sorted(in_row)


def test_tokens_that_do_not_belong_to_the_documents_are_refused():
    tokens, docs = token_shard([encode("hello"), encode("中")])
    how = ("best_fit", "fragment")
    with pytest.raises(DataError, match="but its documents"):
        pack_shard(tokens[:-1], docs, 8, END_OF_TEXT, *how)
    with pytest.raises(DataError, match="without its borders"):
        pack_shard(tokens, docs, 8, END_OF_TEXT + 1, *how)
    moved = tokens.copy()
    moved[[6, 5]] = moved[[5, 6]]
    with pytest.raises(DataError, match="without its borders"):
        pack_shard(moved, docs, 8, END_OF_TEXT, *how)
