"""How numbers and untrusted text are written for people."""

from __future__ import annotations

import unicodedata


def visible(text: object) -> str:
    """Text whose control, format and private characters (bidirectional overrides among them) show as `\\u....`."""
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else f"\\u{ord(c):04x}"
        for c in str(text)
    )


def number(value: float) -> str:
    """A count with separators, or a measure with at most four significant digits."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.4g}"


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
    return f"{percent:.2f} %" if 0 < percent < 1 or 99 < percent < 100 else f"{percent:.1f} %"
