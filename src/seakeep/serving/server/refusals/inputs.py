"""Inputs that break the model's contract: names, datatypes, shapes, rows and values. Raised by `careful` and `columns`.

The words name the input and the row, and say what the contract allows there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import nearest
from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadInput(Refusal):
    """An input that the contract does not let in."""

    @classmethod
    def long_key(cls, field: str, found: str, most: int) -> BadInput:
        return cls(
            "wrong_key",
            f"{field} has {len(found)} characters, expected at most {most}",
            field=field,
            found=shown(found),
            expected=f"at most {most} characters",
            cause="A key names whom or what a request is about; it is written beside every row of the request.",
            fix="Send an id, or a digest of what is longer.",
        )

    @classmethod
    def unknown_input(cls, name: str, known: Sequence[str], model: str) -> BadInput:
        near = nearest(name[:SHOWN], known)
        return cls(
            "unknown_input",
            f"the model {model!r} has no input {shown(name)}",
            field=name[:SHOWN],
            found=name[:SHOWN],
            expected="one of " + ", ".join(known),
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Rename it to {near!r}." if near else f"Leave it out; GET /v2/models/{model} lists the inputs.",
        )

    @classmethod
    def not_an_input(cls, name: str, why: str) -> BadInput:
        return cls(
            "not_an_input",
            f"column {name!r} is {why}, so it cannot be an input",
            field=name,
            found=name,
            expected="columns that are known when the prediction is asked for",
            fix=f"Leave {name!r} out.",
        )

    @classmethod
    def missing_input(cls, name: str, expected: str, *, row: int | None = None) -> BadInput:
        return cls(
            "missing_input",
            f"input {name!r} is missing{'' if row is None else f' from row {row}'}",
            field=name,
            found="nothing",
            expected=expected,
            fix=f"Add {name!r}: {expected}.",
        )

    @classmethod
    def duplicate(cls, name: str) -> BadInput:
        return cls(
            "duplicate_input",
            f"input {name!r} is given more than once",
            field=name,
            found="two tensors of that name",
            expected="one",
            fix="Send one of them.",
        )

    @classmethod
    def unknown_output(cls, name: str, known: Sequence[str]) -> BadInput:
        near = nearest(name[:SHOWN], known)
        return cls(
            "unknown_output",
            f"there is no output {shown(name)}",
            field="outputs",
            found=name[:SHOWN],
            expected="some of " + ", ".join(known),
            fix=f"Ask for {near!r}." if near else 'Leave "outputs" out to get all.',
        )

    @classmethod
    def datatype(cls, name: str, found: object, expected: Sequence[str]) -> BadInput:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the datatype {shown(found)}, expected {' or '.join(expected)}",
            field=name,
            found=found,
            expected=" or ".join(expected),
            fix=f'Send "datatype": "{expected[0]}", and data of that type.',
        )

    @classmethod
    def shape(cls, name: str, found: object, count: int) -> BadInput:
        return cls(
            "wrong_shape",
            f"input {name!r} claims the shape {shown(found)}, but its data has {count} values",
            field=name,
            found=found,
            expected=f"[{count}] or [{count}, 1]",
            fix=f'Send "shape": [{count}], or the data that the shape claims.',
        )

    @classmethod
    def rows_differ(cls, name: str, rows: int, other: str, other_rows: int) -> BadInput:
        return cls(
            "wrong_rows",
            f"input {name!r} has {rows} rows, {other!r} has {other_rows}",
            field=name,
            found=f"{rows} rows",
            expected=f"{other_rows} rows",
            fix="Send as many values for every input.",
        )

    @classmethod
    def no_rows(cls, field: str) -> BadInput:
        return cls(
            "wrong_rows",
            f"{field} has no rows",
            field=field,
            found="0 rows",
            expected="at least 1 row",
            fix="Send a row, or no request.",
        )

    @classmethod
    def too_many_rows(cls, rows: int, limit: int) -> BadInput:
        return cls(
            "too_many_rows",
            f"the request has {rows} rows, more than the limit of {limit}",
            status=413,
            field="rows",
            found=f"{rows} rows",
            expected=f"at most {limit} rows",
            fix="Send several requests, score a table with seakeep score, or serve with a larger row_limit.",
        )

    @classmethod
    def too_many_values(cls, found: int, most: int, rows: int) -> BadInput:
        return cls(
            "too_many_rows",
            f"the body has {found} values or rows, more than the {most} of a request of at most {rows} rows",
            status=413,
            field="rows",
            found=f"{found} values or rows",
            expected=f"at most {most}, of at most {rows} rows",
            fix="Send several requests, score a table with seakeep score, or serve with a larger row_limit.",
        )

    @classmethod
    def value(cls, name: str, row: int, found: object, expected: str) -> BadInput:
        return cls(
            "wrong_value",
            f"input {name!r} is {shown(found)} in row {row}, expected {expected}",
            field=name,
            found=found,
            expected=expected,
            fix=f"Send {expected}, or null where it is missing.",
        )

    @classmethod
    def missing_value(cls, name: str, row: int, expected: str, policy: str) -> BadInput:
        allowed = "the schema allows no missing value" if policy == "schema" else "this server lets no missing value in"
        return cls(
            "missing_value",
            f"input {name!r} is null in row {row}, but {allowed}",
            field=name,
            found="null",
            expected=expected,
            fix=f"Send a value; or set missing_at_most above 0 for {name!r} in the schema, or serve with missing='accept'.",
        )

    @classmethod
    def outside(cls, name: str, row: int, found: object, expected: str) -> BadInput:
        return cls(
            "outside_domain",
            f"input {name!r} is {shown(found)} in row {row}, outside of what the schema allows",
            field=name,
            found=found,
            expected=expected,
            fix="Send an allowed value, or serve with domain='accept' to score it as unseen.",
        )

    @classmethod
    def broken_rule(cls, name: str, holds: str, row: int) -> BadInput:
        return cls(
            "broken_rule",
            f"row {row} breaks the schema's rule {name!r}",
            field=name,
            found=f"row {row}",
            expected=holds,
            fix="Send values that keep the rule, or serve with rules='accept' or rules='mark'.",
        )

    @classmethod
    def interval(cls, found: object) -> BadInput:
        return cls(
            "wrong_interval",
            f"parameters.interval is {shown(found)}, expected a share from 0.5 to below 1",
            field="parameters.interval",
            found=found,
            expected="a share from 0.5 to below 1",
            cause="The interval holds the truth with this probability; shares are not percents.",
            fix='Send "parameters": {"interval": 0.9} for 90 %.',
        )

    @classmethod
    def level_too_high(cls, found: float, most: float) -> BadInput:
        return cls(
            "wrong_interval",
            f"parameters.interval is {found}, and this release's evaluation had rows enough for {most} at most",
            field="parameters.interval",
            found=found,
            expected=f"at most {most}",
            cause="A level of 1 - 1/n takes n rows to tell.",
            fix=f"Ask for {most}, or evaluate on more rows.",
        )

    @classmethod
    def not_calibrated(cls, model: str, version: str) -> BadInput:
        return cls(
            "not_calibrated",
            f"the release {model}@{version} has no distances to make intervals of",
            field="parameters.interval",
            found="an interval is asked for",
            expected="no interval",
            cause="It was evaluated by a version of Seakeep that did not measure them, or it is served without its evaluation.",
            fix='Leave "interval" out, or evaluate and register the model again (seakeep run) and serve that release.',
        )

    @classmethod
    def samples(cls, found: object, most: int) -> BadInput:
        return cls(
            "wrong_samples",
            f"parameters.samples is {shown(found)}, expected a whole number from 2 to {most}",
            field="parameters.samples",
            found=found,
            expected=f"a whole number from 2 to {most}",
            cause="So many orders of the inputs are drawn, each with its reverse; four times as many halve the error.",
            fix='Leave it out, or send "parameters": {"samples": 256}.',
        )

    @classmethod
    def no_baseline(cls, model: str, version: str) -> BadInput:
        return cls(
            "no_baseline",
            f"the release {model}@{version} has no training statistics to explain against",
            field="model",
            found="no statistics of the model's inputs",
            expected="the statistics that training keeps",
            cause="Contributions are told against a row typical of training, which the statistics know.",
            fix="Train and register the model again (seakeep run), and serve that release.",
        )

    @classmethod
    def too_many_to_explain(cls, rows: int, limit: int) -> BadInput:
        return cls(
            "too_many_rows",
            f"an explanation of {rows} rows is asked for, more than the limit of {limit}",
            status=413,
            field="rows",
            found=f"{rows} rows",
            expected=f"at most {limit} rows",
            cause="Each row takes up to thousands of runs of the model.",
            fix="Send several requests; for a whole table's importance see the release's evaluation: seakeep show.",
        )

    @classmethod
    def reserved(cls, name: str, row: int, found: object) -> BadInput:
        return cls(
            "reserved_value",
            f"input {name!r} has in row {row} the value that stands for a missing one inside",
            field=name,
            found=found,
            expected="any other value, or null",
            fix="Send null where the value is missing.",
        )

    @classmethod
    def raw_length(cls, name: str, found: int, datatype: str, size: int) -> BadInput:
        return cls(
            "wrong_shape",
            f"input {name!r} has {found} bytes, which is no whole number of {datatype} values",
            field=name,
            found=f"{found} bytes",
            expected=f"a multiple of {size} bytes",
            fix=f"Send {size} bytes a value, little-endian.",
        )

    @classmethod
    def raw_texts(cls, name: str, row: int, size: int) -> BadInput:
        return cls(
            "wrong_shape",
            f"input {name!r} ends within the text of row {row}",
            field=name,
            found=f"{size} bytes",
            expected="a length in 4 bytes, little-endian, before each text, and as many bytes",
            fix="Count the bytes of the text in UTF-8, not its characters.",
        )

    @classmethod
    def raw_count(cls, found: int, expected: int) -> BadInput:
        return cls(
            "wrong_structure",
            f"raw_input_contents has {found} items for {expected} inputs",
            field="raw_input_contents",
            found=f"{found} items",
            expected=f"{expected} items, one an input, in the order of the inputs",
            fix="Send the values of all inputs as bytes, or of none.",
        )

    @classmethod
    def raw_and_contents(cls, name: str) -> BadInput:
        return cls(
            "wrong_structure",
            f"input {name!r} has contents beside raw_input_contents",
            field=name,
            found="contents and raw_input_contents",
            expected="one of them",
            fix="Send the values of all inputs as bytes, or of none.",
        )

    @classmethod
    def raw_only(cls, name: str, datatype: str) -> BadInput:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the datatype {datatype} in typed contents, which have no field for it",
            field=name,
            found=datatype,
            expected="the values in raw_input_contents",
            fix=f"Send {datatype} in raw_input_contents, or FP32 in fp32_contents.",
        )

    @classmethod
    def binary(cls, name: str) -> BadInput:
        return cls(
            "binary_tensors",
            f"input {name!r} has binary_data_size, but the request does not say where its JSON ends",
            field=name,
            found="binary_data_size without Inference-Header-Content-Length",
            expected="the header Inference-Header-Content-Length: the length of the JSON in bytes",
            fix='Send the header, or the values as JSON in "data".',
        )

    @classmethod
    def no_binary(cls) -> BadInput:
        return cls(
            "binary_tensors",
            "tensors in binary form are not taken here",
            field="Inference-Header-Content-Length",
            found="binary data",
            expected="JSON alone",
            fix="Leave the header out; binary tensors go to /v2/models/NAME/infer.",
        )

    @classmethod
    def binary_header(cls, found: str, size: int) -> BadInput:
        return cls(
            "binary_tensors",
            f"Inference-Header-Content-Length is {shown(found)}, and the body has {size} bytes",
            field="Inference-Header-Content-Length",
            found=found[:SHOWN],
            expected=f"the length of the JSON in bytes, from 0 to {size}",
            fix="Count the bytes of the JSON at the body's beginning, in UTF-8.",
        )

    @classmethod
    def binary_size(cls, claimed: int, size: int) -> BadInput:
        return cls(
            "binary_tensors",
            f"the inputs claim {claimed} bytes after the JSON, and there are {size}",
            field="binary_data_size",
            found=f"{size} bytes",
            expected=f"{claimed} bytes, those of each input in the order of the inputs",
            fix="Send for each input with binary_data_size as many bytes as it says.",
        )

    @classmethod
    def binary_and_data(cls, name: str) -> BadInput:
        return cls(
            "binary_tensors",
            f"input {name!r} has data beside binary_data_size",
            field=name,
            found="data and binary_data_size",
            expected="one of them",
            fix='Leave "data" out where the values follow as bytes.',
        )
