"""How rows become a file, by its ending. Floats are written so that they read back to the bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

RELEASE = "seakeep.release"
"""Metadata of a Parquet file: digest of the release that answered."""

Sink = Callable[[pl.LazyFrame, Path, str], None]


def _parquet(rows: pl.LazyFrame, path: Path, release: str) -> None:
    rows.sink_parquet(path, metadata={RELEASE: release})


def _csv(rows: pl.LazyFrame, path: Path, _release: str) -> None:
    rows.sink_csv(path)


def _arrow(rows: pl.LazyFrame, path: Path, _release: str) -> None:
    rows.sink_ipc(path)


def _jsonl(rows: pl.LazyFrame, path: Path, _release: str) -> None:
    rows.sink_ndjson(path)


SINKS: dict[str, Sink] = {".parquet": _parquet, ".csv": _csv, ".arrow": _arrow, ".jsonl": _jsonl}
"""By ending: writes rows to a path. The last argument is the digest of the release."""
ENDINGS = tuple(SINKS)
FORMATS = tuple(ending[1:] for ending in ENDINGS)
