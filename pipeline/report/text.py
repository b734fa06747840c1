"""How numbers and untrusted text are written for people."""

from __future__ import annotations

import unicodedata
from typing import Any

HARMLESS = frozenset("\n\t\u200c\u200d")
"""Line feed and tab; the joiners, which Persian, the languages of India and emoji are spelled with."""

NO_TEXTS = "No texts are shown, for no stage of this run scrubs personal data."


def visible(text: object) -> str:
    """Text whose control, format and private characters (bidirectional overrides among them) show as `\\u....`."""
    return "".join(
        c
        if c in HARMLESS or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
        else f"\\u{ord(c):04x}"
        for c in str(text)
    )


def number(value: float) -> str:
    """A count with separators, or a measure with four significant digits, or all before the point."""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def size(n_bytes: float) -> str:
    """Bytes in a unit that leaves one to three digits before the point."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(n_bytes) < 1000 or unit == "TB":
            break
        n_bytes /= 1000
    return f"{n_bytes:,.0f} {unit}" if unit == "B" else f"{n_bytes:,.1f} {unit}"


def share(part: float, whole: float) -> str:
    """A percentage; a dash if there is nothing to share."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "<0.01 %"
    if 99.99 < percent < 100:
        return ">99.99 %"
    return f"{percent:.2f} %" if 0 < percent < 1 or 99 < percent < 100 else f"{percent:.1f} %"


def brief_share(part: float, whole: float) -> str:
    """A percentage without a fraction; a dash if there is nothing to share."""
    if not whole:
        return "–"
    return "<1 %" if 0 < 100 * part < whole else f"{100 * part / whole:.0f} %"


def percent(rate: float) -> str:
    """A rate in per cent, with as many digits as tell small rates apart."""
    return f"{100 * rate:.{_digits(rate)}f} %"


def interval(one: dict[str, Any]) -> str:
    """`rate`, and `low` to `high`, such as 48 % (45 to 51)."""
    return f"{percent(one['rate'])} ({bounds(one)})"


def bounds(one: dict[str, Any]) -> str:
    """`low` to `high` in per cent, with as many digits as `rate`."""
    digits = _digits(one["rate"])
    return f"{100 * one['low']:.{digits}f} to {100 * one['high']:.{digits}f}"


def _digits(rate: float) -> int:
    if rate in (0, 1) or 0.1 <= rate <= 0.99:
        return 0
    return 1 if 0.01 <= rate < 0.1 else 2
