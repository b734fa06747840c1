"""C4: which lines of a document the rules of C4 keep, and the edits that leave only those.

Letters: D bytes, N documents, U code points, P profiles, M edits, Q counts, K bytes kept, T state, B = 256 byte values.
A line is what `str.splitlines` gives, without the white space around it. The rules and their order are those of
datatrove 0.10's C4QualityFilter, after Raffel et al., Exploring the limits of transfer learning (2020); the first
that a line breaks removes it:

    TOO_LONG_WORD   a word has more than `max_word_chars` characters (only where words are what white space divides)
    (citations)     `[]`, `[12]`, `[edit]` and `[citation needed]` are cut out; what follows sees the line without them
    NO_TERMINAL     the line ends in none of `. ? ! " '`, or in `...`
    TOO_FEW_WORDS   fewer than `min_words` words
    JAVASCRIPT      it holds `javascript`
    POLICY          it holds one of the phrases of terms of use and cookie notices

In a profile of unspaced scripts words are those of `words`, each Han character one. A profile may let lines end with
further marks. `lorem ipsum` and `{` are looked for in lines that got that far, in datatrove's order: before JAVASCRIPT
and before POLICY. Case makes no difference for ASCII letters (`str.lower` also makes a `k` of the Kelvin sign).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numba import njit

from . import scan
from .automaton import Automaton, build, groups_in
from .citations import decimals, next_citation, next_piece
from .lines import word64
from .scan import n_chars
from .utf8 import SPACE, classes, decode, decode_before
from .words import next_word

ENDS = (0x2E, 0x3F, 0x21, 0x22, 0x27)
POLICY_PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
HAS_LOREM_IPSUM, HAS_JAVASCRIPT, HAS_POLICY = 1, 2, 4

TERMINAL, CLOSING = 1, 4
"""Bits of `marks_PU` with which a line may end, where a profile adds its marks."""

(
    N_LINES, N_KEPT, TOO_LONG_WORD, NO_TERMINAL, TOO_FEW_WORDS, JAVASCRIPT, POLICY, LOREM_IPSUM_LINE, BRACE_LINE,
) = range(9)  # fmt: skip
N_COUNTS = 9
"""Counts: lines, blank ones too; lines kept; removed by each rule; the number, from 1, of the first line with `lorem
ipsum`, and with `{`, 0 if there is none: the lower one, `lorem ipsum` if equal, is why datatrove drops the document."""


class Options(NamedTuple):
    """What of C4 applies. max_word_chars -1 and min_words -1 switch their rules off."""

    require_terminal: bool = True
    max_word_chars: int = 1000
    min_words: int = 3
    remove_citations: bool = True
    remove_javascript: bool = True
    remove_policy: bool = True


class Profiles(NamedTuple):
    """What C4 needs to know of P language profiles."""

    is_spaced_P: np.ndarray
    """bool[P]: words are what white space divides."""
    adds_marks_P: np.ndarray
    """bool[P]: lines may also end with the profile's marks."""
    has_ends_P: np.ndarray
    """bool[P]: the ends of lines are judged at all."""
    marks_PU: np.ndarray
    """uint8[P, 0x110000]: TERMINAL and CLOSING marks; other bits are ignored."""


class Lines(NamedTuple):
    """What `edits` returns."""

    counts: np.ndarray
    """int64[N, Q]: columns N_LINES, N_KEPT, ..."""
    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    """int64[M]: the spans to replace, from the row's own start, sorted and not overlapping."""
    breaks: np.ndarray
    """int64[M]: how many `\\n` replace each span."""
    kept_data: np.ndarray
    kept_offsets: np.ndarray
    """uint8[K] and int64[N+1], read-only as Arrow's: the kept lines with a `\\n` between two. The edited texts
    are these without white space around them, which only citations leave."""

    def replacements(self) -> list[bytes]:
        """What replaces each span, as `Batch.edit` takes it."""
        return [b"\n" * count for count in self.breaks.tolist()]


CORES = scan.cores(["orem", "java", "cook", "vacy", "ms o"])
"""Each phrase holds one of them."""


@functools.cache
def phrases() -> Automaton:
    """The phrases whose presence decides; a group's bit is HAS_LOREM_IPSUM, ..."""
    named = [("lorem ipsum", 0), ("javascript", 1), *((phrase, 2) for phrase in POLICY_PHRASES)]
    return build(named, whole_words=False)


