"""Exact sums of doubles: the accumulator whose result does not depend on order.

A double is an integer times a power of two, and so is any sum of doubles. Keeping that integer makes addition exact,
associative and commutative, so that statistics of any chunking add up to the same bits. Rounding happens once, on reading.
Decimals are integers over powers of ten, so a sum may have powers of five below it as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from seakeep.core.codec import GAINED


@dataclass(frozen=True, slots=True)
class ExactSum:
    """mantissa · 2^exponent / 5^fives. Equal values are equal objects: the mantissa is odd, or zero, and no multiple of 5
    where `fives` is above 0, which only sums of decimals have.

    >>> (ExactSum.of(0.1) + ExactSum.of(0.2) + ExactSum.of(-0.3)).value() == 0.1 + 0.2 - 0.3
    False
    >>> ExactSum.of(1e100) + ExactSum.of(1.0) + ExactSum.of(-1e100) == ExactSum.of(1.0)
    True
    >>> ExactSum.decimal(1, 1) + ExactSum.decimal(2, 1) + ExactSum.decimal(-3, 1) == ExactSum()
    True
    """

    mantissa: int = 0
    exponent: int = 0
    fives: int = field(default=0, metadata=GAINED)

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

    @classmethod
    def decimal(cls, digits: int, scale: int) -> ExactSum:
        """digits · 10^-scale, exactly."""
        return cls.reduced(digits, -scale, scale)

    @classmethod
    def reduced(cls, mantissa: int, exponent: int, fives: int) -> ExactSum:
        """mantissa · 2^exponent / 5^fives for any integers."""
        while fives > 0 and mantissa % 5 == 0 and mantissa:
            mantissa, fives = mantissa // 5, fives - 1
        plain = cls.scaled(mantissa * 5 ** max(-fives, 0), exponent)
        return cls(plain.mantissa, plain.exponent, max(fives, 0)) if mantissa else plain

    def __add__(self, other: ExactSum) -> ExactSum:
        if self.fives or other.fives:
            return self._added_decimals(other)
        low = min(self.exponent, other.exponent)
        shifted = (self.mantissa << (self.exponent - low)) + (other.mantissa << (other.exponent - low))
        return ExactSum.scaled(shifted, low)

    def _added_decimals(self, other: ExactSum) -> ExactSum:
        low, fives = min(self.exponent, other.exponent), max(self.fives, other.fives)
        own = (self.mantissa << (self.exponent - low)) * 5 ** (fives - self.fives)
        their = (other.mantissa << (other.exponent - low)) * 5 ** (fives - other.fives)
        return ExactSum.reduced(own + their, low, fives)

    def fraction(self) -> Fraction:
        """The exact value."""
        if self.exponent >= 0:
            return Fraction(self.mantissa << self.exponent, 5**self.fives)
        return Fraction(self.mantissa, 5**self.fives << -self.exponent)

    def value(self) -> float:
        """The nearest double; infinity beyond the doubles' range."""
        return nearest_float(self.fraction())


def nearest_float(fraction: Fraction) -> float:
    """The double nearest to an exact fraction; infinite where it is beyond their range."""
    try:
        return float(fraction)
    except OverflowError:
        return float("inf") if fraction > 0 else float("-inf")
