"""The slow truth about clusters."""

from __future__ import annotations


def components(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Element -> least element of its cluster, by repeated relabelling."""
    label = {element: element for pair in pairs for element in pair}
    changed = True
    while changed:
        changed = False
        for one, other in pairs:
            least = min(label[one], label[other])
            changed |= label[one] != least or label[other] != least
            label[one] = label[other] = least
    return label
