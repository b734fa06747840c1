"""Words of four and eight bytes from any byte position.

Letters: D bytes. A position is made unsigned, which cannot count from the end: so the loads of the bytes compile to a
single one. The caller sees to it that all bytes lie in the data.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def word32(data_D, position):
    """The four bytes from a byte position, the first one lowest, as uint32."""
    place = np.uint64(position)
    word = np.uint32(data_D[place])
    for step in range(1, 4):
        word |= np.uint32(data_D[place + np.uint64(step)]) << np.uint32(8 * step)
    return word


@njit(cache=True, nogil=True)
def word64(data_D, position):
    """The eight bytes from a byte position, the first one lowest, as uint64."""
    place = np.uint64(position)
    word = np.uint64(data_D[place])
    for step in range(1, 8):
        word |= np.uint64(data_D[place + np.uint64(step)]) << np.uint64(8 * step)
    return word
