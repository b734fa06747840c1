"""Tables for English tokenization: what characters are to it, and the strings it looks up.

Letters: U code points, T words of the lookup table. The facts are those of spaCy 3.8 (`spacy/lang/char_classes.py`,
`spacy/lang/punctuation.py` and `spacy/lang/en/punctuation.py`, https://github.com/explosion/spaCy).
"""

from __future__ import annotations

import functools
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

import numpy as np
from numba import njit

from . import utf8
from .hashing import P1, mixed
from .units import HAS_LETTER, NOT_SYMBOL, flags, hash_bytes
from .utf8 import DIGIT, HAN, LETTER, UNSPACED, classes

ALPHA, LOWER, UPPER, QUOTE, ICON = 4, 8, 16, 32, 64
"""Flags of code points, beside HAS_LETTER and NOT_SYMBOL of `units.flags`: letters, of which those without case are
lower and upper; quotes; other symbols (dingbats, emoji)."""
PREFIX, SUFFIX, BEFORE_STOP, CURRENCY, UNIT_END, DECIMAL, WORD, SPACE = (1 << bit for bit in range(7, 15))
"""What splits off at the start; at the end; what a final full stop splits off from; currency signs of one
character; last characters of units of measurement; decimal digits of any script; letters, digits and `_`;
white space."""
CHARACTER, MARK = 1 << 15, 1 << 16
"""HAN and UNSPACED, and MARK, of `utf8`."""

BYTE_LOWER, BYTE_UPPER, BYTE_DIGIT, BYTE_SPACE, BYTE_CLOSING, BYTE_INFIX = (1 << bit for bit in range(17, 23))
"""Of ASCII only, so that a byte may be looked up before it is known to be a character: letters, digits, white space;
what splits off behind a word whatever it is; what may split a word."""
BYTE_LETTER = BYTE_LOWER | BYTE_UPPER
BYTE_WORD = BYTE_LETTER | BYTE_DIGIT

WORD_CHARACTERS = ascii_letters + digits
CLOSING = ",;:?!)\"']}"
INFIX = ".,:<>=/-~+*^"

