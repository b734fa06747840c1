"""Numbers of payment cards: prefix and length of an issuer and a check digit, and bank cards of China.

Three in a hundred of all numbers with 16 digits have both by chance. So a solid number is a weak finding where it looks
like an identifier: after a name that ends in `id` and such, in a URL, or near numbers of its length that are no cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import marks
from .digits import Plain, after_words, is_named, is_otherwise, luhn, plain
from .rule import Rule, Settings, Span

MAX_GROUPS, MIN_DIGITS, MAX_DIGITS = 5, 12, 19
ISSUERS = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}|(?:5[1-5]|2[3-6])[0-9]{14}|(?:222[1-9]|22[3-9][0-9]|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35[0-9]{14}|(?:2131|1800)[0-9]{11}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12}|62[0-9]{14,17}|220[0-4][0-9]{12}"
    r"|(?:5018|5020|5038|5893|6304|6390|6759|676[1-3])[0-9]{8,15}"
)
"""Visa; Mastercard; American Express; Diners Club; JCB; Discover; UnionPay; Mir; Maestro: prefixes and lengths. The
form is that of ISO/IEC 7812, the ranges those that the networks publish."""
WORDS = after_words(
    r"(?<!id)(?<!id[ _-])card|credit|debit|visa|amex|maestro|карт|カード|카드|"
    "卡号|卡號|银行卡|銀行卡|储蓄卡|借记卡|信用卡|账号|帐号|賬號|帳號|账户|帐户|賬戶|帳戶"
)
"""After one of them any prefix will do: banks of China issued 9559, 6013, 4367 and others before UnionPay's own."""
CHAIN = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
GROUPS = re.compile(r"\[4(?:, 4)+(?:, [1-3])?\]|\[4, 6, [45]\]|\[6, 13\]|\[8, 8\]")
"""Lengths of groups as cards have them; others are those of a table."""
BEFORE = re.compile(rb"(?:[\w.+/=-]|\xef\xbc[\x90-\x99])\Z")
AFTER = re.compile(rb"\w|[.-][0-9]|\xef\xbc[\x90-\x99]")
ROW_BEFORE, ROW_AFTER = re.compile(rb"(?<![\w:.-])[0-9]{4} \Z"), re.compile(rb" [0-9]{4}(?![\w:.-])")
"""Four more digits, so that a number in groups of four is one of many."""
ACCOUNT_BEFORE = re.compile(rb"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:(?: |-|\xc2\xa0)[0-9]{4}){0,4}(?: |-|\xc2\xa0)\Z")
"""The beginning of an IBAN, also of one whose check digits are wrong."""
KEY_BEFORE = re.compile(
    rb"(?:(?<![A-Za-z])(?:[a-z]?ids?|uuid|guid|key|hash|time|timestamp|ts|seq|sequence|offset|index|cursor|nonce|serial)"
    rb"|(?-i:(?<=[a-z])I[Dd]s?))[\"'>\])]{0,2}\s{0,3}(?:[:=#]|=>|\xef\xbc\x9a|is\b|\xe4\xb8\xba|\xe6\x98\xaf){0,2}"
    rb"[\s\"'\[(]{0,3}(?:[0-9]{12,19}[\s\"',]{1,4}){0,3}\Z",
    re.IGNORECASE,
)
"""Names of identifiers, perhaps with others of a list before this one."""
IN_URL = re.compile(rb"://[^\s\"'<>]{0,200}\Z")
SOLID = re.compile(rb"(?<![\w.-])[0-9]{12,19}(?![\w.-])")
MANY_BYTES = 160
WEAK = 0.4


def find(text: bytes, start: int, stop: int, _: Settings) -> Iterator[Span]:
    """Cards in a run of digits, solid or in groups with single spaces or hyphens between."""
    if stop - start < MIN_DIGITS:
        return
    digits = plain(text, start, stop)
    for chain in CHAIN.finditer(digits.text):
        if chain.end() - chain.start() >= MIN_DIGITS:
            yield from _in_chain(text, digits, chain)


def _in_chain(text: bytes, digits: Plain, chain: re.Match[str]) -> Iterator[Span]:
    groups = [(group.start(), group.end()) for group in re.finditer("[0-9]+", chain[0])]
    for place, (first, _) in enumerate(groups):
        number, lengths = "", []
        for group_start, group_stop in groups[place : place + MAX_GROUPS]:
            number += chain[0][group_start:group_stop]
            lengths.append(group_stop - group_start)
            if len(number) > MAX_DIGITS:
                break
            if len(number) >= MIN_DIGITS and luhn(number) and len(set(number)) > 1:
                start, stop = (digits.places[chain.start() + border] for border in (first, group_stop))
                if _is_card(text, start, number) and _is_whole(text, start, stop, len(lengths) > 1):
                    is_sure = _is_usual(text, start, stop, lengths) or is_named(text, start, WORDS)
                    yield Span(start, stop, 0.95 if is_sure else WEAK, "card")


def _is_card(text: bytes, start: int, number: str) -> bool:
    """Whether it has the form of an issuer and is not called a number of something else, or is called a card's."""
    if ISSUERS.fullmatch(number) and not is_otherwise(text, start):
        return True
    return number[0] != "0" and is_named(text, start, WORDS)


def _is_whole(text: bytes, start: int, stop: int, is_grouped: bool) -> bool:
    """Whether a number is not a part of something longer, such as a row of numbers."""
    before = BEFORE.search(text, max(0, start - 3), start)
    if (before and not (before[0] == b"=" and is_named(text, start, WORDS))) or AFTER.match(text, stop):
        return False
    is_row = ROW_BEFORE.search(text, max(0, start - 6), start) or ROW_AFTER.match(text, stop)
    is_account = ACCOUNT_BEFORE.search(text, max(0, start - 32), start)
    return not is_grouped or (is_row is None and is_account is None)


def _is_usual(text: bytes, start: int, stop: int, lengths: list[int]) -> bool:
    """Whether a number is in groups as cards have them, or is solid and stands where no identifiers do."""
    if len(lengths) > 1:
        return GROUPS.fullmatch(f"{lengths}") is not None
    if KEY_BEFORE.search(text, max(0, start - 96), start) or IN_URL.search(text, max(0, start - 256), start):
        return False
    parts = ((max(0, start - MANY_BYTES), start), (stop, stop + MANY_BYTES))
    others = [other[0] for low, high in parts for other in SOLID.finditer(text, low, high)]
    return all(len(other) != stop - start or luhn(other.decode()) for other in others)


RULES = (Rule("card", marks.DIGITS, find),)
