"""TFDV, asked many questions by one process: its import takes ten seconds. Run by .platforms/tfdv's Python.

Each line of standard input is a JSON object: `ask` names a function below, the other keys are its arguments; each line of standard output is
the answer, {"error": ...} where TFDV raised. Protos go through files, binary.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
_ANSWERS = os.fdopen(os.dup(1), "w")  # libraries write to standard output as they like
os.dup2(2, 1)

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
import tensorflow_data_validation as tfdv  # noqa: E402
from tensorflow_data_validation.statistics import stats_impl  # noqa: E402
from tensorflow_data_validation.utils import anomalies_util, schema_util, stats_util  # noqa: E402
from tensorflow_metadata.proto.v0 import schema_pb2  # noqa: E402


def statistics(table, out, schema="", weight="", slices=()):
    """Statistics of a Parquet file by TFDV's in-memory core, which its Beam and pandas calls run too."""
    options = tfdv.StatsOptions(weight_feature=weight or None)
    if schema:
        options.schema = _proto(schema, schema_pb2.Schema())
        options.infer_type_from_schema = True
    batch = _batch(pq.read_table(table))
    found = stats_impl.generate_statistics_in_memory(batch, options)
    _save(found, out)
    return {"rows": batch.num_rows}


def frame_statistics(table, out):
    """Statistics by the documented call on a pandas frame."""
    _save(tfdv.generate_statistics_from_dataframe(pq.read_table(table).to_pandas()), out)
    return {}


def csv_statistics(table, out):
    """Statistics by the documented call on a CSV file, which runs Beam; written as TFDV writes them, a TFRecord."""
    tfdv.generate_statistics_from_csv(table, output_path=out)
    return {}


def sliced(table, out, column):
    """Statistics of all rows and of the slices by a column, by TFDV's Beam pipeline on a pandas frame."""
    from tensorflow_data_validation.utils import slicing_util

    options = tfdv.StatsOptions(experimental_slice_functions=[slicing_util.get_feature_value_slicer({column: None})])
    frame = pq.read_table(table).to_pandas()
    frame.to_csv(f"{table}.csv", index=False)
    _save(tfdv.generate_statistics_from_csv(f"{table}.csv", stats_options=options), out)
    return {}


def infer(statistics, out):
    _save(tfdv.infer_schema(tfdv.load_stats_binary(statistics)), out)
    return {}


def validate(statistics, schema, out, environment="", previous="", serving="", baseline=""):
    """Anomalies of statistics against a schema."""
    given = {
        name: tfdv.load_stats_binary(path)
        for name, path in (("previous_statistics", previous), ("serving_statistics", serving))
        if path
    }
    found = tfdv.validate_statistics(
        tfdv.load_stats_binary(statistics),
        _proto(schema, schema_pb2.Schema()),
        environment=environment or None,
        **given,
    )
    _save(found, out)
    return {}


def opens(statistics, html):
    """What TFDV's own readers and its visualiser make of a file: load_statistics takes TFRecords and text."""
    found = tfdv.load_statistics(statistics)
    page = tfdv.get_statistics_html(found)
    Path(html).write_text(page, "utf-8")
    view = stats_util.DatasetListView(found)
    return {
        "datasets": [each.name for each in found.datasets],
        "features": [str(path) for path in (view.get_default_slice() or view.get_slice("")).list_features()],
        "page": len(page),
    }


def displays(schema, anomalies):
    """Schema and anomalies as TFDV's own readers and tables take them."""
    tfdv.display_schema(schema_util.load_schema_text(schema))
    tfdv.display_anomalies(anomalies_util.load_anomalies_text(anomalies))
    return {}


def _batch(table):
    """Every column as lists, as TFDV wants them: a value is a list of one, a null a missing list."""
    table = table.combine_chunks()
    columns = [_lists(column.combine_chunks()) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, names=table.column_names)


def _lists(column):
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    kind = column.type
    if pa.types.is_null(kind):
        return column
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        items = column.flatten()
        if pa.types.is_struct(items.type) or pa.types.is_boolean(items.type):
            raise TypeError(f"lists of {items.type} are not asked")
        return column
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    elif pa.types.is_duration(kind):
        column = column.cast(pa.duration("us")).cast(pa.int64())
    elif pa.types.is_struct(kind):
        fields = [_lists(column.field(i)) for i in range(kind.num_fields)]
        column = pa.StructArray.from_arrays(fields, names=[field.name for field in kind], mask=column.is_null())
    return _singles(column)


def _singles(column):
    valid = column.is_valid().to_pylist()
    offsets, at = [], 0
    for present in valid:
        offsets.append(at if present else None)
        at += present
    offsets.append(at)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), column.filter(column.is_valid()))


def _proto(path, message):
    message.ParseFromString(Path(path).read_bytes())
    return message


def _save(message, path):
    Path(path).write_bytes(message.SerializeToString(deterministic=True))


KNOWN = {
    each.__name__: each
    for each in (statistics, frame_statistics, csv_statistics, sliced, infer, validate, opens, displays)
}


def main():
    print(json.dumps({"ready": tfdv.__version__}), file=_ANSWERS, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        started = time.process_time()
        try:
            answer = KNOWN[asked.pop("ask")](**asked)
        except Exception as error:  # noqa: BLE001  every question gets its answer, and the next one is asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        answer["cpu"] = time.process_time() - started
        print(json.dumps(answer), file=_ANSWERS, flush=True)


if __name__ == "__main__":
    main()
