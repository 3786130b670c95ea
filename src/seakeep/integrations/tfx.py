"""TensorFlow Extended's files, read and written: Schema, DatasetFeatureStatisticsList and Anomalies, without TensorFlow.

What TFX's components leave behind (SchemaGen's schema.pbtxt, StatisticsGen's FeatureStats.pb, ExampleValidator's SchemaDiff.pb) becomes a
Schema, Statistics and a Report, and ours become files that TFDV opens, judges and draws. Each direction returns what it could not
carry over, by name and with the reason. The endings choose the form: .pbtxt is text, .pb binary, .tfrecord a TFRecord of one record;
TFRecords are known by their content whatever they are called. Needs `pip install 'seakeep[tfx]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.integrations._tfx.anomalies_in import anomalies_in
from seakeep.integrations._tfx.anomalies_out import anomalies_out
from seakeep.integrations._tfx.carried import Carried, Lost
from seakeep.integrations._tfx.errors import BadProto
from seakeep.integrations._tfx.files import is_proto, protos, read, write
from seakeep.integrations._tfx.schema_in import schema_in
from seakeep.integrations._tfx.schema_out import schema_out
from seakeep.integrations._tfx.statistics_in import statistics_in
from seakeep.integrations._tfx.statistics_out import statistics_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.core.kinds import Kind
    from seakeep.core.report import Report
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics

__all__ = [
    "BadProto",
    "Carried",
    "Lost",
    "anomalies_from_proto",
    "anomalies_to_proto",
    "is_proto",
    "kinds_of",
    "read_anomalies",
    "read_schema",
    "read_statistics",
    "schema_from_proto",
    "schema_to_proto",
    "statistics_from_proto",
    "statistics_to_proto",
    "write_anomalies",
    "write_schema",
    "write_statistics",
]


def kinds_of(statistics: Statistics) -> dict[str, Kind]:
    """What the columns of a table are, for reading TFX's files of it: fields as "struct.field", the items of lists as "list[]".

    >>> from seakeep.core import Kind, Statistics
    >>> from seakeep.core.statistics import ColumnStatistics
    >>> kinds_of(Statistics(0, {"late": ColumnStatistics(Kind.BOOLEAN)}))
    {'late': <Kind.BOOLEAN: 'boolean'>}
    """
    found: dict[str, Kind] = {}
    for name, column in statistics.columns.items():
        _add_kinds(found, name, column)
    return found


def _add_kinds(found: dict[str, Kind], name: str, column: ColumnStatistics) -> None:
    found[name] = column.kind
    while column.items is not None:
        column = column.items
        found[f"{name}[]"] = column.kind
    for field, inner in column.fields.items():
        _add_kinds(found, f"{name}.{field}", inner)


def read_schema(path: Path | str, *, name: str = "", kinds: Mapping[str, Kind] | None = None) -> Carried[Schema]:
    """A contract out of a schema of TFX.

    Parameters: name: what to call the table. kinds: what columns are that TFX holds as INT or BYTES: booleans, timestamps, durations,
        bytes; `kinds_of` the table's statistics tells them.
    Raises: BadProto, for a file that is absent, torn, of another kind or of a newer version, and for rules that no table keeps;
        MissingExtra.
    """
    message = read(path, protos("schema_pb2").Schema())
    return Carried(*schema_in(message, where=str(path), name=name, kinds=kinds))


def write_schema(schema: Schema, path: Path | str) -> tuple[Lost, ...]:
    """Write a contract for `tfdv.load_schema_text` (.pbtxt). Returns what TFX's schema does not say.

    Raises: BadProto, for an ending that names no form, and lists whose items are not told; CannotWrite; MissingExtra.
    """
    message, lost = schema_out(schema)
    write(message, path)
    return lost


def schema_to_proto(schema: Schema) -> Carried[Any]:
    """The Schema proto of a contract."""
    return Carried(*schema_out(schema))


def schema_from_proto(message: Any, *, name: str = "", kinds: Mapping[str, Kind] | None = None) -> Carried[Schema]:
    """A contract out of a Schema proto; see `read_schema`."""
    return Carried(*schema_in(message, where="the message", name=name, kinds=kinds))


def read_statistics(
    path: Path | str, *, dataset: str = "", kinds: Mapping[str, Kind] | None = None
) -> Carried[Statistics]:
    """Statistics that TFDV wrote.

    Parameters: dataset: which one of the file's; the only one, or 'All Examples', whose slices come along, where none is
        named. kinds: what columns are that TFDV holds as integers or text: booleans, timestamps, durations, bytes.
    Raises: BadProto, for a file that is absent, torn, of another kind or of a newer version, and for impossible counts; MissingExtra.
    """
    message = read(path, protos("statistics_pb2").DatasetFeatureStatisticsList())
    return Carried(*statistics_in(message, where=str(path), dataset=dataset, kinds=kinds))


def write_statistics(statistics: Statistics, path: Path | str, *, name: str = "") -> tuple[Lost, ...]:
    """Write statistics for `tfdv.load_statistics`; slices become datasets beside 'All Examples'. Returns what they do not hold.

    `tfdv.load_statistics` opens .tfrecord and .pbtxt; TFX's own StatisticsGen writes .pb, which `tfdv.load_stats_binary` opens.
    Raises: BadProto, for an ending that names no form; CannotWrite; MissingExtra.
    """
    message, lost = statistics_out(statistics, name=name)
    write(message, path)
    return lost


def statistics_to_proto(statistics: Statistics, *, name: str = "") -> Carried[Any]:
    """The DatasetFeatureStatisticsList of these statistics."""
    return Carried(*statistics_out(statistics, name=name))


def statistics_from_proto(
    message: Any, *, dataset: str = "", kinds: Mapping[str, Kind] | None = None
) -> Carried[Statistics]:
    """Statistics out of a DatasetFeatureStatisticsList; see `read_statistics`."""
    return Carried(*statistics_in(message, where="the message", dataset=dataset, kinds=kinds))


def read_anomalies(path: Path | str, *, subject: str = "") -> Carried[Report]:
    """What TFDV or ExampleValidator found wrong, as a report. subject: what the table is called.

    Raises: BadProto, for a file that is absent, torn, of another kind or of a newer version; MissingExtra.
    """
    message = read(path, protos("anomalies_pb2").Anomalies())
    return Carried(*anomalies_in(message, subject=subject))


def write_anomalies(report: Report, path: Path | str, *, schema: Schema | None = None) -> tuple[Lost, ...]:
    """Write a report for `tfdv.load_anomalies_text` (.pbtxt). schema: the contract, which becomes the baseline schema.

    Raises: BadProto, for an ending that names no form; CannotWrite; MissingExtra.
    """
    message, lost = anomalies_out(report, schema=schema)
    write(message, path)
    return lost


def anomalies_to_proto(report: Report, *, schema: Schema | None = None) -> Carried[Any]:
    """The Anomalies proto of a report."""
    return Carried(*anomalies_out(report, schema=schema))


def anomalies_from_proto(message: Any, *, subject: str = "") -> Carried[Report]:
    """A report out of an Anomalies proto; see `read_anomalies`."""
    return Carried(*anomalies_in(message, subject=subject))
