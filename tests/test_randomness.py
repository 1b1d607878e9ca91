"""The named streams: repeatable, evenly spread, unrelated to one another, and quick."""

import time

import numpy as np
import pytest

from abm.randomness import Streams, normal_quantile

COUNT = 200_000
SLOTS = np.arange(COUNT)
# Four standard deviations of the sample correlation of independent draws.
LARGEST_CORRELATION = 4.0 / np.sqrt(COUNT)


def test_a_draw_depends_on_seed_name_slot_and_month_only():
    streams = Streams(7)
    whole = streams.uniform("repair", SLOTS, 12)
    streams.uniform("something else", SLOTS, 3)
    some = np.array([5, 40_000, 17])
    assert np.array_equal(streams.uniform("repair", some, 12), whole[some])
    assert np.array_equal(Streams(7).uniform("repair", SLOTS, 12), whole)
    for other in (
        Streams(8).uniform("repair", SLOTS, 12),
        streams.uniform("repairs", SLOTS, 12),
        streams.uniform("repair", SLOTS, 13),
        streams.uniform("repair", SLOTS + COUNT, 12),
    ):
        assert not np.isclose(other, whole, rtol=0, atol=1e-12).any()


def test_months_may_differ_by_slot():
    streams = Streams(1)
    months = np.array([3, -5, 40])
    together = streams.uniform("life", np.array([10, 11, 12]), months)
    one_by_one = [streams.uniform("life", slot, int(month)) for slot, month in zip((10, 11, 12), months, strict=True)]
    assert np.array_equal(together, one_by_one)


def test_shape_follows_the_slots():
    streams = Streams(1)
    assert streams.uniform("a", 5).shape == ()
    assert streams.uniform("a", np.zeros((0,), dtype=int)).shape == (0,)
    square = np.arange(6).reshape(2, 3)
    assert np.array_equal(streams.uniform("a", square).reshape(-1), streams.uniform("a", np.arange(6)))
    assert streams.normal("a", square).shape == (2, 3)


def test_draws_lie_strictly_between_zero_and_one():
    draws = Streams(3).uniform("a", np.arange(2_000_000))
    assert 0.0 < draws.min() < 1e-5
    assert 1.0 - 1e-5 < draws.max() < 1.0


@pytest.mark.parametrize("seed", [0, 1, 12_345, -1, 2**63])
@pytest.mark.parametrize("month", [0, 1, 299])
def test_uniform_distribution(seed: int, month: int):
    draws = np.sort(Streams(seed).uniform("a", SLOTS, month))
    rank = (np.arange(COUNT) + 0.5) / COUNT
    assert np.abs(draws - rank).max() < 1.95 / np.sqrt(COUNT)  # Kolmogorov and Smirnov at one in a thousand
    assert abs(draws.mean() - 1 / 2) < 4.5 * np.sqrt(1 / 12 / COUNT)
    assert abs(draws.var() - 1 / 12) < 4.5 * np.sqrt(1 / 180 / COUNT)


def test_every_bit_is_fair():
    mantissa = (Streams(11).uniform("a", SLOTS, 5) * 2.0**52).astype(np.uint64)
    for bit in range(52):
        share = ((mantissa >> np.uint64(bit)) & np.uint64(1)).mean()
        assert abs(share - 0.5) < 4.5 * 0.5 / np.sqrt(COUNT)


def neighbouring_pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    streams = Streams(5)
    base = streams.uniform("purchase", SLOTS, 100)
    return {
        "slots": (base[:-1], base[1:]),
        "slots nine apart": (base[:-9], base[9:]),
        "months": (base, streams.uniform("purchase", SLOTS, 101)),
        "names": (base, streams.uniform("purchase2", SLOTS, 100)),
        "seeds": (base, Streams(6).uniform("purchase", SLOTS, 100)),
        "slot and month": (base[1:], streams.uniform("purchase", SLOTS[:-1], 101)),
    }


@pytest.mark.parametrize("kind", neighbouring_pairs())
def test_neighbouring_streams_are_unrelated(kind: str):
    first, second = neighbouring_pairs()[kind]
    assert abs(np.corrcoef(first, second)[0, 1]) < LARGEST_CORRELATION
    assert abs(np.corrcoef(first**2, second)[0, 1]) < LARGEST_CORRELATION
    cells = np.histogram2d(first, second, bins=16, range=[[0, 1], [0, 1]])[0]
    expected = len(first) / 256
    assert ((cells - expected) ** 2 / expected).sum() < 255 + 4.5 * np.sqrt(2 * 255)


def test_along_the_months_of_one_slot():
    draws = Streams(2).uniform("a", np.full(COUNT, 77), np.arange(COUNT))
    assert abs(draws.mean() - 0.5) < 4.5 * np.sqrt(1 / 12 / COUNT)
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < LARGEST_CORRELATION


def test_normal_draws():
    draws = Streams(4).normal("shock", SLOTS, 9)
    assert abs(draws.mean()) < 4.5 / np.sqrt(COUNT)
    assert abs(draws.std() - 1.0) < 4.5 / np.sqrt(2 * COUNT)
    assert abs((draws**3).mean()) < 4.5 * np.sqrt(15 / COUNT)
    assert abs((draws**4).mean() - 3.0) < 4.5 * np.sqrt(96 / COUNT)
    uniform = Streams(4).uniform("shock", SLOTS, 9)
    assert np.array_equal(np.argsort(draws), np.argsort(uniform))


def test_normal_quantiles_known_to_seven_digits():
    known = {0.5: 0.0, 0.975: 1.959963985, 0.001: -3.090232306, 0.9: 1.281551566, 1e-10: -6.361340902}
    assert normal_quantile(list(known)) == pytest.approx(list(known.values()), abs=1e-6)


def test_generators_are_their_own():
    streams = Streams(9)
    first = streams.generator("set-up").random(1000)
    assert np.array_equal(first, streams.generator("set-up").random(1000))
    assert not np.array_equal(first, streams.generator("other").random(1000))
    assert not np.array_equal(first, Streams(10).generator("set-up").random(1000))


def test_large_arrays_take_less_than_15_nanoseconds_a_draw():
    streams, slots = Streams(1), np.arange(1_000_000)
    times = []
    for month in range(5):
        start = time.process_time()
        streams.uniform("a", slots, month)
        times.append(time.process_time() - start)
    assert min(times) / len(slots) < 15e-9
