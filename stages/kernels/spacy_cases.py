"""Special cases of English tokenization: strings whose pieces are fixed, whatever the general rules would do.

The facts are those of spaCy 3.8 (`spacy/lang/en/tokenizer_exceptions.py`, `spacy/lang/tokenizer_exceptions.py`,
https://github.com/explosion/spaCy): which stems take which endings, what is an abbreviation, a clock time or an
emoticon. A key is what its pieces spell; every `'` may also be `’`.
"""

from __future__ import annotations

from collections.abc import Iterator

ENDINGS = (
    ("i", ("'m", "'m a")),
    ("i you he she it we they", ("'ll", "'ll 've", "'d", "'d 've")),
    ("i you we they", ("'ve",)),
    ("you we they", ("'re",)),
    ("he she it", ("'s",)),
    ("who what when where why how there that this", ("'s",)),
    ("who what when where why how there these those", ("'re", "'ve")),
    ("who what when where why how there that this these those", ("'ll", "'ll 've", "'d", "'d 've")),
    ("ca could do does did had may might must need ought sha should wo would", ("n't", "n't 've")),
    ("could might must should would not", ("'ve",)),
    ("ai are is was were have has dare", ("n't",)),
)
"""Stems, in lower and title case, and the pieces that may follow; all of it with and without apostrophes."""

NO_CASES = "Ill ill Its its Hell hell Shell shell Shed shed were Were Well well Whore whore"
"""Words that a stem and an ending spell by chance."""

PIECES = (
    "y' all", "y all", "how 'd 'y", "How 'd 'y", "can not", "Can not", "gon na", "Gon na", "got ta", "Got ta",
    "let 's", "Let 's", "c'm on", "C'm on", "° C .", "° F .", "° K .", "° c .", "° f .", "° k .",
)  # fmt: skip
"""Others of several pieces."""

DROPPED_G = "doin goin nothin nuthin ol somethin lovin havin"
"""One piece, in lower and title case, with and without an apostrophe behind."""

WHOLE = """
em 'em ll 'll nuff 'nuff 'S 's \u2018S \u2018s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout
ma'am Ma'am o'clock O'clock 'd ' '' \\t \\n \\") — <space> C++
Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. Kan. Kans.
Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa. S.C. Sep.
Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd.
Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s.
a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. ö. ü.
"""
"""One piece each: contractions, marks, abbreviations and initials."""

EMOTICONS = r"""
:) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-( :(( :-((
:((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o :*
:-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__-
v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<)
(*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>
"""


def special_cases() -> dict[str, tuple[str, ...]]:
    """Key -> the pieces that spell it, but for the keys of white space."""
    cases, none = {}, set(NO_CASES.split())
    for pieces in _straight():
        for variant in (pieces, tuple(piece.replace("'", "’") for piece in pieces)):
            key = "".join(variant)
            if key not in none:
                cases[key] = variant
    return cases


def _straight() -> Iterator[tuple[str, ...]]:
    """The pieces of every case, with straight apostrophes."""
    for stems, endings in ENDINGS:
        for stem in _cased(stems):
            for ending in endings:
                yield (stem, *ending.split())
                yield (stem, *ending.replace("'", "").split())
    for hour in range(1, 13):
        for period in ("a.m.", "am", "p.m.", "pm"):
            yield (str(hour), period)
    for pieces in PIECES:
        yield tuple(pieces.split())
    for word in _cased(DROPPED_G):
        yield (word,)
        yield (f"{word}'",)
    for key in (WHOLE + EMOTICONS).split():
        yield (key,)


def _cased(words: str) -> Iterator[str]:
    for word in words.split():
        yield word
        yield word.title()
