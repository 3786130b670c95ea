"""Hypothesis settings for every test: no deadline, since shared machines stall; more cases with HYPOTHESIS_PROFILE=thorough.

Where CI is set the same cases are drawn every time, so that a change is not held up by what it did not touch; everywhere else
each run looks somewhere new.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "default",
    deadline=None,
    max_examples=60,
    suppress_health_check=_QUIET,
    derandomize=bool(os.environ.get("CI")),
)
settings.register_profile("thorough", deadline=None, max_examples=1000, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
