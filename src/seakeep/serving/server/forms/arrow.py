"""Arrow: a table in Arrow's IPC format, as a stream or a file; and the answer as one. Needs pyarrow, loaded with the first such request.

Bytes from a client are not believed: every buffer is validated before it is looked at, a column of few bytes that stands for many
(a dictionary, views) may not become longer than a body, and packed buffers are refused, since they say themselves how
large they will be.
"""

from __future__ import annotations

import struct
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.form import Notation, Reading
from seakeep.serving.server.refusals import BadTable, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.converting import Values
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

STREAM, FILE = "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"
_MAGIC, _CONTINUED = b"ARROW1", b"\xff\xff\xff\xff"
_DICTIONARIES, _BATCHES, _BLOCK_BYTES = 2, 3, 24
_DICTIONARY, _BATCH = 2, 3
_BROKEN = (struct.error, IndexError, OverflowError, ValueError)
"""What reading flatbuffers by hand raises of bytes that are none."""
_HEADER_TYPE, _HEADER, _DATA, _COMPRESSION = 1, 2, 1, 3


class Reader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        from seakeep.serving.server.arrays import Admitter
        from seakeep.serving.server.careful import CarefulReader

        self._contract, self._careful = contract, CarefulReader(contract)
        self._admitters = {column.name: Admitter(column) for column in contract.columns}

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        from seakeep.serving.server.ask import Ask
        from seakeep.serving.server.forms._arrow_columns import texts, values_of

        del headers
        contract = self._contract
        table = read_table(body)
        contract.check_rows("the body", table.num_rows)
        given: dict[str, Values] = {}
        arrays: dict[str, Any] = {}
        counts = Counter(table.column_names)
        for name, chunks in zip(table.column_names, table.columns, strict=True):
            contract.check_name(name)
            if counts[name] > 1:
                raise BadTable.twice(name)
            if name in contract.by_name:
                given[name], arrays[name] = values_of(self._admitters[name], chunks, most_bytes=len(body))
        columns = self._careful.complete(given)
        keys = None
        if contract.key in given:
            keys = given[contract.key]
        elif contract.key is not None and contract.key in table.column_names:
            keys = texts(table.column(contract.key), contract.key, most_bytes=len(body))
        ask = Ask(columns, table.num_rows, True, keys=keys)
        ask.arrays = [
            column.array(values) if arrays.get(column.name) is None else arrays[column.name]
            for column, values in zip(contract.columns, columns, strict=True)
        ]
        return ask

    def key(self, body: bytes, headers: Headers) -> str | None:
        """The key column's value in the first row. Never raises."""
        from seakeep.serving.server.keys import as_key

        del headers
        name = self._contract.key
        if name is None:
            return None
        try:
            rows = first_rows(body)
            if name not in rows.schema.names or not rows.num_rows:
                return None
            first = rows.column(name).slice(0, 1)
            first.validate(full=True)
            return as_key(first[0].as_py())
        except (Refusal, KeyError, ValueError, OverflowError):  # two columns of that name; a time that Python has not
            return None


def first_rows(body: bytes) -> Any:
    """The first batch that `body` holds, a pyarrow.RecordBatch that nobody has validated yet; all, where that is empty. Raises Refusal."""
    import pyarrow as pa
    from pyarrow import ipc

    try:
        if body.startswith(_MAGIC):
            if any(map(_is_packed, _filed(body))):
                raise BadTable.packed_arrow()
            rows: Any = ipc.open_file(pa.py_buffer(body)).get_batch(0)
        else:
            if any(map(_is_packed, _to_first(_streamed(body)))):
                raise BadTable.packed_arrow()
            rows = ipc.open_stream(pa.py_buffer(body)).read_next_batch()
    except StopIteration:
        return read_table(body)
    except (pa.ArrowException, OSError, *_BROKEN) as error:
        raise BadTable.arrow(str(error)) from None
    return rows if rows.num_rows else read_table(body)


