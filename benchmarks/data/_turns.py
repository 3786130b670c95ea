"""Whole processes in turn: what every benchmark of this folder does the same way.

A benchmark is one file with a function for each way to do its work. It starts itself anew for every run, with the Python that
the way needs (`--only WAY`), so that imports, threads and memory are counted and no way profits from another; ways take turns,
so that a busy minute of the machine hurts all of them. Each run prints one line of JSON: its costs, and what it found.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parent.parent.parent
OURS = Path(sys.executable)
PEERS = ROOT / ".platforms" / "peers" / "bin" / "python"
TFDV = ROOT / ".platforms" / "tfdv" / "bin" / "python"
INSTALL = {PEERS: "scripts/benchmark-peers", TFDV: "scripts/platforms tfdv"}
FIGURES = ("wall", "inside", "cpu", "peak_mib")

Run = dict[str, Any]


def installed(ways: Mapping[str, Path]) -> dict[str, Path]:
    """The ways whose Python is there; the others are said to be left out."""
    for way, python in ways.items():
        if not python.exists():
            print(f"  {way} is left out; install it: {INSTALL[python]}")
    return {way: python for way, python in ways.items() if python.exists()}


def in_turn(script: str, ways: Mapping[str, Path], arguments: Sequence[str], *, repeat: int) -> dict[str, list[Run]]:
    """Every way, `repeat` times; the first round comes before the second."""
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way, python in ways.items():
            runs[way].append(_run([str(python), script, "--only", way, *arguments]))
    return runs


def _run(command: Sequence[str]) -> Run:
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": wall}


def answer(work: Callable[[], Any]) -> None:
    """Do the work of one way and print what it found, with its costs; imports at the top of `work` are not in `inside`."""
    found = work()
    print(json.dumps({"cpu": time.process_time(), "peak_mib": peak_mib(), **found}, default=str))


def peak_mib() -> float:
    """Largest resident memory of this process; getrusage would count the parent's before the program was loaded."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def median(runs: Sequence[Run], figure: str) -> float:
    """The median of one figure of a way's runs."""
    return statistics.median(run[figure] for run in runs)


def show(title: str, runs: Mapping[str, Sequence[Run]]) -> None:
    """Medians of every way, and how many times the first way's wall each took."""
    first = next(iter(runs))
    print(f"\n{title} (medians of {len(runs[first])}, in turn)")
    print(f"  {'':12} {'process s':>10} {'inside s':>9} {'CPU s':>7} {'peak MiB':>9} {'x ' + first:>12}")
    for way, found in runs.items():
        wall, inside, cpu, peak = (median(found, figure) for figure in FIGURES)
        ratio = wall / median(runs[first], "wall")
        print(f"  {way:12} {wall:10.2f} {inside:9.3f} {cpu:7.2f} {peak:9.0f} {ratio:12.2f}")
