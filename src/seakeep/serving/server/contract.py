"""Contract: what requests for one model may hold. Made once from the model's inputs and its serving schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Task
from seakeep.serving.server.columns import Column
from seakeep.serving.server.families import IMPUTED, MISSING, OUTSIDE
from seakeep.serving.server.filling import fill_of
from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from seakeep.serving.served import Served
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.settings import Settings


class Contract:
    """What requests for one model may hold.

    columns: the inputs, in the model's order. ignored: columns that a table has when serving but the model does not read;
    they may be sent, as whole raw rows are, and are not looked at. refused: why, by name, columns that a request cannot
    have, since they are not known yet when it is made. outputs: names of the tensors that can be asked for. key: the schema's
    key column, where it may be sent, else None. inputs: as the model names them.
    """

    def __init__(self, served: Served, settings: Settings, metrics: Metrics) -> None:
        self.model = served.name
        sheet = metrics.of_release(served)
        self.row_limit = settings.row_limit
        self.inputs = served.model.inputs
        schema = served.model.schema
        expected = schema.expected("serving")
        typical = served.statistics.columns if "impute" in (settings.missing, settings.domain) else None
        self.columns = tuple(
            Column(
                column,
                schema.columns.get(column.name),
                settings,
                missing=sheet.cell(MISSING, served.name, served.version, column.name),
                outside=sheet.cell(OUTSIDE, served.name, served.version, column.name),
                imputed=sheet.cell(IMPUTED, served.name, served.version, column.name),
                fill=None if typical is None else fill_of(column.kind, typical.get(column.name)),
            )
            for column in served.model.inputs
        )
        self.by_name = {column.name: column for column in self.columns}
        self.names = tuple(self.by_name)
        self.ignored = tuple(name for name in expected if name not in self.by_name)
        self.refused = {
            name: "the label" if name == schema.label else "not known before the prediction"
            for name in schema.columns
            if name not in expected and name not in self.by_name
        }
        self.key = schema.key if schema.key in (*self.ignored, *self.by_name) else None
        self.outputs = output_names(served)

    def check_name(self, name: str) -> None:
        """Raise Refusal, if no request may have a column of this name."""
        if name in self.by_name or name in self.ignored:
            return
        if name in self.refused:
            raise BadInput.not_an_input(name, self.refused[name])
        raise BadInput.unknown_input(name, self.names, self.model)

    def check_rows(self, field: str, rows: int) -> None:
        """Raise Refusal, if no request may have so many rows."""
        if rows == 0:
            raise BadInput.no_rows(field)
        if rows > self.row_limit:
            raise BadInput.too_many_rows(rows, self.row_limit)


def output_names(served: Served) -> tuple[str, ...]:
    """Names of the tensors that a model answers with."""
    return ("value",) if served.model.task is Task.REGRESSION else ("probabilities", "label")
