"""Scripts: in which one a text is written, by ISO 15924 code, and whether its Chinese is simplified or traditional.

Letters: D bytes, N documents, S spans, U code points, K codes, Q measures. Only letters (L*) count, by the names that
Unicode gives them; modifier letters and mathematical alphabets belong to no script. Kana are `Jpan`, Hangul `Kore`.

A Han character is decisive if one of GB 2312 (1980, simplified) and Big5 (1984, traditional) has it and the other has
not: 们 这 国 are simplified, 們 這 國 traditional, 中 and 文 are both, and 喆 is in neither.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numba import njit

from .utf8 import N_CODE_POINTS, assigned_code_points, decode

_BY_NAME = """
ADLAM Adlm, AHOM Ahom, ANATOLIAN Hluw, ARABIC Arab, ARMENIAN Armn, AVESTAN Avst, BALINESE Bali, BAMUM Bamu,
BASSA VAH Bass, BATAK Batk, BENGALI Beng, BHAIKSUKI Bhks, BOPOMOFO Bopo, BRAHMI Brah, BUGINESE Bugi, BUHID Buhd,
CANADIAN Cans, CARIAN Cari, CAUCASIAN ALBANIAN Aghb, CHAKMA Cakm, CHAM Cham, CHEROKEE Cher, CHORASMIAN Chrs,
COPTIC Copt, CUNEIFORM Xsux, CYPRIOT Cprt, CYPRO-MINOAN Cpmn, CYRILLIC Cyrl, DESERET Dsrt, DEVANAGARI Deva,
DIVES AKURU Diak, DOGRA Dogr, DUPLOYAN Dupl, EGYPTIAN Egyp, ELBASAN Elba, ELYMAIC Elym, ETHIOPIC Ethi, GEORGIAN Geor,
GLAGOLITIC Glag, GOTHIC Goth, GRANTHA Gran, GREEK Grek, GUJARATI Gujr, GUNJALA GONDI Gong, GURMUKHI Guru,
HANIFI ROHINGYA Rohg, HANUNOO Hano, HATRAN Hatr, HEBREW Hebr, IMPERIAL ARAMAIC Armi, INSCRIPTIONAL PAHLAVI Phli,
INSCRIPTIONAL PARTHIAN Prti, JAVANESE Java, KAITHI Kthi, KANNADA Knda, KAYAH LI Kali, KHAROSHTHI Khar, KHITAN Kits,
KHMER Khmr, KHOJKI Khoj, KHUDAWADI Sind, LAO Laoo, LATIN Latn, FULLWIDTH LATIN Latn, LEPCHA Lepc, LIMBU Limb,
LINEAR A Lina, LINEAR B Linb, LISU Lisu, LYCIAN Lyci, LYDIAN Lydi, MAHAJANI Mahj, MAKASAR Maka, MALAYALAM Mlym,
MANDAIC Mand, MANICHAEAN Mani, MARCHEN Marc, MASARAM GONDI Gonm, MEDEFAIDRIN Medf, MEETEI MAYEK Mtei,
MENDE KIKAKUI Mend, MEROITIC CURSIVE Merc, MEROITIC HIEROGLYPHIC Mero, MIAO Plrd, MODI Modi, MONGOLIAN Mong, MRO Mroo,
MULTANI Mult, MYANMAR Mymr, NABATAEAN Nbat, NANDINAGARI Nand, NEW TAI Talu, NEWA Newa, NKO Nkoo, NUSHU Nshu,
NYIAKENG PUACHUE Hmnp, OGHAM Ogam, OL CHIKI Olck, OLD HUNGARIAN Hung, OLD ITALIC Ital, OLD NORTH Narb, OLD PERMIC Perm,
OLD PERSIAN Xpeo, OLD SOGDIAN Sogo, OLD SOUTH Sarb, OLD TURKIC Orkh, OLD UYGHUR Ougr, ORIYA Orya, OSAGE Osge,
OSMANYA Osma, PAHAWH HMONG Hmng, PALMYRENE Palm, PAU CIN Pauc, PHAGS-PA Phag, PHOENICIAN Phnx, PSALTER PAHLAVI Phlp,
REJANG Rjng, RUNIC Runr, SAMARITAN Samr, SAURASHTRA Saur, SHARADA Shrd, SHAVIAN Shaw, SIDDHAM Sidd, SINHALA Sinh,
SOGDIAN Sogd, SORA SOMPENG Sora, SOYOMBO Soyo, SUNDANESE Sund, SYLOTI NAGRI Sylo, SYRIAC Syrc, TAGALOG Tglg,
TAGBANWA Tagb, TAI LE Tale, TAI THAM Lana, TAI VIET Tavt, TAKRI Takr, TAMIL Taml, TANGSA Tnsa, TANGUT Tang, TELUGU Telu,
THAANA Thaa, THAI Thai, TIBETAN Tibt, TIFINAGH Tfng, TIRHUTA Tirh, TOTO Toto, UGARITIC Ugar, VAI Vaii, VITHKUQI Vith,
WANCHO Wcho, WARANG CITI Wara, YEZIDI Yezi, YI Yiii, ZANABAZAR SQUARE Zanb
"""
"""The first word or two of the names of a script's letters, and its code."""
_SHARED = """
HIRAGANA Jpan, HENTAIGANA Jpan, KATAKANA Jpan, HALFWIDTH KATAKANA Jpan, HANGUL Kore, HALFWIDTH HANGUL Kore, CJK Hani,
IDEOGRAPHIC Hani, VERTICAL IDEOGRAPHIC Hani, OLD CHINESE Hani
"""
"""The same for what is written together: these codes come first in CODES."""


