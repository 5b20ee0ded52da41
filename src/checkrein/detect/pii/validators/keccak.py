"""Keccak-256 with the padding of the competition, which EIP-55 uses: hashlib's SHA-3 pads differently."""

from __future__ import annotations

_RATE = 136  # bytes
_MASK = (1 << 64) - 1


def _round_constants() -> tuple[int, ...]:
    """The 24 constants of the iota step, from the shift register of the specification."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _rotations() -> tuple[tuple[tuple[int, int], int], ...]:
    """Place and amount of each rotation, in the order in which the rho and pi steps walk over the lanes."""
    x, y, walk = 1, 0, []
    for step in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        walk.append(((x, y), (step + 1) * (step + 2) // 2 % 64))
    return tuple(walk)


_CONSTANTS, _WALK = _round_constants(), _rotations()


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK


def _permuted(lanes: list[list[int]]) -> list[list[int]]:
    for constant in _CONSTANTS:
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        mixed = [parity[x - 1] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lane ^ mixed[x] for lane in lanes[x]] for x in range(5)]
        carried = lanes[1][0]
        for (x, y), amount in _WALK:
            carried, lanes[x][y] = lanes[x][y], _rotated(carried, amount)
        lanes = [[lanes[x][y] ^ (~lanes[(x + 1) % 5][y] & lanes[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        lanes[0][0] ^= constant
    return lanes


def keccak_256(data: bytes) -> bytes:
    """The digest of ``data``, 32 bytes."""
    return sponge(data, 0x01)


def sponge(data: bytes, suffix: int) -> bytes:
    """The digest of ``data`` with the first byte of padding ``suffix``: 0x01 for Keccak-256, 0x06 for SHA3-256."""
    padding = bytearray(_RATE - len(data) % _RATE)
    padding[0] ^= suffix
    padding[-1] ^= 0x80
    padded = data + bytes(padding)
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for at in range(_RATE // 8):
            lanes[at % 5][at // 5] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lanes[at % 5][at // 5].to_bytes(8, "little") for at in range(4))
