"""What a pipeline refuses as it is declared."""

from __future__ import annotations

import pytest

import seakeep
from seakeep.core.errors import UsageError


def test_a_requirement_on_a_metric_that_does_not_exist_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match="there is no metric 'roc_acu'"):
        seakeep.Pipeline(
            name="tips", read=lambda: None, features=None, estimator=None, require=[seakeep.at_least("roc_acu", 0.7)]
        )
