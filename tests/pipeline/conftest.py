"""A project whose stages are quick: real data, profile and contract; a training and a judging function of its own.

The model is no real graph, so nothing here needs ONNX; the whole line with real training is held by tests/cli.
"""

from __future__ import annotations

import contextlib
import io
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from seakeep.cli._main import code_of
from seakeep.pipeline.retraining import attending, feed
from seakeep.pipeline.retraining import declared as declared_module
from seakeep.pipeline.retraining.child import Ended

PIPELINE = """
from pathlib import Path
import seakeep
from seakeep.core import Check, Input, Kind, Model, Report, Task, Verdict
from seakeep.features import Features, number
from seakeep.training import Trained

HERE = Path(__file__).parent
PASS = Verdict.PASS

def note(stage):
    with (HERE / "calls.log").open("a") as file:
        file.write(stage + "\\n")

def judged(kind, verdict=Verdict.PASS, value=0.7):
    return Report(kind, kind, "tips", (Check(f"{kind}.x", "x", verdict, f"x is {value}", value, 0.5, fix="Mend x."),))

def read():
    note("read")
    return seakeep.read(HERE / "data" / "*.csv", label="tip", key="trip")

def train(dataset, features, estimator, /, *, schema, statistics, name, held_out, seed):
    note("train")
    model = Model(name, Task.BINARY, dataset.digest.encode(), (Input("fare", Kind.NUMBER),), schema, statistics,
                  classes=(False, True), features=("fare",), estimator=estimator)
    return Trained(model, judged("training"))

def evaluate(predictor, model, dataset, /, **given):
    note("evaluate")
    return judged("evaluation", value=len(dataset.digest))

tips = seakeep.Pipeline(
    name="tips",
    read=read,
    features=Features(number("fare")),
    estimator="Constant()",
    train=train,
    evaluate=evaluate,
)
"""


def rows(start: int, stop: int) -> str:
    lines = ["trip,fare,zone,tip"]
    lines += [
        f"T{i:04},{i * 7 % 40}.5,{'north' if i % 3 else 'south'},{str(i % 2 == 0).lower()}" for i in range(start, stop)
    ]
    return "\n".join(lines) + "\n"


class Project:
    """A project folder: its file, its home, and which stages called the user's functions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "pipeline.py"
        self.home = folder / ".seakeep"

    def calls(self) -> list[str]:
        """The user's functions called since the last time this was asked."""
        log = self.folder / "calls.log"
        found = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def month(self, number: int, text: str | None = None) -> Path:
        """Write the span of a month: fifty rows of its own, or `text`."""
        path = self.folder / "data" / f"m-2013-{number:02}.csv"
        path.write_text(rows(number * 50, number * 50 + 50) if text is None else text)
        return path

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("seakeep.serving.OnnxPredictor", lambda model: model, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(rows(0, 200))
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    return Project(tmp_path)


@pytest.fixture
def monthly(project: Project) -> Project:
    """The project with spans: four months of fifty rows, of which the newest three are used and the last is held out."""
    (project.folder / "data" / "a.csv").unlink()
    for number in range(1, 5):
        project.month(number)
    project.edit("def read():", "def read(paths):")
    project.edit('seakeep.read(HERE / "data" / "*.csv"', "seakeep.read(paths")
    project.edit("    read=read,\n", '    read=read,\n    spans=seakeep.Spans("data/m-*.csv", newest=3),\n')
    return project


@pytest.fixture
def write_project(tmp_path: Path) -> Callable[[str], Path]:
    """A file pipeline.py with this text."""

    def write(text: str) -> Path:
        path = tmp_path / "pipeline.py"
        path.write_text(textwrap.dedent(text))
        return path

    return write


class Calls:
    """Stands in for processes: runs the command line here. before: called with each command line first."""

    def __init__(self) -> None:
        self.made: list[list[str]] = []
        self.before = lambda _arguments: None

    def __call__(self, arguments, *, limit_seconds, module="seakeep") -> Ended:
        self.made.append([str(each) for each in arguments])
        self.before(arguments)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = 0
            if module == "seakeep":
                code = code_of(self.made[-1])
            else:
                declared_module.main(*self.made[-1])
        text = out.getvalue()
        trouble = json.loads(err.getvalue().splitlines()[-1])["found"] if code == 3 else ""
        return Ended(code, json.loads(text) if text else None, trouble, False)

    def verbs(self) -> list[str]:
        """The verbs called since this was asked last, and the spans they were about."""
        made, self.made = self.made, []
        return [
            " ".join((each[0], *(each[each.index("--span") + 1 :][:1] if "--span" in each else ""))) for each in made
        ]


@pytest.fixture
def calls(monkeypatch) -> Calls:
    made = Calls()
    for module in (feed, attending, declared_module):
        monkeypatch.setattr(module, "call", made)
    return made


def policy(project, **settings) -> None:
    lines = {"cooldown": '"1h"', "rollout": '"none"', **settings}
    text = "\n".join(f"{name} = {value}" for name, value in lines.items())
    (project.folder / "seakeep.toml").write_text(f"[retrain]\n{text}\n")


def folder_of(tmp_path: Path, *names: str) -> Path:
    """A folder with these files."""
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def names(spans) -> list[str]:
    """The names of spans."""
    return [span.name for span in spans]
