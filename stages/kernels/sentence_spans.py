"""Units of a text: where its sentences, lines or paragraphs begin and end.

Letters: D bytes, N documents, S spans, U code points, A abbreviations. A span has no white space at its ends, and every
other character is in one. A line feed ends a line, and a blank line (of white space only) a paragraph. A sentence
ends, whatever the language, for the script tells what must be told:

    after a mark that ends sentences (Unicode's Sentence_Terminal, `；` and `…`), wherever it stands;
    after `. ! ?` and `．`, which stand inside words and numbers too, if white space, the end or a character of a script
    without spaces follows; but not after full stops before a lower-case letter; nor after a single one if what is
    before it is an abbreviation that goes on (`Dr`), a single letter that has a case (`J. S. Bach`), or a number that
    begins the sentence or has one or two digits (`1. Introduction`, `am 3. Oktober`);
    in Thai and Lao, which have no such mark, at white space between two of their letters;
    at a line feed, but not in a sentence that goes on in the next line: one that no mark has ended, if the line begins
    with a lower-case letter, and not with `a)` or `a.`, an item of a list.

Code between a line that begins with ``` and the next one that does is one sentence, with both these fences.

Marks in a row end one sentence, with closing quotes and brackets among and after them. A quote that may open as well
closes if no letter or digit follows it: `“` closes in German, `"` in most languages, and before Chinese too.
Sources: Unicode Standard Annex 29 (2023), of which the rule of lower-case letters is SB8; Kiss and Strunk, Unsupervised
Multilingual Sentence Boundary Detection (2006), for abbreviations, initials and ordinal numbers.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numba import njit

from .hashing import mixed
from .shingles import folded
from .units import FNV_OFFSET, GOLDEN, SENTENCE_END, flags
from .utf8 import (
    DIGIT,
    HAN,
    JOINER,
    LETTER,
    MARK,
    N_CODE_POINTS,
    PUNCTUATION,
    SPACE,
    UNSPACED,
    classes,
    decode,
    decode_before,
)

SENTENCES, LINES, PARAGRAPHS = range(3)
IS_SPACE, IS_STRONG, IS_WEAK, IS_STOP, IS_CLOSING, IS_QUOTE = 1, 2, 4, 8, 16, 32
"""White space; ends a sentence anywhere; may end one; `.` or `．`; may close; may open as well."""
IS_LOWER, IS_CASED, IS_UNSPACED, IS_THAI, IN_WORD, IS_DIGIT = 64, 128, 256, 512, 1024, 2048
"""A lower-case letter; a letter that has a case; of a script without spaces; Thai or Lao; LETTER, DIGIT or MARK; DIGIT.
"""
LINE_FEED, TAB, BLANK, BACKTICK = 0x0A, 0x09, 0x20, 0x60
IN_LISTS = (0x29, 0x2E)
"""What follows the letter of an item: `)` and `.`."""
FIRST_ROOM = 1024
MAX_ABBREVIATION = 6
"""Characters of the longest one."""
ABBREVIATIONS = """
mr mrs ms mx dr drs prof rev hon st mt ft messrs gen col maj capt lt sgt cpl cmdr adm gov sen rep pres supt insp
vs cf viz approx resp fig figs eq eqs vol vols ch pp nos eds jan feb apr aug sept sep oct nov dec
bzw ca nr bspw evtl ggf inkl sog hr abs bd hrsg mio mrd mme mlle env núm pág sra srta dra ud uds
стр руб ул тыс млн млрд проф напр
"""
"""Those with which a sentence hardly ends, unlike `etc` or `Jr`, and that are no words, unlike `no`; in lower case."""

_STRONG = "；…؝؞࠷࠹࠽࠾។៕᭽᭾⹓⹔︒"
"""Besides those that spaCy knows: others of Sentence_Terminal (Unicode 15.1) in the basic plane; `；` and `…`."""
_WEAK = ".!?．"


@functools.cache
def traits() -> np.ndarray:
    """IS_SPACE and so on of every code point, uint16[0x110000]."""
    kinds = classes()
    table = np.zeros(N_CODE_POINTS, np.uint16)
    table[kinds == SPACE] = IS_SPACE
    table[flags() & SENTENCE_END != 0] = IS_STRONG
    table[[*map(ord, _STRONG)]] = IS_STRONG
    table[[*map(ord, _WEAK)]] = IS_WEAK
    table[[*map(ord, ".．")]] |= IS_STOP
    table[np.isin(kinds, (HAN, UNSPACED))] |= IS_UNSPACED
    table[np.isin(kinds, (LETTER, DIGIT, MARK))] |= IN_WORD
    table[kinds == DIGIT] |= IS_DIGIT
    thai = np.arange(N_CODE_POINTS) >> 8 == 0x0E
    table[thai & np.isin(kinds, (UNSPACED, MARK))] |= IS_THAI
    for code in np.flatnonzero(np.isin(kinds, (LETTER, PUNCTUATION, JOINER))).tolist():
        table[code] |= _by_category(chr(code))
    table.flags.writeable = False
    return table


def _by_category(character: str) -> int:
    """What the category and the case of a letter or punctuation mark say."""
    category = unicodedata.category(character)
    if category in ("Pe", "Pf"):
        return IS_CLOSING
    if category == "Pi":
        return IS_QUOTE
    if character in "\"'＂＇*_":  # with Markdown's emphasis
        return IS_CLOSING | IS_QUOTE
    if category == "Ll":
        return IS_CASED | IS_LOWER
    return IS_CASED if category in ("Lu", "Lt") else 0


@functools.cache
def abbreviations() -> np.ndarray:
    """Their hashes, uint64[A]."""
    return np.array([_hash_word(np.frombuffer(word.encode(), np.uint8)) for word in ABBREVIATIONS.split()], np.uint64)


@njit(cache=True, nogil=True)
def _hash_word(data_D):
    """The hash of a word in lower case, uint64."""
    total, position = FNV_OFFSET, np.int64(0)
    while position < len(data_D):
        code, size = decode(data_D, position)
        total = (total ^ np.uint64(code)) * GOLDEN
        position += size
    return mixed(total)


@njit(cache=True, nogil=True)
def _goes_on(data_D, start, stop, traits_U, lowered_U, abbreviations_A):
    """Whether a single full stop at `stop` ends no sentence that begins at `start`, because of the word before it."""
    position, n_chars, every = stop, np.int64(0), np.uint16(0xFFFF)
    while position > start:
        code, size = decode_before(data_D, position)
        if traits_U[code] & IN_WORD == 0:
            break
        if n_chars == MAX_ABBREVIATION:
            return False
        every &= traits_U[code]
        n_chars += 1
        position -= size
    if n_chars == 0:
        return False
    if every & IS_DIGIT != 0:
        return n_chars <= 2 or position == start
    if n_chars == 1:
        return every & IS_CASED != 0
    total = FNV_OFFSET
    while position < stop:
        code, size = decode(data_D, position)
        total = (total ^ np.uint64(lowered_U[code])) * GOLDEN
        position += size
    total = mixed(total)
    is_known = False
    for known in abbreviations_A:
        is_known |= known == total
    return is_known


@njit(cache=True, nogil=True)
def _after_space(data_D, position, end, traits_U):
    """The traits of the next character on the line that is no white space; 0 if there is none."""
    while position < end:
        code, size = decode(data_D, position)
        if code == LINE_FEED:
            break
        if traits_U[code] & IS_SPACE == 0:
            return traits_U[code]
        position += size
    return np.uint16(0)


@njit(cache=True, nogil=True)
def _is_continued(data_D, position, end, traits_U):
    """Whether a line that begins at a position goes on with a sentence of the line before it."""
    while position < end:
        code, size = decode(data_D, position)
        if code == LINE_FEED:
            return False
        if traits_U[code] & IS_SPACE == 0:
            after = position + size
            return traits_U[code] & IS_LOWER != 0 and not (after < end and data_D[after] in IN_LISTS)
        position += size
    return False


@njit(cache=True, nogil=True)
def _is_fence(data_D, position, end):
    """Whether three backticks are at a position."""
    if position + 3 > end:
        return False
    return data_D[position] == BACKTICK and data_D[position + 1] == BACKTICK and data_D[position + 2] == BACKTICK


@njit(cache=True, nogil=True)
def _fenced_end(data_D, position, begin, end):
    """Where the code ends whose first fence is at a position, behind its other fence; -1 if there are not both."""
    if not _is_fence(data_D, position, end):
        return np.int64(-1)
    before = position
    while before > begin and (data_D[before - 1] == BLANK or data_D[before - 1] == TAB):
        before -= 1
    if before > begin and data_D[before - 1] != LINE_FEED:
        return np.int64(-1)
    while position < end:  # a document has one fence at most without another one, so this reads it twice at most
        position += 1
        if data_D[position - 1] != LINE_FEED:
            continue
        while position < end and (data_D[position] == BLANK or data_D[position] == TAB):
            position += 1
        if _is_fence(data_D, position, end):
            while position < end and data_D[position] == BACKTICK:
                position += 1
            return position
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _read_marks(data_D, position, end, traits_U):
    """Where the marks at a position end, with quotes and brackets; how many; all their traits; those of what follows.

    At the end white space follows.
    """
    n_marks, some = np.int64(0), np.uint16(0)
    while position < end:
        code, size = decode(data_D, position)
        traits = traits_U[code]
        if traits & (IS_STRONG | IS_WEAK) != 0:
            n_marks += 1
            some |= traits if traits & IS_STOP != 0 else traits | np.uint16(IN_WORD)
        elif traits & IS_QUOTE != 0:
            following = np.uint16(IS_SPACE)
            if position + size < end:
                following = traits_U[decode(data_D, position + size)[0]]
            if following & IN_WORD != 0 or (following & IS_UNSPACED != 0 and traits & IS_CLOSING == 0):
                return position, n_marks, some, traits
        elif traits & IS_CLOSING == 0:
            return position, n_marks, some, traits
        position += size
    return end, n_marks, some, np.uint16(IS_SPACE)


@njit(cache=True, nogil=True)
def _ends(data_D, start, mark, stop, end, n_marks, some, following, traits_U, lowered_U, abbreviations_A):
    """Whether the marks from `mark` to `stop` end the sentence that began at `start`; the others as `_read_marks`."""
    if some & IS_STRONG != 0:
        return True
    if following & (IS_SPACE | IS_UNSPACED) == 0:
        return False
    if some & IN_WORD != 0:  # not only full stops
        return True
    if _after_space(data_D, stop, end, traits_U) & IS_LOWER != 0:
        return False
    return n_marks > 1 or not _goes_on(data_D, start, mark, traits_U, lowered_U, abbreviations_A)


@njit(cache=True, nogil=True)
def _skip(data_D, position, end, are_sentences):
    """The next byte after the first that is not ASCII or may end something; and where the white space before it begins.

    The first is neither, nor white space: the shortest way through most of the text in many languages.
    """
    position += 1
    while position < end:
        byte = data_D[np.uint64(position)]
        if byte >= 0x80 or byte == LINE_FEED or (are_sentences and (byte == 0x2E or byte == 0x21 or byte == 0x3F)):
            break
        position += 1
    stop = position
    while data_D[stop - 1] <= 0x20 and (data_D[stop - 1] >= 0x1C or 0x09 <= data_D[stop - 1] <= 0x0D):
        stop -= 1
    return position, stop


@njit(cache=True, nogil=True)
def _grown(values_S):
    """The same values in an array twice as long."""
    longer = np.empty(2 * len(values_S), np.int64)
    longer[: len(values_S)] = values_S
    return longer


@njit(cache=True, nogil=True)
def _next_span(data_D, position, begin, end, unit, traits_U, lowered_U, abbreviations_A):
    """The next unit at or after a byte position of a document: its start and stop, and where to read on.

    start < 0: there is none.
    """
    start, stop, n_feeds, before = np.int64(-1), np.int64(-1), np.int64(0), np.uint16(0)
    halting = np.uint16(IS_STRONG | IS_WEAK if unit == SENTENCES else 0)
    while position < end:
        code, size = np.int64(data_D[position]), np.int64(1)
        if code >= 0x80:
            code, size = decode(data_D, position)
        traits = traits_U[np.uint64(code)]
        is_over = False
        if traits & IS_SPACE != 0:
            if code == LINE_FEED:
                n_feeds += 1
                is_over = unit == LINES or n_feeds > 1
                if unit == SENTENCES and start >= 0:
                    is_over = not _is_continued(data_D, position + size, end, traits_U)
            elif unit == SENTENCES and before & IS_THAI != 0:
                is_over = _after_space(data_D, position, end, traits_U) & IS_THAI != 0
            before = np.uint16(0)
            position += size
            if is_over and start >= 0:
                break
            continue
        if start < 0:
            start = position
            fenced_end = _fenced_end(data_D, position, begin, end) if unit == SENTENCES else np.int64(-1)
            if fenced_end >= 0:
                return start, fenced_end, fenced_end
        n_feeds, before = np.int64(0), traits
        if traits & halting != 0:
            stop, n_marks, some, following = _read_marks(data_D, position, end, traits_U)
            if _ends(
                data_D, start, position, stop, end, n_marks, some, following, traits_U, lowered_U, abbreviations_A
            ):
                return start, stop, stop
            position = stop
        elif code < 0x80:
            position, stop = _skip(data_D, position, end, unit == SENTENCES)
        else:
            position += size
            stop = position
    return start, stop, position


@njit(cache=True, nogil=True)
def spans_kernel(data_D, offsets_N1, unit, traits_U, lowered_U, abbreviations_A):
    """starts, stops int64[S] and firsts int64[N+1]; see `spans`."""
    n_documents = len(offsets_N1) - 1
    starts_S, stops_S = np.empty(FIRST_ROOM, np.int64), np.empty(FIRST_ROOM, np.int64)
    firsts_N1 = np.zeros(n_documents + 1, np.int64)
    n_spans = np.int64(0)
    for row in range(n_documents):
        begin, end = offsets_N1[row], offsets_N1[row + 1]
        position = begin
        while position < end:
            start, stop, position = _next_span(data_D, position, begin, end, unit, traits_U, lowered_U, abbreviations_A)
            if start < 0:
                break
            if n_spans == len(starts_S):
                starts_S, stops_S = _grown(starts_S), _grown(stops_S)
            starts_S[n_spans], stops_S[n_spans] = start, stop
            n_spans += 1
        firsts_N1[row + 1] = n_spans
    return starts_S[:n_spans].copy(), stops_S[:n_spans].copy(), firsts_N1


def spans(data, offsets, unit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The units of each document, SENTENCES, LINES or PARAGRAPHS: starts, stops int64[S] and firsts int64[N+1].

    Those of document i are firsts[i] to firsts[i + 1], ascending; starts and stops are positions in `data`.
    """
    return spans_kernel(data, offsets, unit, traits(), folded(), abbreviations())
