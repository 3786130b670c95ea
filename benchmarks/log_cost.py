"""What metrics, logging and online statistics cost a server: requests a second by durability of the log, and all of it as one figure.

    python benchmarks/log_cost.py [MODEL_FOLDER ROWS.parquet] [--rounds 5] [--seconds 2] [--realtime] [--json]

By the method of benchmarks/serving/compare.py, by default with its model: servers on CPU 0, load (h2load) on CPU 1. The servers run side by side and
take bursts in turns; a round's figure is its throughput divided by that of the same round's server that neither logs nor counts
(its counters do nothing, see `_UNCOUNTED`), and the median of the rounds is told. The scribe converts and profiles in the minute after;
here what it will do is done at the end, and its CPU seconds a row are put on top of what a row of the interval's server takes: that
is `all`, for a machine on which the scribe has no core of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from _pinned import PREFIX, as_json, body_of, first_answer, free_port, load, running, tensors

from seakeep.prediction_log import Layout, convert
from seakeep.serving import Served
from seakeep.serving.minutes import windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MODES = ("off", "interval", "acknowledged", "sampled")
BASE = "uncounted"
CLIENTS = (1, 16, 64)
_UNCOUNTED = """
import sys
from seakeep.serving.server import cells, lanes
cells.Cell.add = cells.Cell.set = cells.Distribution.observe = lambda *_: None
lanes.Lane.decided = lambda *_: None
from seakeep.serving.__main__ import main
sys.exit(main())
"""
"""A server whose counters stay at 0: what metrics cost is seen beside it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", help="folder of a model or release")
    parser.add_argument("rows", type=Path, nargs="?", help="Parquet file with the raw columns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--realtime", action="store_true", help="SCHED_RR for servers and load; needs root")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.realtime:
        PREFIX.extend(("chrt", "-r", "1"))
    folder, table = (options.model, options.rows) if options.rows else _flights()
    served = Served.load(folder)
    rows = [as_json(row, served) for row in pl.read_parquet(table).head(64).iter_rows(named=True)]
    path = f"/v2/models/{served.name}/infer"
    forms = {"rows": (body_of(rows[:1]), 1), "tensors": (tensors(rows[0], served), 1), "64 rows": (body_of(rows), 64)}
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        with contextlib.ExitStack() as stack:
            ports = {
                mode: stack.enter_context(server(folder, mode, Path(home, mode), path, rows[0]))
                for mode in (BASE, *MODES)
            }
            for form, (body, _) in forms.items():
                for clients in CLIENTS:
                    figures[f"{form}, c={clients}"] = compare(ports, path, body, clients, options)
            ended = dt.datetime.now(dt.UTC)
        figures["scribe"] = scribing(Path(home, "interval"), served.name, ended)
    for form, (_, count) in forms.items():
        for clients in CLIENTS:
            figures[f"{form}, c={clients}"]["all"] = together(figures[f"{form}, c={clients}"], figures["scribe"], count)
    print(
        json.dumps(figures, indent=1)
        if options.json
        else "\n".join(f"{name:20} {value}" for name, value in figures.items())
    )


def _flights() -> tuple[Path, Path]:
    """The model and the rows of benchmarks/serving."""
    sys.path.insert(0, str(Path(__file__).parent / "serving"))
    from model import made

    return made() / "flights", made() / "rows.parquet"


@contextlib.contextmanager
def server(folder: Path, mode: str, home: Path, path: str, row: dict[str, Any]) -> Iterator[int]:
    """The port of a server that answers. mode: of its log, or BASE."""
    port = free_port()
    start, log = (["-c", _UNCOUNTED], "off") if mode == BASE else (["-m", "seakeep.serving"], mode)
    with running([sys.executable, *start, str(folder), "--port", str(port), "--home", str(home), "--log", log]):
        first_answer(port, path, row)
        yield port


def compare(ports: dict[str, int], path: str, body: bytes, clients: int, options: argparse.Namespace) -> dict[str, Any]:
    """Requests/s of the server that neither logs nor counts, and the median share of it that each mode keeps."""
    bursts: dict[str, list[float]] = {mode: [] for mode in ports}
    for number in range(options.rounds + 1):
        for mode in list(ports)[:: 1 if number % 2 else -1]:  # forth and back, so that a drift of the machine cancels
            rate = load(ports[mode], path, body, clients, options.seconds)[0]
            if number:
                bursts[mode].append(rate)
    shares = {
        mode: round(statistics.median(own / base for own, base in zip(bursts[mode], bursts[BASE], strict=True)), 3)
        for mode in MODES
    }
    return {"requests_per_s": round(statistics.median(bursts[BASE])), **shares}


def together(found: dict[str, Any], scribe: dict[str, Any], rows: int) -> float | None:
    """The share of the throughput that is left with all on, the scribe's work for each row on the same core."""
    spent = [scribe["convert_cpu_s_per_million"], scribe["profile_cpu_s_per_million"]]
    if None in spent:
        return None
    alone = found["requests_per_s"] * found["interval"]
    return round(1 / (1 / alone + rows * sum(spent) / 1e6) / found["requests_per_s"], 3)


def scribing(home: Path, name: str, ended: dt.datetime) -> dict[str, Any]:
    """What the scribe would do with the rows that a server left, and with its last minute: CPU seconds a million rows."""
    layout = Layout.of(home, name)
    begun = os.times()
    done = convert(layout)
    converted = os.times()
    windows = windows_of(layout, ended - dt.timedelta(minutes=1), ended)
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
