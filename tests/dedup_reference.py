"""The slow truth about shingles and clusters."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import reference

from pipeline.batch import Batch
from pipeline.stage import Edges, GlobalStage, Sketch, Verdicts


def folded(word: str) -> tuple[str, ...]:
    """Each character in lower case if that is one character, digits as 0."""
    lower = [c.lower() if len(c.lower()) == 1 else c for c in word]
    return tuple("0" if unicodedata.category(c)[0] == "N" and reference.kind(c) == "d" else c for c in lower)


def shingles(text: str, n_words: int, n_chars: int) -> set[tuple]:
    """The shingles of a text; one of all its words if there are fewer than a shingle has."""
    words = reference.words(text)
    n_unspaced = sum(map(reference.is_unspaced, words))
    size = n_chars if 2 * n_unspaced >= len(words) else n_words
    plain = [folded(word) for word in words]
    if not plain:
        return set()
    return {tuple(plain[i : i + size]) for i in range(max(1, len(plain) - size + 1))}


def jaccard(one: set, other: set) -> float:
    """Size of the intersection over that of the union."""
    return len(one & other) / len(one | other)


def components(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Element -> least element of its cluster, by repeated relabelling."""
    label = {element: element for pair in pairs for element in pair}
    changed = True
    while changed:
        changed = False
        for one, other in pairs:
            least = min(label[one], label[other])
            changed |= label[one] != least or label[other] != least
            label[one] = label[other] = least
    return label


def verdicts_by(stage: GlobalStage, batches: list, partitions: int, shuffle: random.Random) -> Verdicts:
    """What the frame does between sketch and apply, for these batches, in one process and any order."""
    sketches = [stage.sketch(Batch(batch, stage, stage.name)) for batch in batches]
    shuffle.shuffle(sketches)
    keys = np.concatenate([one.keys for one in sketches])
    ranks = np.concatenate([one.ranks for one in sketches])
    payload = {name: np.concatenate([one.payload[name] for one in sketches]) for name in sketches[0].payload}
    edges: list[Edges] = []
    for partition in range(partitions):
        rows = np.flatnonzero(keys % np.uint64(partitions) == np.uint64(partition))
        rows = rows[np.lexsort((ranks[rows], keys[rows]))]
        edges.append(
            stage.decide(Sketch(keys[rows], ranks[rows], {name: values[rows] for name, values in payload.items()}))
        )
    shuffle.shuffle(edges)
    return stage.settle(
        Edges(np.concatenate([one.kept for one in edges]), np.concatenate([one.other for one in edges]))
    )


def survivors(verdicts: Verdicts, texts: list[str]) -> list[str]:
    """The texts that have no twin; the rank of text i is i."""
    dropped = set(verdicts.ranks[verdicts.twins >= 0].tolist())
    return [text for row, text in enumerate(texts) if row not in dropped]
