"""Aho-Corasick over UTF-8 bytes: where any of many terms occurs, in one pass over the text.

Letters: D bytes, N documents, P patterns, S states, T cells, R = P + 1 records, G groups, H hashes of heads, B = 256
byte values. A symbol is a byte that occurs in some pattern; 0 stands for all others. All states are in one table, and
its cell where a state begins is its place. Those near the root come first: a row with the place of the next state for
every symbol, and the record. Deeper ones are nodes of four cells that fall back along failure links; their first child
follows them, so that most of a long term is read from one or two cache lines. Lists of further children come last.
Every byte of text is amortised O(1) steps and a binary search among children. If the patterns have few heads, which are
their first four bytes, the text between heads is skipped without the automaton: eight bytes are looked up at once, and
no step waits for the one before.

Definition: Aho, Corasick: Efficient string matching: an aid to bibliographic search (1975).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import njit

from .loads import word32, word64
from .utf8 import DIGIT, LETTER, MARK, class_of, classes, decode, decode_before

N_GROUPS = 64
MAX_CELLS = 1 << 22
"""Cells of rows, 4 bytes each: more do not fit into a third-level cache."""
NODE_CELLS = 4
"""A node: the symbol of the first child (255: none) and, from bit 8 on, how many more there are; where the list of
those begins; the place of the longest proper suffix; the record."""
LEFT, RIGHT = 1, 2
_HEAD = 4
_HEAD_BITS = 15
_FOLD = np.uint64(0x2020202020202020)
_MAX_HEADS = 1 << 10
"""With more of them, too little text would be skipped."""


class Automaton(NamedTuple):
    """What `build` makes of patterns. Record 0 stands for no pattern."""

    symbols_B: np.ndarray
    """uint8[B]: the symbol of each byte; those of `A` and `a` are equal."""
    table_T: np.ndarray
    """uint32[T]: rows, nodes (see NODE_CELLS) and lists. A list is the symbols, ascending, and then the places."""
    n_cells: int
    """Cells of all rows, and so the place of the first node."""
    width: int
    """Cells of a row."""
    next_R: np.ndarray
    """int32[R]: the record of the next shorter pattern that ends where this one does."""
    groups_R: np.ndarray
    """uint64[R]: bit g is set if the pattern is in group g."""
    bytes_R: np.ndarray
    """int32[R]: its length."""
    sides_R: np.ndarray
    """uint8[R]: LEFT and RIGHT, where it must not touch a word."""
    heads_H: np.ndarray
    """uint8[H]: 1 if a pattern may begin with four bytes of this hash."""
    n_shallow: int
    """The states less than four bytes deep are those at places below; 0 if all text is to be read."""


def build(patterns: Iterable[tuple[str, int]], whole_words: bool = True) -> Automaton:
    """The automaton of (pattern, group) pairs, groups from 0 to 63; the same pattern may be in several.

    Case makes no difference for ASCII letters. A pattern with other letters matches as it is written, in lower
    case, in upper case, and with its first letter or each word's first letter in upper case. whole_words: a side
    on which a pattern has a letter, digit or mark of a spaced script, or `_`, must not touch another such
    character; a Han character at its side is no obstacle, and a pattern that begins or ends with one needs no
    border there. Raises ValueError for an empty pattern or a group out of range.
    """
    groups: dict[bytes, int] = {}
    for pattern, group in patterns:
        if not pattern:
            raise ValueError("a pattern is empty")
        if not 0 <= group < N_GROUPS:
            raise ValueError(f"the group {group} of '{pattern}' is not one of 0 to {N_GROUPS - 1}")
        for spelling in _spellings(pattern):
            groups[spelling] = groups.get(spelling, 0) | 1 << group
    spellings = sorted(groups)
    data, sizes = np.frombuffer(b"".join(spellings), np.uint8), [0, *map(len, spellings)]
    symbols = _symbols(data)
    width = int(symbols.max()) + 2
    return Automaton(
        symbols,
        *_states(symbols[data], np.cumsum(sizes, dtype=np.int64), width),
        np.array([0, *(groups[spelling] for spelling in spellings)], np.uint64),
        np.array(sizes, np.int32),
        np.array([0, *(_sides(spelling.decode()) if whole_words else 0 for spelling in spellings)], np.uint8),
        *_heads(spellings, width),
    )


def _heads(spellings: list[bytes], width: int) -> tuple[np.ndarray, int]:
    """The fields of an Automaton from `heads_H` on."""
    heads = np.zeros(1 << _HEAD_BITS, np.uint8)
    distinct = {spelling[:_HEAD] for spelling in spellings}
    n_shallow = width * len({head[:size] for head in distinct for size in range(_HEAD)})
    if not distinct or len(distinct) > _MAX_HEADS or min(map(len, distinct)) < _HEAD or n_shallow > MAX_CELLS:
        return heads, 0
    for head in distinct:
        heads[_hash_head(word32(np.frombuffer(head, np.uint8), 0) | _FOLD)] = 1
    return heads, n_shallow


def _states(data: np.ndarray, offsets: np.ndarray, width: int) -> tuple:
    """The fields of an Automaton from `table_T` to `next_R`, given the symbols of sorted, distinct patterns."""
    parents, labels, depths, ends = trie_kernel(data, offsets)
    n_states, n_rows = len(parents), min(len(parents), max(1, MAX_CELLS // width))
    by_depth, children = np.argsort(depths, kind="stable"), np.argsort(parents[1:], kind="stable") + 1
    starts = np.searchsorted(parents[children], np.arange(n_states + 1))
    has_row = np.zeros(n_states, np.bool_)
    has_row[by_depth[:n_rows]] = True
    places = np.empty(n_states, np.int64)
    places[by_depth[:n_rows]] = np.arange(n_rows) * width
    places[~has_row] = n_rows * width + np.arange(n_states - n_rows) * NODE_CELLS
    n_listed = np.maximum(np.diff(starts)[~has_row] - 1, 0).sum()
    table = np.zeros(n_rows * width + (n_states - n_rows) * NODE_CELLS + 2 * n_listed, np.uint32)
    records = np.zeros(n_states, np.int32)
    records[ends] = np.arange(1, len(ends) + 1)
    shorter = link_kernel(
        table, n_rows * width, width, parents, labels, by_depth, children, starts, places, records, len(ends)
    )
    return table, n_rows * width, width, shorter


def _spellings(pattern: str) -> set[bytes]:
    """What to look for in text whose ASCII letters are in lower case."""
    if pattern.isascii():
        return {pattern.lower().encode()}
    cases = (pattern, pattern.lower(), pattern.upper(), pattern.title(), pattern.capitalize())
    return {case.encode().lower() for case in cases}


def _sides(pattern: str) -> int:
    """LEFT if the first character makes words, RIGHT if the last one does."""
    first, last = (end == "_" or class_of(end) in (LETTER, MARK, DIGIT) for end in (pattern[0], pattern[-1]))
    return LEFT * first + RIGHT * last


def _symbols(data: np.ndarray) -> np.ndarray:
    """The symbols of all bytes, uint8[B], given the bytes of all patterns; ascending, so that their order stays."""
    used = np.unique(data)
    symbols = np.zeros(256, np.uint8)
    symbols[used] = np.arange(1, len(used) + 1)
    symbols[ord("A") : ord("Z") + 1] = symbols[ord("a") : ord("z") + 1]
    return symbols


@njit(cache=True, nogil=True)
def trie_kernel(data_D, offsets_P1):
    """The trie of sorted, distinct patterns: parents int32[S], labels uint8[S], depths int32[S], ends int32[P].

    States are numbered as the patterns need them, so that a state's first child follows it.
    """
    n_patterns, capacity = len(offsets_P1) - 1, len(data_D) + 1
    parents_S, labels_S = np.full(capacity, -1, np.int32), np.zeros(capacity, np.uint8)
    depths_S, ends_P, path_D = (
        np.zeros(capacity, np.int32),
        np.zeros(n_patterns, np.int32),
        np.zeros(capacity, np.int32),
    )
    n_states, n_before, before = np.int64(1), np.int64(0), np.int64(0)
    for pattern in range(n_patterns):
        start, size = offsets_P1[pattern], offsets_P1[pattern + 1] - offsets_P1[pattern]
        depth = np.int64(0)
        while depth < n_before and depth < size and data_D[before + depth] == data_D[start + depth]:
            depth += 1
        while depth < size:
            parents_S[n_states], labels_S[n_states] = path_D[depth], data_D[start + depth]
            depth += 1
            depths_S[n_states] = depth
            path_D[depth] = n_states
            n_states += 1
        ends_P[pattern] = path_D[size]
        n_before, before = size, start
    return parents_S[:n_states].copy(), labels_S[:n_states].copy(), depths_S[:n_states].copy(), ends_P


@njit(cache=True, nogil=True)
def _step(place, symbol, table_T, n_cells):
    """The place of the next state; all uint64."""
    while place >= n_cells:
        head = np.uint64(table_T[place])
        if head & np.uint64(255) == symbol:
            return place + np.uint64(4)
        n_listed = head >> np.uint64(8)
        low = np.uint64(table_T[place + np.uint64(1)])
        high = low + n_listed
        while low < high:
            middle = (low + high) >> np.uint64(1)
            if table_T[middle] == symbol:
                return np.uint64(table_T[middle + n_listed])
            if table_T[middle] < symbol:
                low = middle + np.uint64(1)
            else:
                high = middle
        place = np.uint64(table_T[place + np.uint64(2)])
    return np.uint64(table_T[place + symbol])


@njit(cache=True, nogil=True)
def _record(place, table_T, n_cells, width):
    """The record of the longest pattern that ends in the state at a place, int64; 0 if none does."""
    return np.int64(table_T[place + np.uint64(3 if place >= n_cells else width - 1)])


@njit(cache=True, nogil=True)
def link_kernel(
    table_T, n_cells, width, parents_S, labels_S, by_depth_S, children_S, starts_S1, places_S, records_S, n_patterns
):
    """next int32[R]; fills the table level by level: a proper suffix is shorter, and so is done."""
    fails_S, next_R = np.zeros(len(parents_S), np.int64), np.zeros(n_patterns + 1, np.int32)
    list_place, rows_end = n_cells + (len(parents_S) - n_cells // width) * 4, np.uint64(n_cells)
    for state in by_depth_S:
        if parents_S[state] > 0:
            fail = np.uint64(fails_S[parents_S[state]])
            fails_S[state] = _step(fail, np.uint64(labels_S[state]), table_T, rows_end)
        fail = fails_S[state]
        shorter = _record(np.uint64(fail), table_T, rows_end, width)
        if records_S[state] != 0:
            next_R[records_S[state]] = shorter
        else:
            records_S[state] = shorter
        place, children_H = places_S[state], children_S[starts_S1[state] : starts_S1[state + 1]]
        if place < n_cells:
            for cell in range(width):  # to copy a slice would compile for seconds, with the message of its error
                table_T[place + cell] = table_T[fail + cell]
            table_T[place + width - 1] = records_S[state]
            for child in children_H:
                table_T[place + labels_S[child]] = places_S[child]
            continue
        n_listed = max(len(children_H) - 1, 0)
        table_T[place] = (np.int64(labels_S[children_H[0]]) if len(children_H) > 0 else 255) | n_listed << 8
        table_T[place + 1], table_T[place + 2], table_T[place + 3] = list_place, fail, records_S[state]
        for child in children_H[1:]:
            table_T[list_place], table_T[list_place + n_listed] = labels_S[child], places_S[child]
            list_place += 1
        list_place += n_listed
    return next_R


@njit(cache=True, nogil=True)
def advance(place, byte, automaton):
    """The place of the state after one more byte of text, uint64; the first is 0."""
    return _step(place, np.uint64(automaton.symbols_B[byte]), automaton.table_T, np.uint64(automaton.n_cells))


@njit(cache=True, nogil=True)
def record_at(place, automaton):
    """The record of the longest pattern that ends in the state at a place, int64; 0 if none does."""
    return _record(place, automaton.table_T, np.uint64(automaton.n_cells), automaton.width)


@njit(cache=True, nogil=True)
def _hash_head(word):
    """A hash of the lower four bytes of a word, into which the caller has folded the case of letters."""
    return np.uint32(np.uint32(word) * np.uint32(0x9E3779B1)) >> np.uint32(32 - _HEAD_BITS)


@njit(cache=True, nogil=True)
def _next_head(data_D, position, end, heads_H):
    """The first byte position from `position` on where a pattern may begin; `end` if there is none."""
    while position + 8 <= end:
        word, found = word64(data_D, position) | _FOLD, np.uint8(0)
        for step in range(5):
            found |= heads_H[_hash_head(word >> np.uint64(8 * step))]
        if found != 0:
            break
        position += 5
    while position + _HEAD <= end:
        if heads_H[_hash_head(word32(data_D, position) | _FOLD)] != 0:
            return position
        position += 1
    return end


@njit(cache=True, nogil=True)
def next_hit(data_D, position, end, place, automaton):
    """Where the next pattern ends: the byte position behind it, the place of the state (uint64), the record (int64).

    The record is 0 if there is none before `end`. The first place is 0; to go on, give the place of the last hit.
    Where the state is shallow, a pattern that is not over yet began at one of the last three bytes or did not begin.
    """
    n_shallow, decided = np.uint64(automaton.n_shallow), position
    if place < n_shallow:
        position = _next_head(data_D, position, end, automaton.heads_H)
        decided = position + _HEAD  # before, any state is shallow
    while position < end:
        place = advance(place, data_D[position], automaton)
        position += 1
        record = record_at(place, automaton)
        if record != 0:
            return position, place, record
        if place < n_shallow and position >= decided:
            place, position = np.uint64(0), _next_head(data_D, position - _HEAD + 1, end, automaton.heads_H)
            decided = position + _HEAD
    return end, place, np.int64(0)


@njit(cache=True, nogil=True)
def groups_in(data_D, start, end, automaton):
    """The groups with a pattern between two bytes, as a uint64 of bits; borders of words make no difference."""
    found = np.uint64(0)
    position, place, record = next_hit(data_D, start, end, np.uint64(0), automaton)
    while record != 0:
        while record != 0:
            found |= automaton.groups_R[record]
            record = np.int64(automaton.next_R[record])
        position, place, record = next_hit(data_D, position, end, place, automaton)
    return found


@njit(cache=True, nogil=True)
def _in_word(code, classes_U):
    return code == 0x5F or LETTER <= classes_U[code] <= DIGIT


@njit(cache=True, nogil=True)
def is_free(data_D, begin, start, stop, end, sides, classes_U):
    """Whether what stands between `start` and `stop` touches no word on these sides."""
    if sides & 1 and start > begin and _in_word(decode_before(data_D, start)[0], classes_U):
        return False
    return not (sides & 2 and stop < end and _in_word(decode(data_D, stop)[0], classes_U))


@njit(cache=True, nogil=True)
def _n_chars(data_D, start, stop):
    n_chars = np.int64(0)
    for position in range(start, stop):
        n_chars += data_D[position] & 0xC0 != 0x80
    return n_chars


@njit(cache=True, nogil=True)
def count_kernel(data_D, offsets_N1, automaton, classes_U, n_groups):
    """hits int64[N, G], chars int64[N, G]; see `count`."""
    n_documents = len(offsets_N1) - 1
    hits_NG, chars_NG = np.zeros((n_documents, n_groups), np.int64), np.zeros((n_documents, n_groups), np.int64)
    last_G = np.zeros(n_groups, np.int64)
    for row in range(n_documents):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        last_G[:] = begin
        stop, place, record = next_hit(data_D, begin, end, np.uint64(0), automaton)
        while record != 0:
            seen = np.uint64(0)
            while record != 0:
                groups = automaton.groups_R[record] & ~seen
                start = stop - automaton.bytes_R[record]
                if groups != 0 and is_free(data_D, begin, start, stop, end, automaton.sides_R[record], classes_U):
                    seen |= groups
                    for group in range(n_groups):
                        if groups >> np.uint64(group) & np.uint64(1) != 0:
                            hits_NG[row, group] += 1
                            chars_NG[row, group] += _n_chars(data_D, max(start, last_G[group]), stop)
                            last_G[group] = stop
                record = np.int64(automaton.next_R[record])
            stop, place, record = next_hit(data_D, stop, end, place, automaton)
    return hits_NG, chars_NG


def count(data, offsets, automaton: Automaton, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits and their characters, per document and group: int64[N, G] both.

    A hit is a byte at which one or more patterns of the group end: `new york` and `york city` hit twice in
    `New York City`, `new york` and `york` once in `New York`. Its characters are those of the longest such pattern
    that stand behind the hit before, so that their sum never exceeds the text. n_groups: more than the highest group.
    """
    return count_kernel(data, offsets, automaton, classes(), n_groups)