def _pairs(listed: str) -> dict[str, str]:
    return dict(entry.strip().rsplit(" ", 1) for entry in listed.split(","))


_CODE_OF_NAME = _pairs(_SHARED) | _pairs(_BY_NAME)
NONE, HANI, HANS, HANT, JPAN, KORE = range(6)
"""Places in CODES: no script, Han characters that are not decisive, simplified, traditional, kana, Hangul."""
CODES: tuple[str, ...] = (
    "Zyyy", "Hani", "Hans", "Hant", "Jpan", "Kore", *sorted(set(_pairs(_BY_NAME).values())),
)  # fmt: skip
N_CODES = len(CODES)
_UNIFORM_BLOCKS = (
    (0x3400, 0x9FFF, "Hani"), (0x20000, 0x3FFFF, "Hani"), (0xAC00, 0xD7A3, "Kore"), (0x17000, 0x18AFF, "Tang"),
    (0x18D00, 0x18D7F, "Tang"),
)  # fmt: skip
"""Where letters have names made by rule, which take long to ask for or, in Tangut, have none in Python."""

MAIN, EAST, LETTER_BYTES, HAN_BYTES, KANA_BYTES = range(5)
"""Measures: the place in CODES of the text's script; that of its Han characters, kana and Hangul alone; bytes of its
letters, of its Han characters, of its kana."""
N_MEASURES = 5
SHARE = 5
"""A text of Han characters, kana and Hangul is Korean or Japanese if one of SHARE is Hangul, or kana: a fifth, where
Japanese prose has 37 % and more, and Chinese articles about Japan 15 % and less."""


def code_of(character: str) -> str:
    """The code of one letter by its name, `Zyyy` if it has none; Han characters are all `Hani`."""
    if unicodedata.category(character)[0] != "L":
        return "Zyyy"
    for first, last, code in _UNIFORM_BLOCKS:
        if first <= ord(character) <= last:
            return code
    words = unicodedata.name(character, "").split()
    return _CODE_OF_NAME.get(" ".join(words[:2])) or _CODE_OF_NAME.get(" ".join(words[:1]), "Zyyy")


def _charset(codec: str, first_bytes: range, last_bytes: tuple[range, ...]) -> set[str]:
    """The Han characters of a standard of two bytes."""
    pairs = (bytes((first, last)) for first in first_bytes for one in last_bytes for last in one)
    found = (pair.decode(codec, errors="ignore") for pair in pairs)  # one by one: what is invalid shifts what follows
    return {character for character in found if character >= "\u3400" and code_of(character[0]) == "Hani"}


@functools.cache
def decisive() -> tuple[frozenset[str], frozenset[str]]:
    """The simplified and the traditional characters: of GB 2312 and not Big5, and of Big5 and not GB 2312."""
    simplified = _charset("gb2312", range(0xB0, 0xF8), (range(0xA1, 0xFF),))
    traditional = _charset("big5", range(0xA1, 0xFA), (range(0x40, 0x7F), range(0xA1, 0xFF)))
    return frozenset(simplified - traditional), frozenset(traditional - simplified)


