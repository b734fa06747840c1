"""Keccak-256 as Ethereum uses it: the sponge of SHA3-256 (FIPS 202) with the padding from before it was a standard.

Letters: D bytes of input, L = 25 lanes of the state (5 x 5, 64 bits each), R = 24 rounds, B = 32 bytes of a hash.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_RATE = 136
"""Bytes of input per permutation, of a state of 200."""


def _round_constants() -> np.ndarray:
    """What the step iota adds, uint64[R]: bits of a linear feedback shift register (FIPS 202, algorithm 5)."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for place in range(7):
            constant |= (register & 1) << (2**place - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return np.array(constants, np.uint64)


def _moves() -> np.ndarray:
    """int64[24, 2], for the lanes that follow each other in the steps rho and pi: where one goes, and by how many bits
    it turns."""
    moves, x, y = [], 1, 0
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        moves.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64))
    return np.array(moves, np.int64)


CONSTANTS, MOVES = _round_constants(), _moves()


@njit(cache=True, nogil=True)
def _turned(lane, bits):
    """A lane turned to the left by 1 to 63 bits."""
    return (lane << np.uint64(bits)) | (lane >> np.uint64(64 - bits))


@njit(cache=True, nogil=True)
def permute_kernel(lanes_L, constants_R, moves_M2):
    """Keccak-f[1600], in place."""
    sums, row = np.zeros(5, np.uint64), np.zeros(5, np.uint64)
    for constant in constants_R:
        for x in range(5):
            sums[x] = lanes_L[x] ^ lanes_L[x + 5] ^ lanes_L[x + 10] ^ lanes_L[x + 15] ^ lanes_L[x + 20]
        for x in range(5):
            mixed = sums[(x + 4) % 5] ^ _turned(sums[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes_L[x + y] ^= mixed
        carried = lanes_L[1]
        for step in range(24):
            place = moves_M2[step, 0]
            lane = lanes_L[place]
            lanes_L[place] = _turned(carried, moves_M2[step, 1])
            carried = lane
        for y in range(0, 25, 5):
            row[:] = lanes_L[y : y + 5]
            for x in range(5):
                lanes_L[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        lanes_L[0] ^= constant


@njit(cache=True, nogil=True)
def sponge_kernel(data_D, padding, constants_R, moves_M2):
    """uint8[B]; see `sponge`."""
    lanes_L, n_bytes = np.zeros(25, np.uint64), len(data_D)
    for start in range(0, n_bytes // _RATE * _RATE + _RATE, _RATE):
        for place in range(_RATE):
            byte = np.uint64(data_D[start + place]) if start + place < n_bytes else np.uint64(0)
            if start + place == n_bytes:
                byte ^= np.uint64(padding)
            if place == _RATE - 1 and start + _RATE > n_bytes:
                byte ^= np.uint64(0x80)
            lanes_L[place // 8] ^= byte << np.uint64(8 * (place % 8))
        permute_kernel(lanes_L, constants_R, moves_M2)
    hash_B = np.empty(32, np.uint8)
    for place in range(32):
        hash_B[place] = (lanes_L[place // 8] >> np.uint64(8 * (place % 8))) & np.uint64(0xFF)
    return hash_B


def sponge(data: bytes, padding: int) -> bytes:
    """32 bytes from a sponge of capacity 512; padding: 0x01 for Keccak-256, 0x06 for SHA3-256."""
    return sponge_kernel(np.frombuffer(data, np.uint8), padding, CONSTANTS, MOVES).tobytes()


def keccak_256(data: bytes) -> bytes:
    """The hash of some bytes, 32 bytes."""
    return sponge(data, 0x01)
