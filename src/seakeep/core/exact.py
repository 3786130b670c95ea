"""Exact sums of doubles: the accumulator whose result does not depend on order.

A double is an integer times a power of two, and so is any sum of doubles. Keeping that integer makes addition exact,
associative and commutative, so that statistics of any chunking add up to the same bits. Rounding happens once, on reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class ExactSum:
    """mantissa · 2^exponent; the mantissa is odd or zero, so that equal values are equal objects.

    >>> (ExactSum.of(0.1) + ExactSum.of(0.2) + ExactSum.of(-0.3)).value() == 0.1 + 0.2 - 0.3
    False
    >>> ExactSum.of(1e100) + ExactSum.of(1.0) + ExactSum.of(-1e100) == ExactSum.of(1.0)
    True
    """

    mantissa: int = 0
    exponent: int = 0

    @classmethod
    def of(cls, value: float) -> ExactSum:
        """A finite number, exactly. Raises OverflowError or ValueError for infinities and NaN."""
        numerator, denominator = value.as_integer_ratio()
        return cls.scaled(numerator, 1 - denominator.bit_length())

    @classmethod
    def scaled(cls, mantissa: int, exponent: int) -> ExactSum:
        """mantissa · 2^exponent for any integers."""
        if mantissa == 0:
            return cls()
        zeros = (mantissa & -mantissa).bit_length() - 1
        return cls(mantissa >> zeros, exponent + zeros)

    def __add__(self, other: ExactSum) -> ExactSum:
        low = min(self.exponent, other.exponent)
        shifted = (self.mantissa << (self.exponent - low)) + (other.mantissa << (other.exponent - low))
        return ExactSum.scaled(shifted, low)

    def fraction(self) -> Fraction:
        """The exact value."""
        if self.exponent >= 0:
            return Fraction(self.mantissa << self.exponent)
        return Fraction(self.mantissa, 1 << -self.exponent)

    def value(self) -> float:
        """The nearest double; infinity beyond the doubles' range."""
        return nearest_float(self.fraction())


def nearest_float(fraction: Fraction) -> float:
    """The double nearest to an exact fraction; infinite where it is beyond their range."""
    try:
        return float(fraction)
    except OverflowError:
        return float("inf") if fraction > 0 else float("-inf")