@njit(cache=True, nogil=True)
def _break_size(data_D, position, end):
    """Bytes of the line break at a position; 0 if there is none."""
    byte = data_D[position]
    if byte < 0x80:
        is_pair = byte == 0x0D and position + 1 < end and data_D[position + 1] == 0x0A
        return np.int64(2 if is_pair else 0x0A <= byte <= 0x0D or 0x1C <= byte <= 0x1E)
    if byte == 0xC2:
        return np.int64(2 if data_D[position + 1] == 0x85 else 0)
    is_separator = byte == 0xE2 and data_D[position + 1] == 0x80 and data_D[position + 2] & 0xFE == 0xA8
    return np.int64(3 if is_separator else 0)  # U+2028, U+2029


@njit(cache=True, nogil=True)
def _next_break(data_D, position, end):
    """The first line break at or after a position, and its bytes; `end` and 0 if there is none."""
    while position < end:
        if position + 8 <= end:
            word = word64(data_D, position)
            flags = scan.low_bytes(word, 0x1F) | scan.equal_bytes(word, 0xC2) | scan.equal_bytes(word, 0xE2)
            if flags == 0:
                position += 8
                continue
            position += scan.lowest(flags)
        size = _break_size(data_D, position, end)
        if size > 0:
            return position, size
        position += 1
    return position, np.int64(0)


@njit(cache=True, nogil=True)
def _skip_space(data_D, position, stop, classes_U):
    """The first character at or after a position that is no white space."""
    while position < stop:
        code, size = decode(data_D, position)
        if classes_U[code] != SPACE:
            break
        position += size
    return position


@njit(cache=True, nogil=True)
def _strip_end(data_D, start, stop, classes_U):
    """Where the last character that is no white space ends."""
    while stop > start:
        code, size = decode_before(data_D, stop)
        if classes_U[code] != SPACE:
            break
        stop -= size
    return stop


@njit(cache=True, nogil=True)
def _word_end(data_D, position, stop, classes_U):
    """Where the word ends that white space divides and that goes on at a position."""
    while position < stop:
        code, size = decode(data_D, position)
        if classes_U[code] == SPACE:
            break
        position += size
    return position


@njit(cache=True, nogil=True)
def _has_long_word(data_D, start, stop, max_word_chars, classes_U):
    """Whether a word of a stripped line has more characters than allowed."""
    if max_word_chars < 0 or stop - start <= max_word_chars:
        return False
    while start < stop:
        end = _word_end(data_D, start, stop, classes_U)
        if end - start > max_word_chars and n_chars(data_D, start, end) > max_word_chars:
            return True
        start = _skip_space(data_D, end, stop, classes_U)
    return False


@njit(cache=True, nogil=True)
def _has_words(data_D, start, stop, least, is_spaced, classes_U):
    """Whether a stripped line has at least so many words."""
    n_words = np.int64(0)
    while n_words < least and start < stop:
        if is_spaced:
            start = _skip_space(data_D, _word_end(data_D, start, stop, classes_U), stop, classes_U)
            n_words += 1
        else:
            begin, start, _, _ = next_word(data_D, start, stop, classes_U)
            n_words += start > begin
    return n_words >= least


@njit(cache=True, nogil=True)
def _ends(kept_D, start, stop, adds_marks, marks_U):
    """Whether a line ends as a sentence may: in one of ENDS and not in `...`; else, where a profile adds its marks, in
    a TERMINAL one, or in CLOSING marks that follow one of these or hold a quote, as C4 has it for `"`."""
    last = np.int64(0)
    while start < stop:
        last, size = decode_before(kept_D, stop)
        if last == 0x2E:
            return not (stop - start >= 3 and kept_D[stop - 2] == 0x2E and kept_D[stop - 3] == 0x2E)
        if last == 0x3F or last == 0x21 or last == 0x22 or last == 0x27 or (adds_marks and marks_U[last] & 1 != 0):
            return True
        if not adds_marks or marks_U[last] & 4 == 0:
            return False
        if last == 0x201D or last == 0x2019 or last == 0x300D or last == 0x300F or last == 0xBB or last == 0x203A:
            return True
        stop -= size
    return False


