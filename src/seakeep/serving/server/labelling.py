"""Labelling: reads labels that arrive by REST, as carefully as requests: all of them are taken, or none and why.

A label says of which prediction it is by the id that the answer had, with the row's number, or by the key. Whether such a
prediction was ever made is not asked here: labels may come before the log was read, and are joined when it is.
"""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Task
from seakeep.prediction_log.frames import Label
from seakeep.serving.served import class_text
from seakeep.serving.server.keys import as_key
from seakeep.serving.server.parsing import check_members, decode_object, typed
from seakeep.serving.server.refusals import BadBody, BadInput, BadLabel

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.model import Model

_ITEM = ("prediction_id", "key", "label")
_ID = re.compile(r"[^\s.]{1,100}\.\d{1,9}")
_LISTED = 20
_QUICK_BYTES = 1 << 16  # of a body that is read in two milliseconds


async def take_labels(body: bytes, model: Model, *, limit: int) -> list[Label]:
    """As `read_labels`; many are read in a thread, so that others are answered meanwhile."""
    if len(body) <= _QUICK_BYTES:
        return read_labels(body, model, limit=limit)
    return await asyncio.get_running_loop().run_in_executor(None, partial(read_labels, body, model, limit=limit))


def read_labels(body: bytes, model: Model, *, limit: int) -> list[Label]:
    """The labels in a request's body. Parameters: model: whose answers they are for. limit: most labels at once.

    Raises: Refusal, naming the first label at fault.
    """
    request = decode_object(body)
    check_members("the body", request, ("labels",))
    items = typed(request, "labels", list, "an array of objects")
    if items is None:
        raise BadBody.missing_member("the body", "labels", 'an array such as [{"prediction_id": "…", "label": …}]')
    if not items:
        raise BadInput.no_rows("labels")
    if len(items) > limit:
        raise BadInput.too_many_rows(len(items), limit)
    read, now = _value_reader(model), time.time_ns() // 1000
    return [_label(number, item, read, now) for number, item in enumerate(items)]


def _label(number: int, item: object, read: Callable[[int, object], Any], now: int) -> Label:
    if not isinstance(item, dict):
        raise BadLabel.item(number, item)
    check_members(f"labels[{number}]", item, _ITEM)
    given = [name for name in ("prediction_id", "key") if item.get(name) is not None]
    if len(given) != 1:
        raise BadLabel.whose(number, given)
    value = read(number, item.get("label"))
    if given == ["key"]:
        key = as_key(item["key"])
        if not key:
            raise BadLabel.key(number, item["key"])
        return Label(now, "key", key, value)
    if not isinstance(item["prediction_id"], str) or not _ID.fullmatch(item["prediction_id"]):
        raise BadLabel.prediction_id(number, item["prediction_id"])
    return Label(now, "id", item["prediction_id"], value)


def _value_reader(model: Model) -> Callable[[int, object], Any]:
    """What turns a JSON value into a label that the model could have predicted. JSON's true is not 1, and "1" is no number."""
    if model.task is Task.REGRESSION:
        return _number
    known = {_marked(one): one for one in model.classes}
    listed = ", ".join(class_text(one) if not isinstance(one, str) else repr(one) for one in model.classes[:_LISTED])
    words = f"one of {listed}{', …' if len(model.classes) > _LISTED else ''}"

    def read(number: int, value: object) -> object:
        if isinstance(value, dict | list) or _marked(value) not in known:
            raise BadLabel.value(number, value, words)
        return known[_marked(value)]

    return read


def _marked(value: object) -> tuple[str, object]:
    kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    return kind, value


def _number(number: int, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**1023:
        raise BadLabel.value(number, value, "a number")
    return float(value)
