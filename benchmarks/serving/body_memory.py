"""Body memory: how much memory a request takes while its body is read, in every form, good and hostile.

Usage: python benchmarks/serving/body_memory.py [--mib 8] [--src FOLDER] [--only NAME …]

A body as large as is allowed is read in a process of its own, with the bounds that a server has by default (10,000 rows); told is by how many
times its size the process grew at most (its peak, after the same form was read once in small). Good bodies have as many rows as fit
into both bounds; hostile ones are made of what takes most memory for a byte. Ends with 1 if one takes more than MOST_TIMES.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TIMES = 6
ROW = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
ROWS = 10_000


def filled(piece: bytes, size: int, head: bytes = b"", tail: bytes = b"", between: bytes = b",") -> bytes:
    """A body of about so many bytes, of the same piece again and again."""
    count = (size - len(head) - len(tail)) // (len(piece) + len(between))
    return head + between.join([piece] * count) + tail


def rows(_: int) -> bytes:
    return json.dumps({"rows": [ROW] * ROWS}).encode()


def columns(_: int) -> bytes:
    return json.dumps({"columns": {name: [value] * ROWS for name, value in ROW.items()}}).encode()


def tensors(_: int) -> bytes:
    kinds = {"distance": "FP64", "seats": "INT64", "night": "BOOL", "carrier": "BYTES", "scheduled": "BYTES"}
    inputs = [
        {"name": name, "datatype": kind, "shape": [ROWS], "data": [ROW[name]] * ROWS} for name, kind in kinds.items()
    ]
    return json.dumps({"inputs": inputs}).encode()


def csv(_: int) -> bytes:
    line = ",".join(map(str, ROW.values())).replace("True", "true")
    return "\n".join([",".join(ROW), *[line] * ROWS]).encode()


def arrow(_: int) -> bytes:
    import pyarrow as pa

    table = pa.table({name: [value] * ROWS for name, value in ROW.items() if name != "scheduled"})
    return _stream([table.append_column("scheduled", pa.nulls(ROWS, pa.timestamp("us")))])


def arrow_batches(size: int) -> bytes:
    import pyarrow as pa

    one = pa.table({"distance": [1.0]})
    return _stream([one] * (size // 200))


def arrow_columns(size: int) -> bytes:
    import pyarrow as pa

    count = size // 400
    return _stream([pa.table([pa.nulls(1)] * count, names=[f"c{number}" for number in range(count)])])


def _stream(tables: list[Any]) -> bytes:
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    return sink.getvalue()


def binary(datatype: str, value: bytes) -> Callable[[int], bytes]:
    """The values of an input as bytes; where its JSON ends stands at the body's end."""

    def made(size: int) -> bytes:
        count = size // len(value)
        one = {"name": "distance", "datatype": datatype, "shape": [count]}
        one["parameters"] = {"binary_data_size": count * len(value)}
        head = json.dumps({"inputs": [one]}).encode()
        return head + value * count

    return made


def grpc(size: int, **contents: Any) -> bytes:
    from seakeep.serving.server.grpc.messages import messages

    request = messages().InferRequest(model_name="flights")
    for name, values in contents.items():
        request.inputs.add(name="distance", datatype="FP32" if name == "fp32_contents" else "BYTES", shape=[1])
        getattr(request.inputs[0].contents, name).extend(values)
    if not contents:
        for name, kind, raw in (
            ("distance", "FP64", struct.pack("<d", 1.0)),
            ("seats", "INT64", struct.pack("<q", 149)),
        ):
            request.inputs.add(name=name, datatype=kind, shape=[ROWS])
            request.raw_input_contents.append(raw * ROWS)
    return request.SerializeToString()[:size]


