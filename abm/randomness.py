"""Named random streams: every draw is a function of seed, name, slot and month.

No state is kept, so that a draw made by one agent never shifts the draws of another: two runs
that differ in one policy meet the same luck everywhere else (common random numbers), and the
result does not depend on the order of calls or the number of processes.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.integer[Any]]
Reals = NDArray[np.float64]

_MASK = 2**64 - 1
# The increment and multipliers of SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
# generators", OOPSLA, with Stafford's variant 13 of the finaliser); months step by an independent odd constant.
# They are arrays without axes, with which NumPy calculates faster than with scalars.
_SLOT_STEP = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
_MONTH_STEP = 0xD1B54A32D192ED03
_MONTH_STEPS = np.array(_MONTH_STEP, dtype=np.uint64)
_FIRST_FACTOR = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
_SECOND_FACTOR = np.array(0x94D049BB133111EB, dtype=np.uint64)
_FIRST_SHIFT, _SECOND_SHIFT, _THIRD_SHIFT = (np.array(bits, dtype=np.uint64) for bits in (30, 27, 31))
_TO_MANTISSA = np.array(12, dtype=np.uint64)
_EXPONENT_OF_ONE = np.array(0x3FF0000000000000, dtype=np.uint64)
_JUST_BELOW_ONE = np.array(1.0 - 2.0**-53)
# Work in blocks that stay in the processor's cache: long arrays are then twice as fast.
_BLOCK = 16384


class Streams:
    """The random streams of one run.

    `uniform` and `normal` draw by a counter-based hash for the slots asked for only; `generator`
    gives an ordinary NumPy generator for set-up, where large arrays are permuted and sampled.
    """

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)
        self._keys: dict[str, int] = {}

    def uniform(self, name: str, slots: ArrayLike, month: int | Integers = 0) -> Reals:
        """Return draws in the open interval (0, 1), shaped as `slots`.

        `slots` are permanent integer identities; `month` is one month for all of them or an
        array that broadcasts to the shape of `slots`.
        """
        slots = np.asarray(slots)
        flat = slots.reshape(-1)
        months = None
        if isinstance(month, np.ndarray):
            months = (month if month.shape == slots.shape else np.broadcast_to(month, slots.shape)).reshape(-1)
            month = 0
        key = np.array(self._key_of_month(name, month), dtype=np.uint64)
        if flat.size <= _BLOCK:
            return _draw(flat, months, key).reshape(slots.shape)
        draws = np.empty(flat.size)
        for start in range(0, flat.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            draws[block] = _draw(flat[block], None if months is None else months[block], key)
        return draws.reshape(slots.shape)

    def uniforms(self, names: tuple[str, ...], slots: Integers, month: int) -> Reals:
        """Return the draws of several names for the same slots (n,) and month, (names, n): cheaper than one by one."""
        if len(slots) > _BLOCK:
            return np.stack([self.uniform(name, slots, month) for name in names])
        keys = np.array([[self._key_of_month(name, month)] for name in names], dtype=np.uint64)
        return _draw(slots, None, keys)

    def normal(self, name: str, slots: ArrayLike, month: int | Integers = 0) -> Reals:
        """Return standard normal draws, shaped as `slots`; increasing in `uniform` of the same key."""
        draws = self.uniform(name, slots, month)
        flat_draws = draws.reshape(-1)
        for start in range(0, draws.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            flat_draws[block] = normal_quantile(flat_draws[block])
        return draws

    def generator(self, name: str) -> np.random.Generator:
        """Return a fresh NumPy generator of its own for the name; always the same for seed and name."""
        return np.random.Generator(np.random.PCG64DXSM([self.seed & _MASK, zlib.crc32(name.encode())]))

    def _key_of_month(self, name: str, month: int) -> int:
        """Return the key of a name in a month."""
        key = self._keys.get(name)
        return ((self._key(name) if key is None else key) + int(month) * _MONTH_STEP) & _MASK

    def _key(self, name: str) -> int:
        """Return the 64-bit key of seed and name, hashed so that near seeds give unrelated streams."""
        key = self._keys.get(name)
        if key is None:
            key = _mix(_mix(self.seed & _MASK) ^ zlib.crc32(name.encode()))
            self._keys[name] = key
        return key


def normal_quantile(probability: ArrayLike) -> Reals:
    """Return the standard normal quantile of probabilities in (0, 1), to about seven digits.

    Algorithm PPND7 of Wichura (1988), AS 241, Applied Statistics 37(3).
    """
    probability = np.asarray(probability, dtype=np.float64)
    offset = probability - 0.5
    square = 0.180625 - offset * offset
    # Beyond |offset| 0.425 the middle formula is not used; it is kept finite there by the bound.
    result = offset * _middle_ratio(np.maximum(square, 0.0))
    outside = np.abs(offset) > 0.425
    if outside.any():
        tail = probability[outside]
        result[outside] = np.sign(tail - 0.5) * _tail_quantile(np.minimum(tail, 1.0 - tail))
    return result


def _middle_ratio(square: Reals) -> Reals:
    over = ((59.109374720 * square + 159.29113202) * square + 50.434271938) * square + 3.3871327179
    under = ((67.187563600 * square + 78.757757664) * square + 17.895169469) * square + 1.0
    return over / under


def _tail_quantile(tail: Reals) -> Reals:
    """Return the distance from zero at which `tail` (below 0.075) of the distribution lies beyond."""
    root = np.sqrt(-np.log(tail))
    near, far = root - 1.6, root - 5.0
    nearer = (((0.17023821103 * near + 1.3067284816) * near + 2.7568153900) * near + 1.4234372777) / (
        (0.12021132975 * near + 0.73700164250) * near + 1.0
    )
    farther = (((0.017337203997 * far + 0.42868294337) * far + 3.0812263860) * far + 6.6579051150) / (
        (0.012258202635 * far + 0.24197894225) * far + 1.0
    )
    return np.where(root <= 5.0, nearer, farther)


def _draw(slots: Integers, months: Integers | None, key: NDArray[np.uint64]) -> Reals:
    """Hash one block: a distinct counter for each slot and month, then SplitMix64's finaliser.

    The bits become the mantissa of a float in [1, 2), from which a little less than one is taken. Several keys, as a
    column, give a row of draws each.
    """
    bits = slots.astype(np.uint64)
    bits *= _SLOT_STEP
    bits = bits + key
    if months is not None:
        bits += months.astype(np.uint64) * _MONTH_STEPS
    shifted = bits >> _FIRST_SHIFT
    bits ^= shifted
    bits *= _FIRST_FACTOR
    np.right_shift(bits, _SECOND_SHIFT, out=shifted)
    bits ^= shifted
    bits *= _SECOND_FACTOR
    np.right_shift(bits, _THIRD_SHIFT, out=shifted)
    bits ^= shifted
    bits >>= _TO_MANTISSA
    bits |= _EXPONENT_OF_ONE
    draws: Reals = bits.view(np.float64)
    draws -= _JUST_BELOW_ONE
    return draws


def _mix(value: int) -> int:
    """Return the finaliser applied to one Python integer."""
    value = (value + int(_SLOT_STEP)) & _MASK
    value = ((value ^ (value >> 30)) * int(_FIRST_FACTOR)) & _MASK
    value = ((value ^ (value >> 27)) * int(_SECOND_FACTOR)) & _MASK
    return value ^ (value >> 31)
