"""What logging and online statistics cost a server: requests a second with log off, interval and acknowledged.

    python benchmarks/log_cost.py MODEL_FOLDER ROWS.parquet [--rounds 5] [--seconds 2] [--realtime] [--json]

By the method of benchmarks/serving/compare.py: servers on CPU 0, load on CPU 1. The servers run side by side and take bursts in turns; a round's
figure is its throughput divided by that of the same round without a log, and the median of the rounds is told. The scribe, which
converts and profiles, shares CPU 0, and its work falls due in the minute after: CPU seconds a million rows tell of that too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from _pinned import PREFIX, as_json, body_of, first_answer, load, running, tensors

from seakeep.prediction_log import Layout, convert
from seakeep.serving import Served
from seakeep.serving.minutes import windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = {"off": 18471, "interval": 18472, "acknowledged": 18473}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a model or release")
    parser.add_argument("rows", type=Path, help="Parquet file with the raw columns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for servers and load; needs root")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.realtime:
        PREFIX.extend(("chrt", "-r", "1"))
    served = Served.load(options.model)
    rows = [as_json(row, served) for row in pl.read_parquet(options.rows).head(64).iter_rows(named=True)]
    path = f"/v2/models/{served.name}/infer"
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as stack:
        for mode in PORTS:
            stack.enter_context(server(options.model, mode, Path(home, mode), path, rows[0]))
        for form, body in (
            ("rows", body_of(rows[:1])),
            ("tensors", tensors(rows[0], served)),
            ("64 rows", body_of(rows)),
        ):
            for clients in (1, 16, 64):
                figures[f"{form}, c={clients}"] = compare(path, body, clients, options)
        figures["scribe"] = scribing(Path(home, "interval"), served.name)
    print(
        json.dumps(figures, indent=1)
        if options.json
        else "\n".join(f"{name:20} {value}" for name, value in figures.items())
    )


@contextlib.contextmanager
def server(folder: Path, mode: str, home: Path, path: str, row: dict[str, Any]) -> Iterator[None]:
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", str(PORTS[mode])]
    with running([*command, "--home", str(home), "--log", mode]):
        first_answer(PORTS[mode], path, row)
        yield


def compare(path: str, body: bytes, clients: int, options: argparse.Namespace) -> dict[str, Any]:
    """Requests/s without a log, and the median share of it that each mode keeps."""
    bursts: dict[str, list[float]] = {mode: [] for mode in PORTS}
    for number in range(options.rounds + 1):
        for mode in list(PORTS)[:: 1 if number % 2 else -1]:  # forth and back, so that a drift of the machine cancels
            rate = load(PORTS[mode], path, body, clients, options.seconds)[0]
            if number:
                bursts[mode].append(rate)
    shares = {
        mode: round(statistics.median(own / off for own, off in zip(bursts[mode], bursts["off"], strict=True)), 3)
        for mode in PORTS
        if mode != "off"
    }
    return {"requests_per_s": round(statistics.median(bursts["off"])), **shares}


def scribing(home: Path, name: str) -> dict[str, Any]:
    """What the scribe would do with the rows that are left: CPU seconds a million rows."""
    import datetime as dt

    layout = Layout.of(home, name)
    time.sleep(2)
    begun = os.times()
    done = convert(layout)
    converted = os.times()
    now = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
    windows = windows_of(layout, now - dt.timedelta(minutes=1), now)
    profiled = os.times()
    rows = sum(window.rows for window in windows)

    def spent(begin: os.times_result, end: os.times_result, count: int) -> float | None:
        return round((end.user + end.system - begin.user - begin.system) / count * 1e6, 2) if count else None

    return {
        "converted_rows": done.rows,
        "convert_cpu_s_per_million": spent(begun, converted, done.rows),
        "profiled_rows": rows,
        "profile_cpu_s_per_million": spent(converted, profiled, rows),
    }


if __name__ == "__main__":
    main()
