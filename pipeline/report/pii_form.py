"""Whether what a stage tells of repeated personal data has the form that the report shows."""

from __future__ import annotations

from typing import Any

from .form import COUNT, COUNTS, NAME, fits, fits_each

ENTITY = {
    "values": COUNT,
    "documents": COUNT,
    "shared_by": COUNTS,
    "widest": [{"documents": COUNT, "sources": COUNTS}],
}


def has_repeated(about: dict[str, Any]) -> bool:
    """Whether facts of the kind `repeated_pii` have what is shown."""
    return fits(about, {"of": NAME}) and fits_each(about.get("entities"), ENTITY)