LATIN = (
    "41-5A 61-7A C0-D6 D8-F6 F8-1BF 1C4-2AF 1D00-1D25 1D6B-1D77 1D79-1D9A 1E00-1EFF 2C60-2C7B 2C7E-2C7F A722-A76F "
    "A771-A787 A78B-A78E A790-A7B9 A7FA AB30-AB5A AB60-AB64 FF21-FF3A FF41-FF5A"
)
GREEK_AND_CYRILLIC = (
    "386 388-38A 38C 38E-38F 391-3A9 3AC-3AF 3B1-3C9 3CC-3CE 400-401 403-407 408-40A 40C-40D 410-44F 450-451 453-457 "
    "458-45A 45C-45D 490-491 496-497 4A2-4A3 4AE-4AF 4BA-4BB 4D8-4D9 4E8-4E9"
)
UNCASED = (
    "591-5F4 620-64A 66E-6D5 6E5-6FF 750-77F 8A0-8BD 900-9FF B80-CFF D80-DFF 1100-137F 2E80-2FDF 2FF0-30FF 31C0-31EF "
    "3200-4DBF 4E00-9FFF AC00-D7AF F900-FAFF FB1D-FBB1 FBD3-FD3D FD50-FDC7 FDF0-FDFB FE30-FE4F FE70-FEFC 1EE00-1EEBB "
    "1F200-1F2FF 20000-2A6DF 2A700-2EBEF 2F800-2FA1F"
)
ICONS = """
A6 A9 AE B0 482 58D-58E 60E-60F 6DE 6E9 6FD-6FE 7F6 9FA B70 BF3-BF8 BFA C7F D4F D79 F01-F03 F13 F15-F17 F1A-F1F F34
F36 F38 FBE-FC5 FC7-FCC FCE-FCF FD5-FD8 109E-109F 1390-1399 1940 19DE-19FF 1B61-1B6A 1B74-1B7C 2100-2101 2103-2106
2108-2109 2114 2116-2117 211E-2123 2125 2127 2129 212E 213A-213B 214A 214C-214D 214F 218A-218B 2195-2199 219C-219F
21A1-21A2 21A4-21A5 21A7-21AD 21AF-21CD 21D0-21D1 21D3 21D5-21F3 2300-2307 230C-231F 2322-2328 232B-237B 237D-239A
23B4-23DB 23E2-2426 2440-244A 249C-24E9 2500-25B6 25B8-25C0 25C2-25F7 2600-266E 2670-2767 2794-27BF 2800-28FF
2B00-2B2F 2B45-2B46 2B4D-2B73 2B76-2B95 2B98-2BC8 2BCA-2BFE 2CE5-2CEA 2E80-2E99 2E9B-2EF3 2F00-2FD5 2FF0-2FFB 3004
3012-3013 3020 3036-3037 303E-303F 3190-3191 3196-319F 31C0-31E3 3200-321E 322A-3247 3250 3260-327F 328A-32B0
32C0-32FE 3300-33FF 4DC0-4DFF A490-A4C6 A828-A82B A836-A837 A839 AA77-AA79 FDFD FFE4 FFE8 FFED-FFEE FFFC-FFFD
10137-1013F 10179-10189 1018C-1018E 10190-1019B 101A0 101D0-101FC 10877-10878 10AC8 1173F 16B3C-16B3F 16B45 1BC9C
1D000-1D0F5 1D100-1D126 1D129-1D164 1D16A-1D16C 1D183-1D184 1D18C-1D1A9 1D1AE-1D1E8 1D200-1D241 1D245 1D300-1D356
1D800-1D9FF 1DA37-1DA3A 1DA6D-1DA74 1DA76-1DA83 1DA85-1DA86 1ECAC 1F000-1F02B 1F030-1F093 1F0A0-1F0AE 1F0B1-1F0BF
1F0C1-1F0CF 1F0D1-1F0F5 1F110-1F16B 1F170-1F1AC 1F1E6-1F202 1F210-1F23B 1F240-1F248 1F250-1F251 1F260-1F265
1F300-1F3FA 1F400-1F6D4 1F6E0-1F6EC 1F6F0-1F6F9 1F700-1F773 1F780-1F7D8 1F800-1F80B 1F810-1F847 1F850-1F859
1F860-1F887 1F890-1F8AD 1F900-1F90B 1F910-1F93E 1F940-1F970 1F973-1F976 1F97A 1F97C-1F9A2 1F9B0-1F9B9 1F9C0-1F9C2
1F9D0-1F9FF 1FA60-1FA6D
"""
QUOTES = "\"',`«´»‘’‚“”„〈〉\u2329\u232a⟦⟧《》「」『』【】〔〕（）"
PUNCTUATION = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"
CURRENCIES = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
UNITS = """
km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb
MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар
Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب اكواب
"""
"""Units of measurement that split off behind an ASCII digit. In spaCy `тбكم` is one, for want of a space, `тб` none."""
MOST_UNIT_CHARS = 5

MOST_PIECES, MOST_KEY_BYTES, MOST_TOKENS = 3, 29, 11
"""Of a special case; the tokens are those the general rules make of it."""

