"""Resumed at any step, for any number of ranks, after any skip, under torch or without: the same global batches."""

from __future__ import annotations

import functools
import os
import pickle
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_folders import encode, packed_folder
from torch.utils.data import DataLoader

from train import loader as loader_module
from train.errors import ConfigError, DataError
from train.loader import Loader
from train.packed import read_index
from train.plan import Phase, allot

TEXTS = {
    "en": [f"Line {number} of a book, and more of it. " * (1 + number % 4) for number in range(30)],
    "zh": [f"第{number}章：学而时习之，不亦说乎？" * (1 + number % 3) for number in range(15)],
    "one": ["只有这一行。"],
}
PHASES = [({"en": 0.7, "zh": 0.2, "one": 0.1}, 4000), ({"zh": 0.9, "one": 0.1}, 1500)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed")
    documents = {source: [encode(text) for text in texts] for source, texts in TEXTS.items()}
    packed_folder(path, documents, sequence_tokens=32, shards=2)
    return str(path)


indices = functools.cache(read_index)


def opened(folder, *, size=8, phases=PHASES, rank=0, world=1, seed=3):
    index = indices(folder)
    plan = allot([Phase(weights, tokens) for weights, tokens in phases], index.available(), 1e6)
    return Loader(index, folder, plan, seed, size, rank, world)


def state_of(loader, step, *skipped):
    """A state of a loader like this one."""
    return {"step": step, "skipped": [list(one) for one in skipped], "of": loader.identity}


def same(one, other):
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


def joined(parts):
    """The global batch of all ranks' parts."""
    assert len({part.n_tokens for part in parts}) == 1
    columns = [np.concatenate(column) for column in list(zip(*parts, strict=True))[:-1]]
    return type(parts[0])(*columns, parts[0].n_tokens)


def test_iteration_goes_on_from_the_state_at_any_step(folder):
    whole = list(opened(folder))
    assert len(whole) == len(opened(folder)) > 15
    for step in range(len(whole) + 1):
        loader = opened(folder)
        loader.load_state_dict(state_of(loader, step))
        rest = list(loader)
        assert len(rest) == len(whole) - step and all(map(same, rest, whole[step:]))
        assert loader.state_dict() == state_of(loader, len(whole))


def test_a_state_taken_while_iterating_counts_what_was_handed_out(folder):
    loader = opened(folder)
    for number, _ in enumerate(loader, start=1):
        assert loader.state_dict()["step"] == number


@pytest.mark.parametrize("world", [1, 2, 3, 5, 8])
def test_any_number_of_ranks_gives_the_same_global_batches(folder, world):
    ranks = [opened(folder, rank=rank, world=world) for rank in range(world)]
    whole = opened(folder)
    for step in range(len(whole)):
        parts = [rank[step] for rank in ranks]
        assert max(len(part.source) for part in parts) - min(len(part.source) for part in parts) <= 1
        assert same(joined(parts), whole[step])
        assert sum(int(part.mask.sum()) for part in parts) == parts[0].n_tokens


def test_a_last_batch_smaller_than_the_ranks_leaves_some_of_them_nothing(folder):
    phases = [({"one": 1.0}, 30)]
    plain = opened(folder, size=4, phases=phases)
    assert len(plain) == 1 and len(plain[0].source) < 4
    parts = [opened(folder, size=4, phases=phases, rank=rank, world=4)[0] for rank in range(4)]
    assert 0 in [len(part.source) for part in parts]
    assert all(part.inputs.shape[1] == 32 and part.cu_seqlens[-1] == part.inputs.size for part in parts)
    assert same(joined(parts), plain[0])


def test_the_number_of_ranks_may_change_at_every_resume(folder):
    whole, found, state, world = list(opened(folder)), [], opened(folder).state_dict(), 1
    while state["step"] < len(whole):
        ranks = [opened(folder, rank=rank, world=world) for rank in range(world)]
        for rank in ranks:
            rank.load_state_dict(pickle.loads(pickle.dumps(state)))
        for parts in zip(*map(iter, ranks), strict=True):
            found.append(joined(parts))
            if len(found) % 3 == 0:
                break
        state, world = ranks[0].state_dict(), world % 8 + 1
    assert len(found) == len(whole) and all(map(same, found, whole))


def test_skipped_windows_are_left_out_and_nothing_else_moves(folder):
    whole, loader = list(opened(folder)), opened(folder)
    before = [next(iter(loader)) for _ in range(4)]
    loader.skip(6, 9)
    loader.skip(12, 13)
    loader.skip(8, 10)
    assert loader.skipped == ((6, 10), (12, 13)) and len(loader) == len(whole) - 5
    assert loader.state_dict() == state_of(loader, 4, (6, 10), (12, 13))
    wanted = [batch for number, batch in enumerate(whole) if number not in {6, 7, 8, 9, 12}]
    assert all(map(same, [*before, *loader], wanted)) and loader.step == len(wanted)
    for step in (3, 4, 5, 6, 7, 8, 9):  # resumed before, between and after the skips
        again = opened(folder)
        again.load_state_dict(state_of(again, step, (6, 10), (12, 13)))
        rest = list(again)
        assert len(rest) == len(wanted) - step and all(map(same, rest, wanted[step:]))


def test_after_a_spike_a_trainer_goes_back_and_skips_what_hurt(folder):
    """PaLM: the state of step 5, and the windows 6 .. 8, of which the model had seen some, never come again."""
    loader = opened(folder)
    for _ in range(5):
        next(iter(loader))
    state = loader.state_dict()
    for _ in range(4):
        next(iter(loader))
    loader.load_state_dict(state)
    loader.skip(6, 9)
    whole = opened(folder)
    assert same(next(iter(loader)), whole[5]) and same(next(iter(loader)), whole[9])


@pytest.mark.parametrize("bad", [(3, 5), (0, 1), (4, 4), (6, 5), (5, 10**9), (-3, -1)])
def test_windows_that_cannot_be_skipped(folder, bad):
    loader = opened(folder)
    loader.load_state_dict(state_of(loader, 4))
    with pytest.raises(ConfigError, match=rf"cannot skip windows {bad[0]} to {bad[1]}: they must lie from 4"):
        loader.skip(*bad)
    assert loader.skipped == ()


def test_all_that_is_left_may_be_skipped(folder):
    loader = opened(folder)
    loader.skip(0, loader.n_windows)
    assert len(loader) == 0 and list(loader) == []
    with pytest.raises(IndexError, match="step 0 of 0"):
        loader[0]


STATES = [
    {}, {"step": None}, {"step": -1}, {"step": 10**9}, {"step": 1.5}, {"step": "1"}, {"step": True}, {"skipped": None},
    {"skipped": [[5, 2]]}, {"skipped": [[0, 10**9]]}, {"skipped": [[-1, 2]]}, {"skipped": [3]}, {"skipped": [[2, 2]]},
    {"skipped": [[1, 2, 3]]}, {"skipped": [["a", "b"]]}, {"skipped": [[4, 6], [2, 3]]}, {"skipped": [[2, 4], [3, 5]]},
    {"skipped": [[2, 4], [4, 5]]}, {"skipped": [[0, True]]}, {"skipped": [[0.0, 2]]}, {"skipped": [[True, 2]]},
    {"more": 1}, {"of": None}, {"of": {}}, {"of": 3}, {"step": 1 << 70},
]  # fmt: skip


@pytest.mark.parametrize("change", STATES)
def test_states_that_cannot_be_change_nothing(folder, change):
    loader = opened(folder)
    before = state_of(loader, 2, (3, 4))
    loader.load_state_dict(before)
    with pytest.raises(DataError, match="the state of the loader is none of this data and plan"):
        loader.load_state_dict({**before, **change} if change else {})
    assert loader.state_dict() == before


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("seed", {"seed": 4}),
        ("batch_sequences", {"size": 7}),
        ("plan", {"phases": PHASES[:1]}),
        ("plan", {"phases": [({"en": 0.6, "zh": 0.3, "one": 0.1}, 4000), PHASES[1]]}),
    ],
)
def test_a_state_of_another_run_is_refused_and_says_what_differs(folder, name, more):
    loader, other = opened(folder), opened(folder, **more)
    loader.load_state_dict(before := state_of(loader, 2, (3, 4)))
    with pytest.raises(DataError, match=rf"the state of the loader is of another run: its {name} differ"):
        loader.load_state_dict(other.state_dict())
    assert loader.state_dict() == before