_N_EDITS, _LAST, _BREAKS, _HAS_BEGUN, _SOLID, _SOLID_EDITS = range(6)
"""The state of a document's edits: how many there are; where the last kept piece ends; kept line ends since;
whether anything is kept yet; where the last character that is no white space ends; how many edits there were then."""


@njit(cache=True, nogil=True)
def _add(edits_M4, state_T, row, start, stop, breaks):
    """The edits with one more, in a larger array if need be."""
    n_edits = state_T[_N_EDITS]
    if n_edits == len(edits_M4):
        larger = np.empty((2 * n_edits, 4), np.int64)
        larger[:n_edits] = edits_M4
        edits_M4 = larger
    edits_M4[n_edits, 0], edits_M4[n_edits, 1], edits_M4[n_edits, 2] = row, start, stop
    edits_M4[n_edits, 3] = breaks
    state_T[_N_EDITS] += 1
    return edits_M4


@njit(cache=True, nogil=True)
def _is_breaks(data_D, start, stop, breaks):
    """Whether exactly so many line feeds stand between two bytes."""
    is_right = stop - start == breaks
    for byte in data_D[start : start + min(breaks, stop - start)]:
        is_right &= byte == 0x0A
    return is_right


@njit(cache=True, nogil=True)
def _copy_bytes(data_D, start, stop, kept_D, place):
    """Copy bytes to a place; where the copy ends. Slices are read, for assigning one to one is much slower."""
    source_D, target_D = data_D[start:stop], kept_D[place : place + stop - start]
    for offset in range(len(source_D)):
        target_D[offset] = source_D[offset]
    return place + stop - start


@njit(cache=True, nogil=True)
def _copy_cited(data_D, start, stop, kept_D, place, decimals_U):
    """Copy a line without its citations to a place; where the copy ends."""
    while start < stop:
        piece, start = next_piece(data_D, start, stop, True, decimals_U)
        place = _copy_bytes(data_D, piece, start, kept_D, place)
    return place


@njit(cache=True, nogil=True)
def _judge(found, has_brace, options, counts_Q):
    """The column of a line's count, given what it holds; notes what datatrove drops documents for."""
    if found & np.uint64(HAS_LOREM_IPSUM) != 0 and counts_Q[LOREM_IPSUM_LINE] == 0:
        counts_Q[LOREM_IPSUM_LINE] = counts_Q[N_LINES]
    if found & np.uint64(HAS_JAVASCRIPT) != 0 and options.remove_javascript:
        return JAVASCRIPT
    if has_brace and counts_Q[BRACE_LINE] == 0:
        counts_Q[BRACE_LINE] = counts_Q[N_LINES]
    if found & np.uint64(HAS_POLICY) != 0 and options.remove_policy:
        return POLICY
    return N_KEPT


@njit(cache=True, nogil=True)
def _keep(data_D, start, stop, is_cited, row, begin, edits_M4, state_T, classes_U, decimals_U):
    """Take the pieces of a kept line over: an edit for what lies before each, unless it is right already."""
    state_T[_BREAKS] += state_T[_HAS_BEGUN]
    while start < stop:
        piece, start = next_piece(data_D, start, stop, is_cited, decimals_U)
        if state_T[_HAS_BEGUN] == 0:
            piece = _skip_space(data_D, piece, start, classes_U)
        if piece == start:
            continue
        if not _is_breaks(data_D, state_T[_LAST], piece, state_T[_BREAKS]):
            edits_M4 = _add(edits_M4, state_T, row, state_T[_LAST] - begin, piece - begin, state_T[_BREAKS])
        state_T[_HAS_BEGUN], state_T[_LAST], state_T[_BREAKS] = 1, start, 0
        solid = _strip_end(data_D, piece, start, classes_U)
        if solid > piece:
            state_T[_SOLID], state_T[_SOLID_EDITS] = solid, state_T[_N_EDITS]
    return edits_M4