VALUE_BITS = 12
CASES, N_CASE_SLOTS = 0, 1 << 12
"""Where the hash table of special cases begins, and its slots. A slot is 0 if free, else a hash whose low VALUE_BITS
give way to a value: here the number of the case, from 1."""
STATES, N_STATE_SLOTS = CASES + N_CASE_SLOTS, 1 << 11
"""The hash table of the beginnings of patterns (see `step`): their first tokens and GOES_ON, or WHOLE."""
MEASURES, N_MEASURE_SLOTS = STATES + N_STATE_SLOTS, 1 << 9
"""The hash table of UNITS."""
LENGTHS = MEASURES + N_MEASURE_SLOTS
"""For every first byte of a special case the lengths of those that begin with it: bit i stands for i bytes."""
FILTER, N_FILTER_WORDS = LENGTHS + 256, 1 << 10
"""A bit for every hash of a special case, by its low bits: few words share one with them (see `may_be_case`)."""
STARTERS = FILTER + N_FILTER_WORDS
"""For every byte whether tokens that begin with it begin a pattern (BEGINS), or follow a word that does (FOLLOWS)."""
BEGINS, FOLLOWS = 1, 2
RECORDS, RECORD_WORDS = STARTERS + 256, 5
"""Of each case the bytes of its pieces, 8 bits each from the lowest, and its key in four words, lowest byte first."""
GOES_ON, WHOLE = 1, 2


def code_points(ranges: str) -> np.ndarray:
    """The code points, int64, of hexadecimal numbers and ranges."""
    bounds = [[int(bound, 16) for bound in item.split("-")] for item in ranges.split()]
    return np.concatenate([np.arange(bound[0], bound[-1] + 1) for bound in bounds])


@functools.cache
def marks() -> np.ndarray:
    """The flags of every code point, uint32[U]."""
    kinds = classes()
    table = flags().astype(np.uint32) & (HAS_LETTER | NOT_SYMBOL)
    table[kinds == utf8.SPACE] |= SPACE
    table[kinds == utf8.MARK] |= MARK
    table[np.isin(kinds, (HAN, UNSPACED))] |= CHARACTER
    table[np.isin(kinds, (LETTER, DIGIT, HAN, UNSPACED))] |= WORD
    cased = np.concatenate([code_points(LATIN), code_points(GREEK_AND_CYRILLIC)])
    is_upper = np.array([chr(code).isupper() for code in cased])
    is_lower = np.array([chr(code).islower() for code in cased])
    table[cased] |= ALPHA
    table[cased[is_upper]] |= UPPER
    table[cased[is_lower]] |= LOWER | BEFORE_STOP
    table[0x294] |= LOWER | BEFORE_STOP  # a letter without case among the phonetic ones, which count as lower
    table[0x3A2] |= UPPER  # unassigned, amid the Greek capitals
    table[code_points(UNCASED)] |= ALPHA | LOWER | UPPER | BEFORE_STOP
    table[code_points(ICONS)] |= ICON | PREFIX | SUFFIX
    for characters, mark in (
        (QUOTES, QUOTE | PREFIX | SUFFIX | BEFORE_STOP),
        (PUNCTUATION, PREFIX | SUFFIX | BEFORE_STOP),
        ("0123456789%²-+|", BEFORE_STOP),
        (CURRENCIES, PREFIX | CURRENCY),
        ("§%=", PREFIX),
        ("_", WORD),
        ("—–", PREFIX | SUFFIX),
        ({unit[-1] for unit in UNITS.split()}, UNIT_END),
        (filter(str.isdecimal, map(chr, np.flatnonzero(kinds == DIGIT))), DECIMAL),
        (ascii_lowercase, BYTE_LOWER),
        (ascii_uppercase, BYTE_UPPER),
        (digits, BYTE_DIGIT),
        (filter(str.isspace, map(chr, range(128))), BYTE_SPACE),
        (CLOSING, BYTE_CLOSING),
        (INFIX, BYTE_INFIX),
    ):
        table[[ord(character) for character in characters]] |= mark
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def step(state, hashed):
    """The state of a pattern, uint64, after one more token. Before the second it is the hash of the first."""
    return mixed((state * P1) ^ hashed)


@njit(cache=True, nogil=True, inline="always")
def value_of(lookup_T, section, n_slots, hashed):
    """What a hash table says of a hash, int64, or 0 if it is not in it."""
    low = np.uint64(n_slots - 1)
    slot = hashed & low
    entry = lookup_T[section + np.int64(slot)]
    while entry != np.uint64(0):
        value = entry ^ hashed
        if value >> np.uint64(VALUE_BITS) == np.uint64(0):
            return np.int64(entry & np.uint64((1 << VALUE_BITS) - 1))
        slot = (slot + np.uint64(1)) & low
        entry = lookup_T[section + np.int64(slot)]
    return np.int64(0)