@functools.cache
def table() -> np.ndarray:
    """The place in CODES of every code point, uint8[U], made once per process.

    It depends on the Unicode version of Python, as `utf8.classes` does.
    """
    codes = np.array(assigned_code_points())
    characters = codes.astype(np.uint32).tobytes().decode("utf-32")
    majors = np.frombuffer("".join(map(unicodedata.category, characters)).encode(), np.uint8)[::2]
    is_letter = np.zeros(N_CODE_POINTS, bool)
    is_letter[codes] = majors == ord("L")
    places = np.zeros(N_CODE_POINTS, np.uint8)
    place_of = {code: place for place, code in enumerate(CODES)}
    for first, last, code in _UNIFORM_BLOCKS:
        places[first : last + 1][is_letter[first : last + 1]] = place_of[code]
        is_letter[first : last + 1] = False
    for one in np.flatnonzero(is_letter).tolist():
        places[one] = place_of[code_of(chr(one))]
    for place, found in zip((HANS, HANT), decisive(), strict=True):
        own = np.array([ord(character) for character in found])
        places[own[places[own] == HANI]] = place
    places.flags.writeable = False
    return places


@njit(cache=True, nogil=True)
def _east(bytes_K):
    """The place of what is written in Han characters, kana and Hangul, and how many bytes these have."""
    han = bytes_K[HANI] + bytes_K[HANS] + bytes_K[HANT]
    kana, hangul = bytes_K[JPAN], bytes_K[KORE]
    total = han + kana + hangul
    if total == 0:
        return np.int64(NONE), total
    if hangul >= kana and hangul * SHARE >= total:
        return np.int64(KORE), total
    if kana * SHARE >= total:
        return np.int64(JPAN), total
    if bytes_K[HANS] == bytes_K[HANT]:
        return np.int64(HANI), total
    return np.int64(HANS if bytes_K[HANS] > bytes_K[HANT] else HANT), total


@njit(cache=True, nogil=True)
def measure_kernel(data_D, starts_S, stops_S, firsts_N1, table_U):
    """int64[N, Q]; see `measure`."""
    n_documents = len(firsts_N1) - 1
    measures_NQ = np.zeros((n_documents, N_MEASURES), np.int64)
    bytes_K = np.zeros(N_CODES, np.int64)
    for row in range(n_documents):
        bytes_K[:] = 0
        for span in range(firsts_N1[row], firsts_N1[row + 1]):
            position, stop = starts_S[span], stops_S[span]
            while position < stop:
                code, size = decode(data_D, position)
                bytes_K[table_U[code]] += size
                position += size
        bytes_K[NONE] = 0
        east, most = _east(bytes_K)
        best = east
        for place in range(KORE + 1, N_CODES):
            if bytes_K[place] > most:
                best, most = np.int64(place), bytes_K[place]
        measures_NQ[row, MAIN], measures_NQ[row, EAST] = best, east
        measures_NQ[row, LETTER_BYTES], measures_NQ[row, KANA_BYTES] = bytes_K.sum(), bytes_K[JPAN]
        measures_NQ[row, HAN_BYTES] = bytes_K[HANI] + bytes_K[HANS] + bytes_K[HANT]
    return measures_NQ


@njit(cache=True, nogil=True)
def shares_reached(data_D, starts_S, stops_S, firsts_N1, groups_U, groups_NK, least_G):
    """Whether letters of a group are at least its share of a document's bytes of letters, bool[N, K].

    groups_U uint8: the group of each code point, 0 for what is no letter; groups_NK int64: the groups asked for, where
    0 is always reached; least_G float64: the share of each group.
    """
    reached_NK = np.ones(groups_NK.shape, np.bool_)
    bytes_G = np.zeros(256, np.int64)
    for row in range(len(groups_NK)):
        bytes_G[:] = 0
        for span in range(firsts_N1[row], firsts_N1[row + 1]):
            position = starts_S[span]
            while position < stops_S[span]:
                code, size = decode(data_D, position)
                bytes_G[groups_U[code]] += size
                position += size
        bytes_G[0] = 0
        n_letters = bytes_G.sum()
        for place in range(groups_NK.shape[1]):
            group = groups_NK[row, place]
            reached_NK[row, place] = group == 0 or bytes_G[group] >= least_G[group] * n_letters
    return reached_NK


def measure(data, starts, stops, firsts) -> np.ndarray:
    """What is written in each document's spans (see `windows`), int64[N, Q]; columns MAIN, LETTER_BYTES, ...

    The main script is the one with most bytes of letters (a Han character weighs three, for it says about as much as
    three Latin letters), where Han characters, kana and Hangul are taken together (they win a
    tie, else the first in CODES does) and then told apart: `Kore` if Hangul are a fifth of them and as many as kana,
    else `Jpan` if kana are a fifth, else `Hans` or `Hant`, whichever has more decisive characters, else `Hani`.
    Without letters it is `Zyyy`.
    """
    return measure_kernel(data, starts, stops, firsts, table())