def _to_first(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Messages up to the first batch."""
    for message in messages:
        yield message
        if _kind(message) == _BATCH:
            return


def read_table(body: bytes) -> Any:
    """The table that `body` holds, a pyarrow.Table whose buffers are sound. Raises Refusal."""
    import pyarrow as pa
    from pyarrow import ipc

    try:
        if body.startswith(_MAGIC):
            reader: Any = ipc.open_file(pa.py_buffer(body))  # verifies the footer, and reads no batch yet
            messages = _filed(body)
        else:
            reader = ipc.open_stream(pa.py_buffer(body))
            messages = _streamed(body)
        if any(map(_is_packed, messages)):
            raise BadTable.packed_arrow()
        table = reader.read_all()
        table.validate(full=True)
        table.column_names  # noqa: B018  (they are decoded only now, and may not be UTF-8)
    except (pa.ArrowException, OSError, *_BROKEN) as error:
        raise BadTable.arrow(str(error)) from None
    return table


def reader(contract: Contract) -> Reading:
    """What reads bodies for one model; without pyarrow it refuses every one."""
    try:
        import pyarrow  # noqa: F401, ICN001  (only whether it is there)
    except ImportError:
        return Reading(_refuse, lambda _, __: None)
    own = Reader(contract)
    return Reading(own.read, own.key)


def writer(served: Served, *, media: str) -> Callable[[Answered, Headers], tuple[HeaderList, bytes]]:
    """What writes answers of one release, as a stream or a file."""
    from seakeep.serving.server.tabular import about, answer_columns

    def write(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        del headers
        try:
            import pyarrow as pa
        except ImportError:
            raise BadTable.no_arrow() from None
        columns = answer_columns(served, answered)
        arrays = [pa.array(values, pa.float32() if _is_score(name, values) else None) for name, values in columns]
        told = {"release": served.release, "version": served.version, "model": served.name}
        table = pa.table(arrays, names=[name for name, _ in columns]).replace_schema_metadata(told)
        sink = pa.BufferOutputStream()
        make = pa.ipc.new_stream if media == STREAM else pa.ipc.new_file
        with make(sink, table.schema) as written:
            written.write_table(table)
        return [("content-type", media), *about(served, answered)], sink.getvalue().to_pybytes()

    return write


def _is_score(name: str, values: Any) -> bool:
    from seakeep.serving.server.tabular import PREDICTION, PROBABILITY

    return name.startswith(PROBABILITY) or (name == PREDICTION and type(values[0]) is float)


def _refuse(body: bytes, headers: Headers) -> Ask:
    del body, headers
    raise BadTable.no_arrow()


def _streamed(body: bytes) -> Iterator[bytes]:
    """The metadata of every message of a stream: flatbuffers, which pyarrow has verified."""
    import pyarrow as pa
    from pyarrow import ipc

    for message in ipc.MessageReader.open_stream(pa.py_buffer(body)):
        yield message.metadata.to_pybytes()


def _filed(body: bytes) -> Iterator[bytes]:
    """The metadata of every dictionary and batch that a file's footer names."""
    end = len(body) - len(_MAGIC) - 4
    footer = body[end - struct.unpack_from("<I", body, end)[0] : end]
    root = struct.unpack_from("<I", footer)[0]
    for number in (_DICTIONARIES, _BATCHES):
        if not (at := _field(footer, root, number)):
            continue
        blocks = _inner(footer, at)
        for place in range(struct.unpack_from("<I", footer, blocks)[0]):
            offset, length = struct.unpack_from("<qi", footer, blocks + 4 + place * _BLOCK_BYTES)
            if offset < 0:
                raise struct.error("a batch is said to begin before the body")
            is_long = body[offset : offset + 4] == _CONTINUED
            yield body[offset + (8 if is_long else 4) : offset + length]


def _is_packed(message: bytes) -> bool:
    """Whether a message is of packed buffers. Source: Arrow's Message.fbs, File.fbs, and the layout of flatbuffers."""
    root, kind = struct.unpack_from("<I", message)[0], _kind(message)
    if kind not in (_DICTIONARY, _BATCH):
        return False
    batch = _inner(message, _field(message, root, _HEADER))
    if kind == _DICTIONARY:
        batch = _inner(message, _field(message, batch, _DATA))
    return _field(message, batch, _COMPRESSION) != 0


def _kind(message: bytes) -> int:
    """What a message is, 0 where it does not say."""
    at = _field(message, struct.unpack_from("<I", message)[0], _HEADER_TYPE)
    return message[at] if at else 0


def _field(message: bytes, table: int, number: int) -> int:
    """Where a table's field is, 0 where it has none."""
    layout = table - struct.unpack_from("<i", message, table)[0]
    at = 4 + 2 * number
    if at >= struct.unpack_from("<H", message, layout)[0]:
        return 0
    offset: int = struct.unpack_from("<H", message, layout + at)[0]
    return table + offset if offset else 0


def _inner(message: bytes, at: int) -> int:
    """The table that a field points to."""
    offset: int = struct.unpack_from("<I", message, at)[0]
    return at + offset


NOTATION = Notation("arrow", (STREAM,), reader, partial(writer, media=STREAM))
FILES = Notation("arrow file", (FILE,), reader, partial(writer, media=FILE))
