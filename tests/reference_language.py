"""What `language_codes` and `language_lines` do, one text at a time."""

from __future__ import annotations


def merged(guesses: list[tuple[str, float]]) -> list[tuple[str, int]]:
    """Codes, best first, with scores in ten-thousandths; those of one code are added."""
    found: dict[str, int] = {}
    for code, score in guesses:
        found[code] = found.get(code, 0) + min(10_000, max(0, round(score * 10_000)))
    return [(code, min(10_000, score)) for code, score in sorted(found.items(), key=lambda one: -one[1])]


def share_main(text: str, judged: list[bool], other: list[bool]) -> float:
    """The share of bytes of judged lines that are not of another language."""
    sizes = [len(line.encode()) for line in text.split("\n")]
    total = sum(size for size, one in zip(sizes, judged, strict=True) if one)
    foreign = sum(size for size, one in zip(sizes, other, strict=True) if one)
    return round((1 - foreign / total) * 10_000) / 10_000 if total else 1.0


def without(text: str, cut: list[bool]) -> str:
    """The text without some of its lines."""
    return "\n".join(line for line, gone in zip(text.split("\n"), cut, strict=True) if not gone)
