"""The demo's story: real flights become a contract, a judged model, a release, live answers and a scored month.

Each act calls what a user would call and shows what came back. Nothing is arranged to succeed: where a gate fails, the story ends
there with the checks that failed, and the exit code says so.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from seakeep.cli._demo.server import ask, resident_bytes, serving
from seakeep.cli._demo.traffic import replay, wrong_requests
from seakeep.core import Kind, Model, Report, Verdict
from seakeep.views import figures, terminal
from seakeep.views.rows import LineageRow, StageRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from rich.console import Console

    from seakeep.cli._demo.server import Running
    from seakeep.core import Check
    from seakeep.pipeline import RunResult, StageResult
    from seakeep.registry import Registered

WEEK = datetime(2013, 7, 1)  # noqa: DTZ001  (scheduled times are local, as on a departure board)
PROJECT = Path(__file__).parent / "project"


class Story:
    """The demo, act by act. folder: where its project, data, registry and reports are written."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder, self.console = folder, console
        self.rows: list[StageRow] = []
        self.paths: list[Path] = []

    def tell(self) -> Verdict:
        """Tell it to the end, or to the gate that failed. Returns the run's verdict."""
        from seakeep import Registry

        self._data()
        result = self._run()
        if not result.release:
            self._say(f"No release was made: {len(result.not_passed)} checks did not pass.")
            return result.verdict
        with Registry(result.home) as registry:
            release = registry.resolve(result.label)
            model = Model.load(release.folder)
            self._judgement(release)
            self._explanation(model)
            with serving(release.folder) as server:
                answered = self._live(server, model)
                self._refusals(server, answered)
                self._noted(
                    "serve", server.seconds, note=f"until its first answer; {_size(resident_bytes(server.process))}"
                )
            out = self._score(release)
            self._lineage(registry, release, out)
        self._end(result)
        return result.verdict

    def _data(self) -> None:
        self._act("The data", "Every flight that left New York City in 2013, with the weather an hour before")
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(PROJECT.glob("*.py")):
            shutil.copyfile(file, self.folder / file.name)
        started = time.perf_counter()
        paths = _module(self.folder / "flights.py").prepare(self.folder / "data")
        self._noted("data", time.perf_counter() - started, note=f"{len(paths)} monthly tables")
        import polars as pl

        table = pl.scan_parquet(paths)
        late = pl.col("arr_delay") > 15
        unknown = pl.col("arr_delay").null_count().alias("unknown")
        told = table.select(pl.len(), late.mean(), unknown).collect().row(0)
        self._say(
            f"{told[0]:,} flights in {len(paths)} monthly tables; {told[1]:.1%} arrived more than 15 minutes late; "
            f"{told[2]:,} never arrived as planned (cancelled, diverted) and have no label."
        )

    def _run(self) -> RunResult:
        from seakeep import run

        self._act("The run", "seakeep run pipeline.py: read, profile, validate, train, evaluate, register")
        result = run(self.folder / "pipeline.py", observer=_Lines(self))
        self._checks(result.not_passed)
        return result

    def _judgement(self, release: Registered) -> None:
        self._act("The judgement", f"What stands in {release.label}'s reports; June was held out")
        training, evaluation = self._report(release, "training"), self._report(release, "evaluation")
        self.console.print(terminal.table(training.table("baselines")))
        metrics = evaluation.table("metrics")
        shown = [row for row in metrics.records() if row["metric"] == "roc_auc"]
        grid = _grid("roc_auc by slice", ("slice", "value", "95 % interval", "rows"))
        for row in sorted(shown, key=lambda row: -int(row["rows"] or 0))[:10]:
            grid.add_row(
                str(row["slice"] or "all"),
                _short(row["value"]),
                f"{_short(row['low'])} to {_short(row['high'])}",
                f"{row['rows']:,}",
            )
        self.console.print(grid)
        self._checks(evaluation.checks)

    def _explanation(self, model: Model) -> None:
        from seakeep.evaluation import explain
        from seakeep.serving import OnnxPredictor

        self._act("One prediction, explained", "The flight of 1 July that the model is most worried about")
        predictor, frame = OnnxPredictor(model), self._week().head(800)
        worst = int(predictor.predict(frame).scores[:, 1].argmax())
        explained = explain(model, predictor, frame[worst : worst + 1])[0]
        flight = frame.row(worst, named=True)
        self._say(
            f"{flight['flight_id']} to {flight['dest']}, scheduled {flight['scheduled']:%d %B %H:%M}: "
            f"probability of being late {explained.score:.2f}; it was {flight['arr_delay']:+} minutes."
        )
        grid = _grid("", ("because of", "which is", "log odds"))
        for part in explained.contributions[:6]:
            value = "missing" if part.value is None else figures.of_kind(Kind.NUMBER, part.value)
            grid.add_row(part.column, value, f"{part.contribution:+.2f}")
        self.console.print(grid)

    def _live(self, server: Running, model: Model) -> dict[str, Any]:
        self._act("Live", f"A server on {server.host}:{server.port}; the week of 1 July as one request a flight")
        self._say(f"It answered {server.seconds:.2f} s after its start.")
        frame = self._week()
        rows = _as_json(frame.select([item.name for item in model.inputs]))
        path = f"/v2/models/{model.name}/infer"
        replayed = replay(server, path, rows)
        self._noted("replay", replayed.seconds, note=f"{len(rows):,} requests, {replayed.failed} failed")
        self._say(
            f"{len(rows):,} requests over {replayed.seconds:.1f} s: {replayed.per_second:,.0f} a second from one Python client, "
            f"half within {replayed.latency(0.5) * 1e3:.1f} ms, 99 % within {replayed.latency(0.99) * 1e3:.1f} ms, "
            f"{replayed.failed} failed."
        )
        self._outcome(frame, replayed.answers)
        return rows[0]

    def _outcome(self, frame: pl.DataFrame, answers: tuple[dict[str, Any], ...]) -> None:
        import numpy as np

        from seakeep.evidence.intervals import auc_interval

        scores = np.array([answer["probabilities"]["true"] for answer in answers])
        late = (frame["arr_delay"] > 15).to_numpy()
        value, low, high = auc_interval(scores, late)
        self._say(
            f"Now that these flights have landed: roc_auc {value:.3f} ({low:.3f} to {high:.3f}) on the week's answers."
        )

    def _refusals(self, server: Running, row: dict[str, Any]) -> None:
        self._act("Wrong requests", "Each is refused at the door, with the field and what was expected")
        grid = _grid("", ("request", "status", "answer"))
        path = "/v2/models/flight-delay/infer"
        for wrong in wrong_requests(path, row):
            connection = server.connect()
            status, answer = ask(connection, wrong.path, wrong.body, wrong.kind)
            connection.close()
            grid.add_row(wrong.what, str(status), figures.shortened(str(answer.get("error", answer)), 120))
        self.console.print(grid)

    def _score(self, release: Registered) -> Path:
        from seakeep import read, score

        self._act("A month in batch", "All of July through the same path: seakeep score")
        table = read(self.folder / "data" / "flights-2013-07.parquet", key="flight_id")
        out = self.folder / "july.parquet"
        told = score(release.folder, table, out, overwrite=True)
        self._noted("score", told.seconds, note=f"{told.rows:,} rows")
        self._say(f"{told.rows:,} rows in {told.seconds:.2f} s ({told.rows_per_second:,.0f} a second) to {told.path}")
        return out

    def _lineage(self, registry: Any, release: Registered, out: Path) -> None:
        import polars as pl

        self._act("Where an answer comes from", "The lineage of one prediction, back to the files")
        first = pl.read_parquet(out, n_rows=1).row(0, named=True)
        self._say(f"{first['flight_id']}: {first['prediction']} ({first['probability_true']:.3f}) was answered by")
        walked = registry.lineage(release.release.digest, "up").walk()
        rows = [
            LineageRow(depth, artifact.kind, Path(artifact.name).name, stage, artifact.digest)
            for depth, stage, artifact, repeated in walked
            if not repeated
        ]
        self.console.print(terminal.lineage(rows))

    def _end(self, result: RunResult) -> None:
        self._act("The whole of it", f"Release {result.label}, digest {result.release[:12]}")
        self.console.print(terminal.stages(self.rows))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._say(f"This process needed at most {_size(peak)}.")
        pages = [page for stage in result.stages for page in stage.pages]
        self._say("Reports to open in a browser:\n" + "\n".join(f"  {page}" for page in pages))
        started = Path(sys.argv[0]).absolute()
        command = started if started.name == "seakeep" else "seakeep"
        self._say(f"Go on by hand: cd {self.folder} && {command} serve {result.label.partition('@')[0]}")

    def _week(self) -> pl.DataFrame:
        """The flights that arrived, of the week that begins with the first of July."""
        import polars as pl

        until = WEEK + timedelta(days=7)
        table = pl.scan_parquet(self.folder / "data" / "flights-2013-07.parquet")
        return table.filter(pl.col("scheduled") < until, pl.col("arr_delay").is_not_null()).sort("scheduled").collect()

    @staticmethod
    def _report(release: Registered, kind: str) -> Report:
        return Report.load(release.folder / "reports" / f"{kind}.json")

    def _act(self, title: str, what: str) -> None:
        self.console.print()
        self.console.print(Panel(what, title=f"[bold]{title}[/]", title_align="left", border_style="cyan"))

    def _say(self, text: str) -> None:
        """Print a paragraph; lines that hold a path are left whole, to be copied."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=str(self.folder) in text)

    def _checks(self, checks: Sequence[Check]) -> None:
        grid = Grid(box=None, show_header=False, pad_edge=True)
        for check in checks:
            grid.add_row(terminal.verdict(check.verdict), Text(check.message))
        self.console.print(grid)

    def _noted(self, stage: str, seconds: float, *, note: str) -> None:
        self.rows.append(StageRow(stage, seconds=seconds, note=note))


class _Lines:
    """Follows the run: one line a stage, and a row for the table at the end."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def started(self, stage: str) -> None:
        """Nothing: a line is printed when the stage is done."""

    def finished(self, result: StageResult) -> None:
        verdict = Verdict(result.verdict) if result.verdict in ("pass", "fail", "inconclusive") else None
        row = StageRow(
            result.stage,
            result.wall_seconds,
            result.cpu_seconds,
            result.peak_bytes,
            verdict,
            result.cached,
            "; ".join(result.notes),
        )
        self.story.rows.append(row)
        said = "found in the cache" if result.cached else f"{result.wall_seconds:.2f} s"
        self.story._say(f"  {result.stage:<9} {result.verdict:<13} {said}")

    def noted(self, message: str) -> None:
        self.story._say(f"  {message}")


def _module(path: Path) -> Any:
    """The project's own module, loaded from its file."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _as_json(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as a client would send them: times as ISO 8601 text, missing values as null."""
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in frame.to_dicts()
    ]


def _grid(title: str, columns: tuple[str, ...]) -> Grid:
    grid = Grid(title=title or None, title_justify="left", box=None, pad_edge=True, header_style="bold")
    for column in columns:
        grid.add_column(column)
    return grid


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "-"


def _size(size: float) -> str:
    return f"{size / (1 << 20):,.0f} MiB"
