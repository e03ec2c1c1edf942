"""Rounding to bfloat16, in NumPy: the nearest number, and the even one of two."""

import numpy as np
import pytest

STEP = np.uint32(0x10000)
"""What the bits of a number of bfloat16 differ by from those of the next one, within 32 bits."""


def bits(x):
    return np.asarray(x, np.float32).view(np.uint32)


def test_the_nearest_number_with_sixteen_bits(d2l):
    x = (np.random.default_rng(0).normal(size=5000) * 10.0 ** np.linspace(-30, 30, 5000)).astype(np.float32)
    rounded = d2l.to_bfloat16(x)
    assert rounded.dtype == np.float32
    assert not (bits(rounded) % STEP).any()
    for other in ((bits(rounded) + STEP).view(np.float32), (bits(rounded) - STEP).view(np.float32)):
        distance = np.abs(x.astype(np.float64) - rounded)
        assert (distance <= np.abs(x.astype(np.float64) - other)).all()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, 0.0), (1.0, 1.0), (-2.5, -2.5), (np.inf, np.inf),
        (1 + 1 / 256, 1.0), (1 + 3 / 256, 1 + 1 / 64), (-1 - 1 / 256, -1.0),
        (1 + 1 / 256 + 2**-20, 1 + 1 / 128), (257.0, 256.0), (3.3895e38, np.float32(2.0**127 * 255 / 128)),
    ],
)  # fmt: skip
def test_ties_go_to_the_even_number(d2l, x, expected):
    assert d2l.to_bfloat16(np.float32(x)) == expected
    assert d2l.to_bfloat16(np.array([x], np.float32)).tolist() == [expected]


def test_the_shape_is_kept_and_the_input_not_changed(d2l):
    x = np.full((2, 3), np.pi, np.float32)
    assert d2l.to_bfloat16(x).tolist() == [[3.140625] * 3] * 2
    assert (x == np.float32(np.pi)).all()
