"""The slow truth about plain words."""

from __future__ import annotations

import dedup_reference
import reference


def plain(*spans: str) -> str:
    """The words of spans that follow each other, in lower case, digits as 0, those of up to 300 bytes joined by spaces."""
    found = ["".join(dedup_reference.folded(word)) for span in spans for word in reference.words(span)]
    return " ".join(word for word in found if len(word.encode()) <= 300)