def test_a_state_of_other_data_is_refused_but_not_of_a_copy(folder, tmp_path):
    state = Loader.open(folder, batch_sequences=4, mixture={"zh": 1.0}, tokens=300).state_dict()
    documents = {source: [encode(text) for text in texts] for source, texts in TEXTS.items()}
    for texts, is_same in ((documents, True), ({**documents, "en": documents["en"][1:]}, False)):
        packed_folder(tmp_path, texts, sequence_tokens=32, shards=2)
        again = Loader.open(str(tmp_path), batch_sequences=4, mixture={"zh": 1.0}, tokens=300, rank=1, world=2)
        assert again.plan == Loader.open(folder, batch_sequences=4, mixture={"zh": 1.0}, tokens=300).plan
        if is_same:
            again.load_state_dict(state)
        else:
            with pytest.raises(DataError, match="is of another run: its data differ"):
                again.load_state_dict(state)


def test_what_was_reached_counts_the_skipped_windows_before_it(folder):
    """With 3 windows left out behind the second, step 4 has reached window 6: it is 7 that comes next."""
    loader = opened(folder)
    loader.skip(2, 5)
    loader.load_state_dict(state_of(loader, 4, (2, 5)))
    for first in (4, 5, 6):
        with pytest.raises(ConfigError, match=f"cannot skip windows {first} to 9: they must lie from 7, which comes"):
            loader.skip(first, 9)
    loader.skip(7, 9)
    assert loader.skipped == ((2, 5), (7, 9)) and loader.window_of(4) == 9


