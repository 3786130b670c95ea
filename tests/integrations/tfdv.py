"""TFDV in its own environment, asked by a program that is started once; see foreign/tfdv_worker.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".platforms" / "tfdv" / "bin" / "python"
WORKER = HERE / "foreign" / "tfdv_worker.py"


class Tfdv:
    """One running worker. Fails, where scripts/platforms tfdv has not installed it."""

    def __init__(self, errors: Path) -> None:
        assert PYTHON.exists(), "TFDV is not installed: scripts/platforms tfdv"
        self._errors = errors
        with errors.open("w") as written:
            self._process = subprocess.Popen(
                [str(PYTHON), "-W", "ignore", str(WORKER)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written, text=True,
            )  # fmt: skip
        self.version = self._answer()["ready"]

    def ask(self, ask: str, **arguments: Any) -> dict[str, Any]:
        """What the worker's function `ask` answers. Fails, where TFDV raised."""
        answer = self.try_(ask, **arguments)
        assert "error" not in answer, answer
        return answer

    def try_(self, ask: str, **arguments: Any) -> dict[str, Any]:
        """The same, with TFDV's error as the answer's "error"."""
        assert self._process.stdin is not None
        plain = {key: str(value) if isinstance(value, Path) else value for key, value in arguments.items()}
        self._process.stdin.write(json.dumps({"ask": ask, **plain}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._errors.read_text("utf-8")[-3000:]
        found: dict[str, Any] = json.loads(line)
        return found
