"""Document borders: cu_seqlens and positions beside a naive twin, and beside attention that looks at the pieces."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from packed_folders import encode, packed_folder

from train.borders import cu_seqlens, positions
from train.loader import Shards


@st.composite
def batches(draw) -> np.ndarray:
    """piece int32[B,S]: pieces of one slot or more from the first slot on, then padding."""
    slots = draw(st.integers(2, 12))
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        sizes = draw(st.lists(st.integers(1, slots), max_size=slots))
        row = [number for number, size in enumerate(sizes) for _ in range(size)]
        rows.append((row + [-1] * slots)[:slots])
    return np.array(rows, np.int32).reshape(len(rows), slots)


def segments(piece: np.ndarray) -> list[list[int]]:
    """The flat places of the inputs of each segment, one input after another."""
    found: list[list[int]] = []
    n_inputs = piece.shape[1] - 1
    for row, numbers in enumerate(piece.tolist()):
        for slot in range(n_inputs):
            if slot == 0 or numbers[slot] != numbers[slot - 1]:
                found.append([])
            found[-1].append(row * n_inputs + slot)
    return found


@given(batches())
def test_borders_are_those_of_the_naive_twin(piece):
    expected = segments(piece)
    borders = cu_seqlens(piece)
    assert borders.dtype == np.int32
    assert [list(range(*pair)) for pair in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)] == expected
    found = positions(piece)
    assert found.dtype == np.int32 and found.shape == (len(piece), piece.shape[1] - 1)
    assert found.ravel().tolist() == [place for segment in expected for place in range(len(segment))]


def test_a_sequence_by_hand():
    piece = np.array([[0, 0, 0, 1, 1, -1, -1], [0, 1, 1, 1, 1, 1, 2], [-1] * 7], np.int32)
    assert cu_seqlens(piece).tolist() == [0, 3, 5, 6, 7, 12, 18]
    assert positions(piece).tolist() == [[0, 1, 2, 0, 1, 0], [0, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]]


def test_a_batch_without_sequences_has_no_segment():
    assert cu_seqlens(np.empty((0, 9), np.int32)).tolist() == [0]
    assert positions(np.empty((0, 9), np.int32)).shape == (0, 8)


@given(batches().filter(lambda piece: piece.size > 0))
def test_the_form_is_that_of_transformers(piece):
    """Its collator lays documents end to end for FlashAttention; what it is given are the segments."""
    from transformers import DataCollatorWithFlattening

    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True, return_tensors="np")
    theirs = collate([{"input_ids": segment} for segment in segments(piece)])
    borders = cu_seqlens(piece)
    np.testing.assert_array_equal(theirs["cu_seq_lens_q"], borders, strict=True)
    np.testing.assert_array_equal(theirs["position_ids"], positions(piece).reshape(1, -1))
    assert theirs["max_length_q"] == np.diff(borders).max()


def block_diagonal(borders: np.ndarray) -> torch.Tensor:
    """The causal mask over all inputs laid end to end, made of the borders alone."""
    sizes = np.diff(borders).tolist()
    return torch.block_diag(*[torch.ones(size, size, dtype=torch.bool).tril() for size in sizes])


def test_attention_within_borders_is_attention_within_pieces(tmp_path):
    documents = [encode(text) for text in ("Two words. ", "短文", "今天天气很好，我们去公园散步。", "a", "x" * 40)]
    index = packed_folder(tmp_path, {"text": documents})
    shards = Shards(index, str(tmp_path), index.sources["text"].train.shards)
    _, piece = shards.read(shards.layout(np.arange(len(shards))))
    inputs = piece[:, :-1]
    assert len(inputs) > 2 and (inputs == 1).any() and (inputs < 0).any(), "some rows of two pieces, some padding"
    torch.manual_seed(0)
    query, key, value = (torch.randn(*inputs.shape, 8) for _ in range(3))
    of = torch.from_numpy(inputs)
    apart = (of[:, :, None] == of[:, None, :]) & torch.ones(inputs.shape[1], inputs.shape[1], dtype=torch.bool).tril()
    attend = torch.nn.functional.scaled_dot_product_attention
    expected = attend(query, key, value, attn_mask=apart)
    flat = (one.reshape(1, -1, 8) for one in (query, key, value))
    found = attend(*flat, attn_mask=block_diagonal(cu_seqlens(piece))[None])
    torch.testing.assert_close(found.reshape(expected.shape), expected)
