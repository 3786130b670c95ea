"""Quantiles of the beta, Student and chi-square distributions with the standard library alone.

Called by `intervals` and by the distances' noise levels: the core install has no SciPy, and three functions do not earn it.
The incomplete beta and gamma functions are continued fractions by Lentz's method (Press et al., Numerical Recipes, 6.2 and
6.4), good to about 1e-12; their inverses are found by halving an interval, which cannot diverge. What is hard is the tail: a probability of 1e-6 is
asked for as such and never as 1 - 1e-6, which would lose its digits.
"""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

_TINY = 1e-300
_NORMAL = NormalDist()


def normal_quantile(share: float) -> float:
    """The value that a standard normal variable stays below with probability `share`, strictly between 0 and 1.

    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    return _NORMAL.inv_cdf(share)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Probability that a beta(a, b) variable is at most x; a and b above 0.

    >>> round(beta_cdf(0.5, 2.0, 2.0), 12)
    0.5
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def beta_quantile(share: float, a: float, b: float) -> float:
    """The x that a beta(a, b) variable stays below with probability `share`, 0 to 1; within 1e-15 of the true one.

    >>> round(beta_quantile(0.5, 3.0, 3.0), 12)
    0.5
    """
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if beta_cdf(middle, a, b) < share else (low, middle)
    return (low + high) / 2.0


@functools.lru_cache(4096)
def student_quantile(share: float, degrees: float) -> float:
    """The value that Student's t with `degrees` of freedom (above 0) stays below with probability `share`, in (0, 1).

    >>> round(student_quantile(0.975, 10), 4)
    2.2281
    """
    tail = min(share, 1.0 - share)
    x = beta_quantile(2.0 * tail, degrees / 2.0, 0.5)
    size = math.sqrt(degrees * (1.0 - x) / x) if x > 0.0 else math.inf
    return size if share > 0.5 else -size


def chi_square_tail(probability: float, degrees: float) -> float:
    """The value that a chi-square variable exceeds with `probability`, in (0, 1); 0 for no degrees of freedom.

    >>> round(chi_square_tail(0.05, 1), 4)
    3.8415
    """
    if degrees <= 0.0:
        return 0.0
    low, high = 0.0, degrees + 1.0
    while gamma_tail(high / 2.0, degrees / 2.0) > probability:
        low, high = high, high * 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if gamma_tail(middle / 2.0, degrees / 2.0) > probability else (low, middle)
    return (low + high) / 2.0


def gamma_tail(x: float, a: float) -> float:
    """Probability that a gamma variable of shape a (above 0) and scale 1 exceeds x; keeps its digits however small."""
    if x <= 0.0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, 100_000):
            term *= x / (a + n)
            total += term
            if term < total * 1e-16:
                break
        return 1.0 - front * total
    b = x + 1.0 - a
    c, d = 1.0 / _TINY, 1.0 / b
    result = d
    for n in range(1, 100_000):
        b += 2.0
        d = 1.0 / _away(b - n * (n - a) * d)
        c = _away(b - n * (n - a) / c)
        result *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * result


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0))
    result = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        step = 1.0
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            step = c * d
            result *= step
        if abs(step - 1.0) < 1e-15:
            break
    return result


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
