"""Overrides: what one run changes of the declared pipeline, `seakeep run --set estimator.num_leaves=63`.

A tuner outside (Katib) tries parameters without editing the project. What is changed decides the model, so it is part of the
training stage's key and stands in the release's origins; stages before training do not know of it and are shared by all trials.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Json
    from seakeep.pipeline.declaration import Pipeline

ESTIMATOR = "estimator."
ROLE = "set"
"""Under which a release's origins name them."""


class BadOverride(UsageError):
    """A part of the pipeline cannot be set for one run."""

    @classmethod
    def unknown(cls, key: str) -> BadOverride:
        return cls(
            f"{key!r} cannot be set for a run; parameters of the estimator can",
            cause="Everything else that decides an answer stands in the project's file, where it is reviewed.",
            fix="seakeep run pipeline.py --set estimator.num_leaves=63",
            key=key,
        )


@dataclass(frozen=True, slots=True)
class Overrides:
    """Parameters of the estimator by name, as JSON values; none by default."""

    estimator: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Overrides:
        """From dotted keys and text: numbers, true, false and null are read as JSON, all else is text. Raises BadOverride.

        >>> Overrides.of({"estimator.num_leaves": "63", "estimator.boosting_type": "dart"}).estimator
        {'num_leaves': 63, 'boosting_type': 'dart'}
        """
        for key in given:
            if not key.startswith(ESTIMATOR) or not key.removeprefix(ESTIMATOR).isidentifier():
                raise BadOverride.unknown(key)
        return cls({key.removeprefix(ESTIMATOR): _value(text) for key, text in given.items()})

    def __str__(self) -> str:
        """As they would be typed, by name; the same for any order. Empty for none.

        >>> str(Overrides({"b": 1, "a": "x"}))
        'estimator.a="x", estimator.b=1'
        """
        return ", ".join(f"{ESTIMATOR}{name}={json.dumps(value)}" for name, value in sorted(self.estimator.items()))

    def applied(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline of this run. Raises UsageError, where its estimator cannot be changed so."""
        if not self.estimator:
            return pipeline
        from seakeep.training.estimators import with_parameters

        return replace(pipeline, estimator=with_parameters(pipeline.estimator, self.estimator))


def _value(text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(found, dict | list) or found != found else found  # noqa: PLR0124  (NaN)
