"""Azure Machine Learning's paths: `POST /score`, and `GET /` which tells that the server lives.

A deployment of an own container names its liveness, readiness and scoring routes, so that V2 needs no dialect there. This one
is for what knows the usual `/score` and the body of no-code deployments: `input_data` with `columns`, `index` and `data`, or as rows;
and `data`, as scoring scripts take it.
Source: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container and
https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models#considerations-when-deploying-to-real-time-inference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.serving.server.dialect import Dialect
from seakeep.serving.server.dialects import _rows
from seakeep.serving.server.pages import JSON
from seakeep.serving.server.refusals import BadBody, BadTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import msgspec

    from seakeep.core.model import Input
    from seakeep.serving.server.board import Board
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

_FORMS = ("input_data", "data")
_SPLIT = ("columns", "index", "data")


def dialect(environ: Mapping[str, str]) -> Dialect:
    """The dialect."""
    del environ
    return Dialect("azure_ml", "/score", read, write, page)


def read(body: bytes, media: str, inputs: Sequence[Input]) -> bytes:
    """The body in the server's own form."""
    del media
    found = _rows.members(body, (*_FORMS, "params"))
    given = [name for name in _FORMS if name in found]
    if len(given) != 1:
        said = " and ".join(given) or "neither"
        raise BadBody.missing_member("the body", "input_data", f"a table or rows; it has {said} of input_data and data")
    raw = found[given[0]]
    rows = _split(raw) if bytes(raw)[:1] == b"{" else _rows.array(raw, given[0], inputs)
    return _rows.own(rows, found.get("params"))


def write(content: bytes, answered: Answered, accept: str, media: str) -> tuple[HeaderList, bytes]:
    """The answer as rows have it."""
    del answered, accept, media
    return JSON, content


def page(path: str, board: Board, is_ready: bool) -> tuple[int, Any] | None:
    """`/`: the process lives."""
    del board, is_ready
    return (200, {"status": "alive"}) if path == "/" else None


def _split(raw: msgspec.Raw) -> bytes:
    """A table as `columns` and `data`; its `index` says nothing about the rows."""
    table = _rows.members(bytes(raw), _SPLIT)
    for name, expected in (("columns", "the names of the columns"), ("data", "an array of rows, each an array")):
        if name not in table:
            raise BadBody.missing_member("input_data", name, expected)
    columns = _rows.text(table["columns"], "columns of input_data")
    if repeated := next((name for name in columns if columns.count(name) > 1), None):
        raise BadTable.twice(repeated)
    return _rows.placed(table["data"], "data of input_data", columns)
