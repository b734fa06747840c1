"""Windows of a text, written from their definition."""

from __future__ import annotations

WHITE = b"\t\n\v\f\r "
CUT_WORD_BYTES = 48


def whole(data: bytes, place: int) -> bool:
    """Whether a character begins, or the text ends, at a byte."""
    return place == len(data) or data[place] & 0xC0 != 0x80


def windows(text: str, n_windows: int, n_bytes: int) -> list[bytes]:
    """What `kernels.windows.windows` takes of one document."""
    data = text.encode()
    if len(data) <= n_bytes:
        return [data]
    size = n_bytes // n_windows
    most = min(CUT_WORD_BYTES, size // 8)
    found = []
    for window in range(n_windows):
        start = window * (len(data) - size) // max(n_windows - 1, 1)
        stop = start + size
        if start > 0:
            start = next(place for place in range(start, stop) if whole(data, place))
            ends = [place for place in range(start - 1, start + most) if data[place] in WHITE]
            start = ends[0] + 1 if ends else start
        if stop < len(data):
            stop = next(place for place in range(stop, 0, -1) if whole(data, place))
            ends = [place for place in range(stop - most, stop + 1) if data[place] in WHITE]
            stop = ends[-1] if ends else stop
        found.append(data[start:stop])
    return found
