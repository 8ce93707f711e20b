"""Many counts in one whole number, thirty-two bits each: adding two numbers adds all of their counts at once. Pure."""

import struct
from collections.abc import Mapping

BITS = 32


def packed(counts: Mapping[int, int]) -> int:
    """Place → how many, each less than 2**32. Their sums must stay below that as well."""
    if not counts:
        return 0
    places = [0] * (max(counts) + 1)
    for place, count in counts.items():
        places[place] = count
    return int.from_bytes(struct.pack(f"<{len(places)}I", *places), "little")


def one(place: int) -> int:
    return 1 << BITS * place


def unpacked(number: int) -> tuple[int, ...]:
    """From place 0 to the last that is not empty."""
    size = (number.bit_length() + BITS - 1) // BITS
    return struct.unpack(f"<{size}I", number.to_bytes(size * BITS // 8, "little"))
