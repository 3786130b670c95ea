"""A worker that is a process of this machine: started with `python -m`, asked through its standard input, one unit at a time.

Called by `local`. Not multiprocessing, whose new processes run the user's program again from its first line, and whose pools
lose what all processes were doing when one is lost. A message is a JSON text and then bytes, each after its length; nothing is
pickled. A worker ends when its input does, so none outlives the process that asked.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Mapping  # noqa: TC003  (the codec reads annotations when the program runs)
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import polars as pl

from seakeep.core.codec import from_json, to_json
from seakeep.data.engines._job import Answer, Job, Unit
from seakeep.data.engines._units import packed
from seakeep.data.engines._working import perform

_LENGTH = 8


class Lost(Exception):
    """The process ended before it answered."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A unit on its way. path: where its job lies. carried: whether its rows come with it."""

    path: str
    number: int
    begin: int
    rows: int
    ranges: tuple[tuple[int, int, int], ...]
    carried: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer on its way, without its value."""

    error: str
    parts: Mapping[str, str]


class Worker:
    """A process that answers units."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        environment = {"POLARS_MAX_THREADS": "1", **os.environ, "PYTHONPATH": paths}
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )

    def ask(self, path: str, unit: Unit) -> Answer:
        """The answer of a unit of the job at `path`. Raises Lost."""
        content = packed(unit.content) if isinstance(unit.content, pl.DataFrame) else unit.content
        asked = _Asked(path, unit.number, unit.begin, unit.rows, unit.ranges, content is not None)
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        try:
            _write(asking, to_json(asked, indent=None).encode(), content or b"")
            told = from_json(_Told, _read(answering))
            return Answer(_read(answering), told.error, told.parts)
        except (OSError, EOFError) as error:
            self.end()
            raise Lost(f"process {self._process.pid} ended with {self._process.returncode}") from error

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was not sent yet is for nobody
                    continue
        self._process.wait()


def _write(stream: IO[bytes], *parts: bytes) -> None:
    for part in parts:
        stream.write(len(part).to_bytes(_LENGTH, "little"))
        stream.write(part)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes:
    """The next part of a message. Raises EOFError, where the other side is gone."""
    length = stream.read(_LENGTH)
    content = stream.read(int.from_bytes(length, "little")) if len(length) == _LENGTH else b""
    if len(length) < _LENGTH or len(content) < int.from_bytes(length, "little"):
        raise EOFError
    return content


@functools.lru_cache(maxsize=2)
def _job(path: str) -> Job:
    return from_json(Job, Path(path).read_bytes(), path=path)


def main() -> None:
    """Answer until nobody asks. What functions print goes to standard error, beside the answers."""
    answering = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asking = sys.stdin.buffer
    while True:
        try:
            asked, content = from_json(_Asked, _read(asking)), _read(asking)
        except EOFError:
            os._exit(0)  # nobody is there: no thread or clean-up of a library may keep this process
        unit = Unit(asked.number, asked.begin, asked.rows, asked.ranges, content if asked.carried else None)
        answer = perform(_job(asked.path), unit)
        try:
            _write(answering, to_json(_Told(answer.error, answer.parts), indent=None).encode(), answer.value)
        except BrokenPipeError:
            os._exit(0)  # who asked is gone


if __name__ == "__main__":
    main()