CASES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "JSON rows": (JSON, rows),
    "JSON rows, three times too many": (JSON, lambda size: filled(json.dumps(ROW).encode(), size, b'{"rows":[', b"]}")),
    "JSON rows, empty": (JSON, lambda size: filled(b"{}", size, b'{"rows":[', b"]}")),
    "JSON rows, arrays": (JSON, lambda size: filled(b"[]", size, b'{"rows":[', b"]}")),
    "JSON columns": (JSON, columns),
    "JSON columns, short values": (JSON, lambda size: filled(b"1", size, b'{"columns":{"distance":[', b"]}}")),
    "JSON parameters": (JSON, lambda size: filled(b"{}", size, b'{"rows":[{}],"parameters":{"a":[', b"]}}")),
    "V2": (JSON, tensors),
    "V2, short texts": (
        JSON,
        lambda size: filled(
            b'"ab"', size, b'{"inputs":[{"name":"carrier","datatype":"BYTES","shape":[1],"data":[', b"]}]}"
        ),
    ),
    "V2, one value nested": (JSON, lambda size: b'{"inputs":' + b"[" * (size - 10)),
    "JSON lines": (LINES, lambda _: b"\n".join([json.dumps(ROW).encode()] * ROWS)),
    "JSON lines, empty": (LINES, lambda size: filled(b"{}", size, between=b"\n")),
    "CSV": (CSV, csv),
    "CSV, too many rows": (
        CSV,
        lambda size: filled(b"1,2,true,AA,", size, b",".join(map(str.encode, ROW)) + b"\n", between=b"\n"),
    ),
    "CSV, a long line": (CSV, lambda size: filled(b"ab", size)),
    "CSV, a long line of texts": (CSV, lambda size: filled(b'"a"', size)),
    "CSV, blank lines": (CSV, lambda size: b"\n" * size),
    "Arrow": (ARROW, arrow),
    "Arrow, many batches": (ARROW, arrow_batches),
    "Arrow, many columns": (ARROW, arrow_columns),
    "binary, INT8": ("binary", binary("INT8", b"\1")),
    "binary, FP16": ("binary", binary("FP16", b"\0\x3c")),
    "binary, texts": ("binary", binary("BYTES", b"\1\0\0\0a")),
    "TensorFlow, instances": ("tensorflow", lambda _: json.dumps({"instances": [ROW] * ROWS}).encode()),
    "TensorFlow, empty": ("tensorflow", lambda size: filled(b"[]", size, b'{"instances":[', b"]}")),
    "TensorFlow, texts in base64": (
        "tensorflow",
        lambda size: filled(b'{"carrier":{"b64":"QUE="}}', size, b'{"instances":[', b"]}"),
    ),
    "TensorFlow, columns": ("tensorflow", lambda size: filled(b"1", size, b'{"inputs":{"distance":[', b"]}}")),
    "gRPC, bytes": ("grpc", grpc),
    "gRPC, typed numbers": ("grpc", lambda size: grpc(size, fp32_contents=[1.0] * ((size - 100) // 4))),
    "gRPC, typed texts": ("grpc", lambda size: grpc(size, bytes_contents=[b"a"] * ((size - 100) // 3))),
    "gRPC, empty inputs": ("grpc", lambda size: b"\x2a\0" * (size // 2)),
    "gRPC, empty parameters": ("grpc", lambda size: b"\x22\0" * (size // 2)),
    "gzip of empty JSON rows": ("gzip", lambda size: gzip.compress(filled(b"{}", size, b'{"rows":[', b"]}"))),
    "gzip, a bomb": ("gzip", lambda size: gzip.compress(b" " * 100 * size)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=float, default=8)
    parser.add_argument("--only", nargs="*", choices=[*CASES], default=[*CASES])
    parser.add_argument("--one", choices=[*CASES], help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = int(options.mib * 1024 * 1024) - 1
    if options.one:
        print(json.dumps(measured(options.one, size)))
        return 0
    print("| body | MiB | times its size | outcome |\n|---|---|---|---|")
    worst = 0.0
    for name in options.only:
        command = [sys.executable, __file__, "--mib", str(options.mib), "--one", name]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        worst = max(worst, told["grew"] / told["size"] if told["size"] > size / 4 else 0)
        print(
            f"| {name} | {told['size'] / 2**20:.1f} | {told['grew'] / told['size']:.1f} | {told['outcome']} |",
            flush=True,
        )
    return int(worst > MOST_TIMES)


def measured(name: str, size: int) -> dict[str, Any]:
    """How much a process grows that reads this body."""
    from seakeep.serving.served import gather
    from seakeep.serving.server.compression import unpack
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.refusals import Refusal
    from seakeep.serving.server.settings import Settings
    from seakeep.testing.example_models import example_model

    kind, make = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        example_model(name="flights").save(Path(folder, "flights"))
        served = gather([Path(folder, "flights")])[0]
        script = form(kind).script(Contract(served, Settings(), Metrics(Path(folder))), served)
        for length, is_warm in ((2000, True), (size, False)):
            body = make(length)
            headers = {"content-type": kind if "/" in kind else JSON}
            if kind == "binary":
                end = body.index(b"}]}") + 3
                headers = {"inference-header-content-length": str(end)}
            Path("/proc/self/clear_refs").write_text("5")
            before = _kib("VmRSS")
            try:
                plain = unpack(body, "gzip", size + 1) if kind == "gzip" else body
                outcome = f"{script.read(plain, headers).rows} rows"
            except Refusal as refusal:
                outcome = f"{refusal.status} {refusal.code}"
            grew = (_kib("VmHWM") - before) * 1024
            if is_warm:
                continue
    return {"size": len(body), "grew": grew, "outcome": outcome}


def form(kind: str) -> Any:
    from seakeep.serving.server import dialect
    from seakeep.serving.server.choosing import choose
    from seakeep.serving.server.grpc.form import FORM

    if kind == "tensorflow":
        return dialect.load(["tensorflow"], {})[0].form
    if kind == "grpc":
        return FORM
    own = {"binary": {"inference-header-content-length": "1"}, "gzip": {}}.get(kind, {"content-type": kind})
    return choose(own)


def _kib(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
