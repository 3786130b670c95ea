"""Explaining: what each input of a row added to its score, against a row typical of training, asked of the graph alone.

The score is explained as it is answered: a probability or a value. A coalition is a row that has some inputs as they were asked and
the others as the typical row has them; the Shapley values over all coalitions (evidence.shapley) sum to the score less the typical row's.
Inputs that are as in the typical row add nothing, and are left out of the sum. It needs no file of the estimator, so that it holds for
every release. What is hard is cost: thousands of rows a row, so that each row is a piece of work of its own beside the loop.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seakeep.core.kinds import Kind, Task
from seakeep.evidence.shapley import EXACT_PLAYERS, shapley
from seakeep.serving.server.filling import typical
from seakeep.serving.server.refusals import BadWish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.evidence.shapley import Shares
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.served import Served
    from seakeep.serving.server.columns import Column

PARAMETER = "samples"
SAMPLES, MOST_SAMPLES = 64, 1_000
MOST_ROWS = 100
CHUNK_ROWS = 4_096
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Explained(NamedTuple):
    """One row: its shares by the places of the inputs that differ from the typical row's. target: the class explained, by place.

    decision: the class that the row is answered with, by place; None for a regression.
    """

    row: tuple[Any, ...]
    players: tuple[int, ...]
    shares: Shares
    target: int
    decision: int | None


class Explainer:
    """Explains rows of one release. Parameters: predictor: runs the model. columns: its inputs."""

    def __init__(self, served: Served, predictor: OnnxPredictor, columns: Sequence[Column]) -> None:
        self._served, self._predictor, self._columns = served, predictor, columns
        self._typical: tuple[Any, ...] | None = None

    def typical(self) -> tuple[Any, ...]:
        """The row typical of training; read from the release once. Raises Refusal, where it has no statistics."""
        if self._typical is None:
            statistics = self._served.statistics.columns
            if not any(column.name in statistics for column in self._columns):
                raise BadWish.no_baseline(self._served.name, self._served.version)
            self._typical = tuple(typical(column.kind, statistics.get(column.name)) for column in self._columns)
        return self._typical

    def seconds(self, samples: int, row_seconds: float) -> float:
        """About how long a row takes. row_seconds: of the model, a row among many."""
        count = len(self._columns)
        return row_seconds * (1 << count if count <= EXACT_PLAYERS else 2 * samples * count)

    def explain(self, row: tuple[Any, ...], samples: int) -> Explained:
        """What each input added to a score: of two classes the second's, of several the decided one's, of a regression the value.

        Parameters: row: under the null contract. samples: pairs of orders, where there are many inputs.
        """
        base = self.typical()
        players = tuple(place for place, value in enumerate(row) if value != base[place])
        decision = self._decision(row)
        target = decision if decision is not None and self._served.model.task is Task.MULTICLASS else -1

        def worth(sets: NDArray[np.bool_]) -> NDArray[np.float64]:
            parts = [
                self._scores(row, base, players, sets[at : at + CHUNK_ROWS], target)
                for at in range(0, len(sets), CHUNK_ROWS)
            ]
            return np.concatenate(parts)

        return Explained(row, players, shapley(worth, len(players), pairs=samples), target, decision)

    def _decision(self, row: tuple[Any, ...]) -> int | None:
        """The class that a row is answered with; None for a regression."""
        if self._served.model.task is Task.REGRESSION:
            return None
        feeds = {column.name: column.array([value]) for column, value in zip(self._columns, row, strict=True)}
        decisions = self._predictor.predict_feeds(feeds).decisions
        assert decisions is not None
        return int(decisions[0])

    def _scores(
        self,
        row: tuple[Any, ...],
        base: tuple[Any, ...],
        players: tuple[int, ...],
        sets: NDArray[np.bool_],
        target: int,
    ) -> NDArray[np.float64]:
        """Scores of rows that have the inputs in each set as the row has them, the others as the typical one has."""
        member = {place: sets[:, player].astype(np.intp) for player, place in enumerate(players)}
        none = np.zeros(len(sets), np.intp)
        feeds = {
            column.name: column.array([base[place], row[place]])[member.get(place, none)]
            for place, column in enumerate(self._columns)
        }
        return self._predictor.predict_feeds(feeds).scores[:, target].astype(np.float64)


def samples_of(parameters: Mapping[str, Any] | None) -> int:
    """How many pairs of orders a request asks for. Raises Refusal."""
    found = (parameters or {}).get(PARAMETER)
    if found is None:
        return SAMPLES
    if isinstance(found, bool) or not isinstance(found, int) or not 2 <= found <= MOST_SAMPLES:
        raise BadWish.samples(found, MOST_SAMPLES)
    return found


def readable(kind: Kind, value: Any) -> Any:
    """A value as rows have it: times as ISO 8601, where they are of a year that has one."""
    if kind is not Kind.TIMESTAMP or value is None:
        return value
    try:
        return (_EPOCH + dt.timedelta(microseconds=value)).isoformat()
    except OverflowError:
        return value