@njit(cache=True, nogil=True)
def edit_kernel(data_D, offsets_N1, profiles_N, options, profiles, classes_U, decimals_U, automaton, cores_C24):
    """counts int64[N, Q], edits int64[M, 4] (row, start, stop, breaks), kept uint8[K], kept_offsets int64[N+1].

    A line is copied to the end of what is kept and judged there; one that is removed is overwritten by the next.
    """
    n_documents = len(offsets_N1) - 1
    counts_NQ, edits_M4, state_T = (
        np.zeros((n_documents, 9), np.int64),
        np.empty((256, 4), np.int64),
        np.zeros(6, np.int64),
    )
    kept_D, kept_offsets_N1 = np.empty(offsets_N1[-1] - offsets_N1[0], np.uint8), np.zeros(n_documents + 1, np.int64)
    for row in range(n_documents):
        counts_Q, profile = counts_NQ[row], profiles_N[row]
        is_spaced, adds_marks = profiles.is_spaced_P[profile], profiles.adds_marks_P[profile]
        require_terminal = options.require_terminal and profiles.has_ends_P[profile]
        marks_U = profiles.marks_PU[profile]
        max_word_chars = options.max_word_chars if is_spaced else -1
        begin, end, kept = offsets_N1[row], offsets_N1[row + 1], kept_offsets_N1[row]
        state_T[_LAST], state_T[_BREAKS], state_T[_HAS_BEGUN] = begin, 0, 0
        state_T[_SOLID], state_T[_SOLID_EDITS] = begin, state_T[_N_EDITS]
        position, citation, brace = begin, begin - 1, begin - 1  # the next ones, unless they are before the line
        may_hold = scan.may_hold(data_D, begin, end, cores_C24)
        while position < end:
            stop, size = _next_break(data_D, position, end)
            start = _skip_space(data_D, position, stop, classes_U)
            position, stop = stop + size, _strip_end(data_D, start, stop, classes_U)
            counts_Q[N_LINES] += 1
            if _has_long_word(data_D, start, stop, max_word_chars, classes_U):
                counts_Q[TOO_LONG_WORD] += 1
                continue
            if options.remove_citations and citation < start:
                citation = next_citation(data_D, start, end, decimals_U)
            is_cited, line = options.remove_citations and citation < stop, kept + (counts_Q[N_KEPT] > 0)
            if is_cited:
                after = _copy_cited(data_D, start, stop, kept_D, line, decimals_U)
                ends = _ends(kept_D, line, after, adds_marks, marks_U)
            else:
                after, ends = line + stop - start, _ends(data_D, start, stop, adds_marks, marks_U)
            column = N_KEPT
            if require_terminal and not ends:
                column = NO_TERMINAL
            elif not _has_words(data_D, start, stop, options.min_words, is_spaced, classes_U):
                column = TOO_FEW_WORDS
            else:
                if not is_cited:
                    _copy_bytes(data_D, start, stop, kept_D, line)
                if brace < start:
                    brace = scan.find(data_D, start, end, 0x7B)
                found = np.uint64(0)
                if (is_cited or may_hold) and scan.may_hold(kept_D, line, after, cores_C24):
                    found = groups_in(kept_D, line, after, automaton)
                column = _judge(found, brace < stop, options, counts_Q)
            counts_Q[column] += 1
            if column == N_KEPT:
                kept_D[kept:line] = 0x0A
                kept = after
                edits_M4 = _keep(data_D, start, stop, is_cited, row, begin, edits_M4, state_T, classes_U, decimals_U)
        state_T[_N_EDITS] = state_T[_SOLID_EDITS]
        if state_T[_SOLID] < end:
            edits_M4 = _add(edits_M4, state_T, row, state_T[_SOLID] - begin, end - begin, 0)
        kept_offsets_N1[row + 1] = kept
    return counts_NQ, edits_M4[: state_T[_N_EDITS]].copy(), kept_D[: kept_offsets_N1[-1]], kept_offsets_N1


def edits(data, offsets, profile_of, profiles: Profiles, options: Options) -> Lines:
    """What C4 keeps of each document: `"\\n".join(kept).strip()` of the kept lines, and the edits that lead there.

    profile_of: uint8[N], the row of `profiles` that holds for each document. Documents with `lorem ipsum` or `{` are
    read to their end, as if these were allowed.
    """
    options = Options(*(kind(value) for kind, value in zip((bool, int, int, bool, bool, bool), options, strict=True)))
    counts, found, kept, kept_offsets = edit_kernel(
        data, offsets, profile_of, options, profiles, classes(), decimals(), phrases(), CORES
    )
    kept.flags.writeable = kept_offsets.flags.writeable = False
    return Lines(counts, *found.T, kept, kept_offsets)
