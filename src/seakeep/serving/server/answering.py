"""Answers: from predictions to JSON, in the form in which the request came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.core.kinds import Task
from seakeep.serving.served import class_text
from seakeep.serving.server.marks import by_row
from seakeep.serving.server.receiving import TOGETHER
from seakeep.serving.server.rendering import FEW_ROWS, Rendering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask

_encoder = msgspec.json.Encoder()
_encode = _encoder.encode


class Tensor(msgspec.Struct, gc=False):
    """A tensor of the Open Inference Protocol, data in row order."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Sequence[Any]


class TensorAnswer(msgspec.Struct, omit_defaults=True, gc=False):
    """An answer of the Open Inference Protocol."""

    model_name: str
    model_version: str
    outputs: list[Tensor]
    parameters: dict[str, Any]
    id: str | None = None


class Answers:
    """Writes answers for one model. Scores are written with all digits: read as doubles they are the float32 to the bit."""

    def __init__(self, served: Served) -> None:
        self._served = served
        classes = served.model.classes
        self._classes = classes
        self._names = tuple(class_text(name) for name in classes)
        self._label_type = label_datatype(classes)
        self._rendering = Rendering(classes, self._names)
        self._regression = served.model.task is Task.REGRESSION
        self._parameters: dict[str, Any] = {"release": served.release}
        self.width = 1 if self._regression else len(classes)

    def write(
        self, ask: Ask, scores: Sequence[float], decisions: Sequence[int], prediction_id: str | None = None
    ) -> bytes:
        """The answer's body: see `Answered`. A score that is not finite is written as null: JSON has no other word for it."""
        form = self._tensors if not ask.natural else self._columns if ask.columnar else self._rows
        return form(ask, scores, decisions, prediction_id)

    def lines(
        self, ask: Ask, scores: Sequence[float], decisions: Sequence[int], prediction_id: str | None = None
    ) -> bytes:
        """A JSON object a row, each on a line of its own."""
        made = self._made(ask, scores, decisions)
        if prediction_id is not None:
            made = [{**one, "prediction_id": f"{prediction_id}.{row}"} for row, one in enumerate(made)]
        if ask.marks:
            rules = by_row(ask.marks, ask.rows)
            made = [
                one if broken is None else {**one, "broken": broken} for one, broken in zip(made, rules, strict=True)
            ]
        parts = [made[row : row + TOGETHER] for row in range(0, len(made), TOGETHER)]
        return b"".join(map(_encoder.encode_lines, parts))

    def outputs(self, ask: Ask, scores: Sequence[float], decisions: Sequence[int]) -> list[Tensor]:
        """The tensors that are asked for."""
        if self._regression:
            outputs = [Tensor("value", "FP32", (ask.rows,), scores)]
        else:
            labels = [self._classes[i] for i in decisions]
            outputs = [
                Tensor("probabilities", "FP32", (ask.rows, self.width), scores),
                Tensor("label", self._label_type, (ask.rows,), labels),
            ]
        if ask.outputs is not None:
            outputs = [output for name in ask.outputs for output in outputs if output.name == name]
        if ask.interval is not None:
            outputs += [Tensor(*output) for output in ask.interval.outputs(scores, decisions)]
        return outputs

    def told(self, ask: Ask, outputs: list[Any], prediction_id: str | None) -> bytes:
        """An answer of the protocol that has these outputs."""
        parameters = self._parameters
        if prediction_id is not None:
            parameters = {**parameters, "prediction_id": prediction_id}
        if ask.interval is not None:
            parameters = {**parameters, "interval": ask.interval.level}
        if ask.marks:  # a parameter of the protocol is a text, a number or a boolean
            parameters = {**parameters, "broken": _encode([mark.as_answer() for mark in ask.marks]).decode()}
        return _encode(TensorAnswer(self._served.name, self._served.version, outputs, parameters, ask.id))

    def _tensors(self, ask: Ask, scores: Sequence[float], decisions: Sequence[int], prediction_id: str | None) -> bytes:
        return self.told(ask, self.outputs(ask, scores, decisions), prediction_id)

    def _columns(self, ask: Ask, scores: Sequence[float], decisions: Sequence[int], prediction_id: str | None) -> bytes:
        """The answer as columns: the value, or the label, its probability and those of all classes."""
        made: dict[str, Any] = {"value": scores}
        if not self._regression:
            width = self.width
            made = {
                "label": [self._classes[i] for i in decisions],
                "probability": [scores[row * width + decision] for row, decision in enumerate(decisions)],
                "probabilities": {name: scores[place::width] for place, name in enumerate(self._names)},
            }
        if ask.interval is not None:
            rows = ask.interval.rows(scores, decisions)
            made |= {name: [row[name] for row in rows] for name in rows[0]}
        return _encode(self._framed("columns", made, ask, prediction_id))

    def _rows(self, ask: Ask, scores: Sequence[float], decisions: Sequence[int], prediction_id: str | None) -> bytes:
        if len(decisions) < FEW_ROWS or ask.interval is not None:  # a regression has none
            made: object = self._made(ask, scores, decisions)
        else:
            made = msgspec.Raw(self._rendering.rows(scores, decisions))
        return _encode(self._framed("predictions", made, ask, prediction_id))

    def _made(self, ask: Ask, scores: Sequence[float], decisions: Sequence[int]) -> list[dict[str, Any]]:
        """An object a row."""
        made = [{"value": score} for score in scores] if self._regression else self.labelled(scores, decisions)
        if ask.interval is not None:
            made = [{**one, **more} for one, more in zip(made, ask.interval.rows(scores, decisions), strict=True)]
        return made

    def _framed(self, name: str, made: object, ask: Ask, prediction_id: str | None) -> dict[str, Any]:
        """What was made, and beside it what the answer says of itself."""
        served = self._served
        answer = {name: made, "model": served.name, "release": served.release, "version": served.version}
        if prediction_id is not None:
            answer["prediction_id"] = prediction_id
        if ask.id is not None:
            answer["id"] = ask.id
        if ask.interval is not None:
            answer["interval"] = ask.interval.level
        if ask.marks:
            answer["broken"] = [mark.as_answer() for mark in ask.marks]
        return answer

    def labelled(self, scores: Sequence[float], decisions: Sequence[int]) -> list[dict[str, Any]]:
        """Label, its probability and those of all classes, an object a row."""
        width, names, classes = self.width, self._names, self._classes
        made = []
        for row, decision in enumerate(decisions):
            own = scores[row * width : row * width + width]
            probabilities = dict(zip(names, own, strict=True))
            made.append({"label": classes[decision], "probability": own[decision], "probabilities": probabilities})
        return made


def label_datatype(classes: Sequence[object]) -> str:
    """The protocol's datatype of a model's classes."""
    kinds = {bool: "BOOL", int: "INT64", float: "FP64"}
    return kinds.get(type(classes[0]), "BYTES") if classes else "BYTES"
