"""The slow truth about shingles and about which documents stay."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import reference
from components import components


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


def ten_thousandths(one: set, other: set) -> int:
    """Jaccard similarity as verdicts compare it; two without anything are not alike."""
    union = len(one | other)
    return 10_000 * len(one & other) // union if union else 0


class Documents(NamedTuple):
    """Documents by number. similar: of two, in ten-thousandths; merit: the lowest comes first, ties by number; camps:
    those of the same are not compared (-1: with all); keys: by which they meet."""

    n: int
    similar: Callable[[int, int], int]
    merits: list[int]
    camps: list[int]
    keys: list[set[int]]

    def before(self, one: int) -> tuple[int, int]:
        return self.merits[one], one

    def comparable(self, one: int, other: int) -> bool:
        return self.camps[one] < 0 or self.camps[one] != self.camps[other]


def candidates(found: Documents, least: int, rounds: int) -> tuple[dict[tuple[int, int], int], dict[int, int]]:
    """The pairs that the rounds measure, with their similarity, and the least member of each one's cluster."""
    measured: dict[tuple[int, int], int] = {}
    label = {one: one for one in range(found.n)}
    buckets = []
    for key in set().union(*found.keys):
        members = sorted((one for one in range(found.n) if key in found.keys[one]), key=found.before)
        buckets.append({"apart": members, "waits": [], "compared": []})
    for _ in range(rounds):
        for bucket in buckets:
            bucket_pairs(found, bucket, label, measured)
        label = {one: one for one in range(found.n)} | components([p for p, s in measured.items() if s >= least])
    return measured, label


def bucket_pairs(found: Documents, bucket: dict[str, list[int]], label: dict[int, int], measured: dict) -> None:
    """Measure what one round compares in a bucket."""
    known = {label[one] for one in bucket["waits"] + bucket["compared"]}
    bucket["waits"] = sorted(
        bucket["waits"] + [one for one in bucket["apart"] if label[one] in known], key=found.before
    )
    bucket["apart"] = [one for one in bucket["apart"] if label[one] not in known]
    heads = bucket["apart"][:1] + bucket["waits"][:1]
    for head in heads:
        for one in bucket["apart"] + (bucket["compared"] if head in bucket["waits"] else []):
            if one != head and found.comparable(head, one) and label[head] != label[one]:
                pair = tuple(sorted((head, one), key=found.before))
                measured[pair] = found.similar(*pair)
    bucket["apart"], bucket["waits"] = bucket["apart"][1:], bucket["waits"][1:]
    bucket["compared"] += heads


def connected(found: Documents, label: dict[int, int]) -> dict[int, int]:
    """Document -> the one that stays for it: the first in priority of its cluster."""
    clusters: dict[int, list[int]] = {}
    for one, least in label.items():
        clusters.setdefault(least, []).append(one)
    return {one: min(members, key=found.before) for members in clusters.values() for one in members}


def stars(
    found: Documents, label: dict[int, int], measured: dict[tuple[int, int], int], least: int, turns: int
) -> dict[int, int]:
    """Document -> the one that stays for it: by going through each cluster again and again."""
    kept = {one: one for one in range(found.n)}
    for cluster in set(label.values()):
        rest = sorted((one for one in range(found.n) if label[one] == cluster), key=found.before)
        stay: list[int] = []
        for _ in range(turns):
            if not rest:
                break
            leader = rest[0]
            n_stay = next((n for n, one in enumerate(rest) if n and found.comparable(leader, one)), len(rest))
            stay += rest[:n_stay]
            rest = [one for one in rest[n_stay:] if not _joins(found, one, leader, stay, measured, least, kept)]
    return kept


def _joins(found, one, leader, stay, measured, least, kept) -> bool:
    """Whether a document goes for one that stays: the first that it is known to reach the threshold with, or else the
    leader, with which it is then compared."""
    known = [other for other in stay if measured.get((other, one), -1) >= least]
    if not known and found.comparable(leader, one) and (leader, one) not in measured:
        measured[leader, one] = found.similar(leader, one)
        known = [leader] if measured[leader, one] >= least else []
    if known:
        kept[one] = min(known, key=found.before)
    return bool(known)