@njit(cache=True, nogil=True)
def may_be_case(lookup_T, hashed):
    """Whether a hash may be that of a special case: faster than `value_of`, for it does not branch."""
    word = lookup_T[FILTER + np.int64((hashed >> np.uint64(6)) & np.uint64(N_FILTER_WORDS - 1))]
    return word >> (hashed & np.uint64(63)) & np.uint64(1) != np.uint64(0)


def hash_of(string: str) -> int:
    """The hash of a string's bytes."""
    data = np.frombuffer(string.encode(), np.uint8)
    return int(hash_bytes(data, 0, len(data)))


def _fill(lookup_T: np.ndarray, section: int, n_slots: int, values: dict[int, int]) -> None:
    """Write a hash table of hash -> value, by linear probing from the low bits."""
    for hashed, value in values.items():
        slot = hashed % n_slots
        while lookup_T[section + slot]:
            slot = (slot + 1) % n_slots
        lookup_T[section + slot] = hashed >> VALUE_BITS << VALUE_BITS | value


def _states(patterns: list[tuple[str, ...]]) -> dict[int, int]:
    """State -> GOES_ON or WHOLE of the beginnings of patterns."""
    states: dict[int, int] = {}
    for pattern in patterns:
        state = hash_of(pattern[0])
        for token in pattern[1:]:
            states.setdefault(state, GOES_ON)
            state = int(step(np.uint64(state), np.uint64(hash_of(token))))
        states[state] = WHOLE
    return states


def _record(key: str, pieces: tuple[str, ...]) -> list[int]:
    """The words of a special case in RECORDS."""
    lengths = bytes(len(piece.encode()) for piece in pieces)
    content = key.encode()
    parts = (lengths, *(content[place : place + 8] for place in range(0, 8 * (RECORD_WORDS - 1), 8)))
    return [int.from_bytes(part, "little") for part in parts]


def lookup(cases: dict[str, tuple[str, ...]], patterns: list[tuple[str, ...]]) -> np.ndarray:
    """The table, uint64[T], of special cases (key -> pieces), of the token sequences that become one, and of UNITS."""
    assert all(len(key.encode()) <= MOST_KEY_BYTES and len(pieces) <= MOST_PIECES for key, pieces in cases.items())
    assert all(len(pattern) <= MOST_TOKENS for pattern in patterns)
    lookup_T = np.zeros(RECORDS + RECORD_WORDS * (1 + len(cases)), np.uint64)
    _fill(lookup_T, CASES, N_CASE_SLOTS, {hash_of(key): number for number, key in enumerate(cases, 1)})
    _fill(lookup_T, STATES, N_STATE_SLOTS, _states(patterns))
    _fill(lookup_T, MEASURES, N_MEASURE_SLOTS, {hash_of(unit): 1 for unit in UNITS.split()})
    for first, second, *_ in patterns:
        if first[0] not in WORD_CHARACTERS:
            lookup_T[STARTERS + first.encode()[0]] |= np.uint64(BEGINS)
        else:
            assert second[0] not in WORD_CHARACTERS
            lookup_T[STARTERS + second.encode()[0]] |= np.uint64(FOLLOWS)
    for number, (key, pieces) in enumerate(cases.items(), 1):
        hashed = hash_of(key)
        lookup_T[FILTER + (hashed >> 6) % N_FILTER_WORDS] |= np.uint64(1 << (hashed & 63))
        lookup_T[LENGTHS + key.encode()[0]] |= np.uint64(1 << len(key.encode()))
        lookup_T[RECORDS + RECORD_WORDS * number :][:RECORD_WORDS] = _record(key, pieces)
    lookup_T.flags.writeable = False
    return lookup_T