def test_very_many_skips_are_counted_not_walked(folder):
    loader = opened(folder, size=1, phases=[({"en": 1.0, "zh": 1.0}, 400_000)])
    ranges = [(first, first + 1 + first % 2) for first in range(0, loader.n_windows - 3, 3)]
    loader.load_state_dict(state_of(loader, 5, *ranges))
    assert len(ranges) > 4000 and loader.skipped == tuple(ranges)
    gone = {window for first, stop in ranges for window in range(first, stop)}
    left = [window for window in range(loader.n_windows) if window not in gone]
    assert [loader.window_of(step) for step in range(len(loader))] == left


@settings(max_examples=30)
@given(st.data())
def test_whatever_is_drawn_every_window_comes_once_or_is_skipped(folder, data):
    """Any sizes, worlds, phases, steps at which a run stops, and skips: the rows of the plan, each as often as planned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader_module, "BLOCK_SEQUENCES", data.draw(st.sampled_from([3, 10, 1024])))
        weights = st.sampled_from([{"en": 1.0, "zh": 0.0}, {"zh": 1, "one": 2}, {"en": 0.3, "zh": 0.3, "one": 0.4}])
        phases = data.draw(st.lists(st.tuples(weights, st.integers(1, 2500)), min_size=1, max_size=3))
        size = data.draw(st.integers(1, 9))
        whole = list(opened(folder, size=size, phases=phases))
        state, found, skipped = opened(folder, size=size, phases=phases).state_dict(), [], set()
        while True:
            world = data.draw(st.integers(1, size))
            ranks = [opened(folder, size=size, phases=phases, rank=rank, world=world) for rank in range(world)]
            first = data.draw(st.integers(0, len(whole) - 1))
            stop, does_skip = data.draw(st.integers(first + 1, len(whole))), data.draw(st.booleans())
            for rank in ranks:
                rank.load_state_dict(state)
                if does_skip and rank.window_of(rank.step) <= first:
                    rank.skip(first, stop)
                    skipped |= set(range(first, stop))
            most = data.draw(st.integers(1, 9))
            for _ in range(min(most, len(ranks[0]) - ranks[0].step)):
                found.append(joined([next(iter(rank)) for rank in ranks]))
            state = ranks[0].state_dict()
            if state["step"] == len(ranks[0]):
                break
        assert skipped == set().union(*(range(*one) for one in state["skipped"]))
        wanted = [batch for number, batch in enumerate(whole) if number not in skipped]
        assert len(found) == len(wanted) and all(map(same, found, wanted))


def test_a_step_that_is_none(folder):
    loader = opened(folder)
    for step in (-1, len(loader)):
        with pytest.raises(IndexError, match=f"step {step} of"):
            loader[step]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"rank": 2, "world": 2}, "rank 2 of 2"),
        ({"rank": -1, "world": 2}, "rank -1 of 2"),
        ({"size": 4, "rank": 0, "world": 5}, "a batch of 4 sequences for 5 ranks"),
        ({"size": 0}, "a batch of 0 sequences"),
    ],
)
def test_what_cannot_be_opened(folder, more, says):
    with pytest.raises(ConfigError, match=says):
        opened(folder, **more)


def test_what_cannot_be_opened_by_name(folder):
    with pytest.raises(ConfigError, match=r"no mixture named 'nautral' \(did you mean 'natural'\?\)"):
        Loader.open(folder, batch_sequences=4, mixture="nautral")
    with pytest.raises(DataError, match="is this a folder of packed tokens"):
        Loader.open(os.path.dirname(folder), batch_sequences=4)


def texts_in(batches):
    """The texts of all pieces, decoded, and how often each is there."""
    found = Counter()
    for batch in batches:
        tokens = np.concatenate((batch.inputs[:, :1], batch.targets), axis=1)
        for row, piece in zip(tokens, batch.piece, strict=True):
            found.update(bytes(row[piece == number][1:-1].tolist()).decode() for number in range(piece.max() + 1))
    return found


@pytest.mark.parametrize("epochs", [1, 3])
def test_opened_plainly_it_is_every_text_once_in_each_epoch(tmp_path, epochs):
    packed_folder(
        tmp_path, {name: [encode(text) for text in texts] for name, texts in TEXTS.items()}, sequence_tokens=256
    )
    loader = Loader.open(str(tmp_path), batch_sequences=4)
    if epochs > 1:
        n_tokens = epochs * sum(loader.plan.asked.values())
        loader = Loader.open(str(tmp_path), batch_sequences=4, tokens=n_tokens, seed=5)
    every = Counter(text for texts in TEXTS.values() for text in texts)
    assert texts_in(loader) == Counter({text: epochs * n for text, n in every.items()})


@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes")
@pytest.mark.parametrize(("workers", "context"), [(0, None), (1, "spawn"), (3, "fork")])
def test_under_a_data_loader_of_torch_it_is_the_same(folder, workers, context):
    loader = opened(folder)
    loader.load_state_dict(state_of(loader, 5, (8, 9)))
    wanted = [loader[step] for step in range(5, len(loader))]
    fed = DataLoader(
        loader,
        batch_size=None,
        sampler=range(loader.step, len(loader)),
        num_workers=workers,
        multiprocessing_context=context,
    )
    found = list(fed)
    assert len(found) == len(wanted)
    for mine, theirs in zip(found, wanted, strict=True):
        assert isinstance(mine, loader_module.Batch) and isinstance(mine.inputs, torch.Tensor)
        assert mine.inputs.dtype == mine.targets.dtype == torch.int64 and mine.n_tokens == theirs.n_tokens
        assert same(mine, theirs)
        assert np.array_equal(mine.positions, theirs.positions) and np.array_equal(mine.cu_seqlens, theirs.cu_seqlens)


def test_maps_are_not_pickled_and_hold_no_descriptors(folder):
    loader = opened(folder)
    before = len(os.listdir("/proc/self/fd"))
    batch = loader[7]
    assert len(os.listdir("/proc/self/fd")) == before
    data = pickle.dumps(loader)
    assert len(data) < 10_000 and same(pickle.loads(data)[7], batch)
