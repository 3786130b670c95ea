"""Distances between the statistics of one column, one file each; the file name is the public name.

A distance is a module with two functions and six constants (see `seakeep.testing.check_distance`, which holds them to it):
  distance(reference, current) -> float          0 for equal distributions, never negative, never NaN
  noise(reference, current, *, probability) -> float    what sampling alone exceeds with at most this probability, when both
                                                 columns are independent rows of one distribution
  KINDS: frozenset[Kind]      the kinds of columns it reads
  THRESHOLD: float            the default alarm, a convention; the numeric ones agree with each other: each is what a normal
                              column gives when its mean moves by half a standard deviation
  FLOOR: float                the least that is worth an alarm, however many rows make it certain; the numeric ones are what a
                              mean gives that moves by a fifth of a standard deviation. Used by monitoring
  LARGEST: float              its greatest value, 1 or infinity
  SYMMETRIC: bool             whether exchanging reference and current changes nothing
  SOURCE: str                 where it is defined
None of them grows with the rows for one and the same change: chi-square is here as the effect size that it becomes when counts are
shares (Cramér's V), so that a threshold means the same thing twice. How sure a change is, `evidence.calibration` tells.
"""
