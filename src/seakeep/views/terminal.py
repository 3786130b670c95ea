"""Nouns in a terminal, drawn by rich: narrow ones, ones without colour, and pipes.

Each function returns something that rich prints; `text` gives it as a string. A verdict is always a word beside its sign,
never a colour alone, and names are shown with their control characters written out, so that a column's name cannot move
the cursor or pass for markup.
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from seakeep.core.report import Verdict
from seakeep.views import figures, over_time
from seakeep.views.columns import flattened, slice_rows, strongest
from seakeep.views.grids import ByWidth, grid_of, plain
from seakeep.views.pages.schema import values
from seakeep.views.rows import folded
from seakeep.views.scorecard import scorecard
from seakeep.views.sentences import sentence
from seakeep.views.signs import SIGNS, STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.associations import Associations
    from seakeep.core.report import Check, Report, Table
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics
    from seakeep.views.rows import LineageRow, ReleaseRow, StageRow

_DIGEST = 12
_TABLE_ROWS, _CHECKS, _SHORT = 12, 30, 16
_PAGES_ONLY = {"drift": ("kind", "reference", "current")}


def console(file: IO[str] | None = None, *, width: int | None = None, colour: bool | None = None) -> Console:
    """A console that writes to `file`, by default standard output.

    colour: None follows the terminal and the NO_COLOR variable. Without a terminal, lines are 100 characters wide.
    """
    plain = {True: {"force_terminal": True}, False: {"no_color": True, "force_terminal": False}, None: {}}[colour]
    made = Console(file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False, **plain)  # type: ignore[arg-type]
    if width is None and not made.is_terminal:
        made.width = 100
    return made


def text(drawn: RenderableType, *, width: int = 100) -> str:
    """What `drawn` prints on a terminal of `width` characters, without colour."""
    out = io.StringIO()
    console(out, width=width, colour=False).print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def report(noun: Report, *, tables: bool = False, passed: bool = False) -> RenderableType:
    """A verdict, how many checks passed, then those that did not with what to do.

    tables: also the report's tables, the first rows of each. passed: also what was seen by the checks that passed, a line each.
    """
    about = "" if noun.subject in noun.title else f" ({figures.visible(noun.subject)})"
    parts: list[RenderableType] = [Text.assemble(figures.visible(noun.title), about, ": ", verdict(noun.verdict))]
    parts.append(Padding(Text(sentence(noun), style="dim"), (0, 0, 0, 2), expand=False))
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE)
    open_ = [check for one in order for check in noun.checks if check.verdict is one]
    parts += [_check(check) for check in open_[:_CHECKS]]
    more = len(open_) - _CHECKS
    parts += [Text(f"and {figures.counted(more, 'more check')} that did not pass", style="dim")] if more > 0 else []
    parts += [_passed(check) for check in noun.checks if passed and check.verdict is Verdict.PASS]
    parts += [Group(Text(""), table(one)) for one in noun.tables if tables]
    return Group(*parts)


def monitoring(noun: Report) -> RenderableType:
    """A monitor's report: what failed, then a sparkline a column over the windows, and one a metric whose labels arrived."""
    return _with_pictures(noun, over_time.windows(noun), over_time.decay(noun))


def rollout(noun: Report) -> RenderableType:
    """A rollout's report: what was decided, then a bar a phase, and the evidence of each test over the looks."""
    return _with_pictures(noun, over_time.phases(noun), over_time.evidence(noun))


def drawn(noun: Report) -> RenderableType:
    """A report with the pictures of its kind."""
    return {"monitoring": monitoring, "rollout": rollout, "readiness": scorecard}.get(noun.kind, report)(noun)


def _with_pictures(noun: Report, *drawn: RenderableType | None) -> RenderableType:
    return Group(report(noun), *(Group(Text(""), one) for one in drawn if one is not None))


def verdict(value: Verdict) -> Text:
    """A verdict's sign and word."""
    return Text(f"{SIGNS[value]} {value.value}", style=STYLES[value])


def table(noun: Table, *, rows: int = _TABLE_ROWS) -> RenderableType:
    """The first `rows` rows of a report's table, those that did not pass before the others; short columns are not wrapped."""
    grid = grid_of(plain(noun.title or noun.name))
    places = [i for i, name in enumerate(noun.columns) if name not in _PAGES_ONLY.get(noun.name, ())]
    ordered = sorted(noun.rows, key=lambda row: Verdict.PASS.value in row)
    cells = [[figures.scalar(row[i]) if row[i] != "" else "" for i in places] for row in ordered]
    for place, i in enumerate(places):
        numeric = any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in noun.rows)
        short = all(len(row[place]) <= _SHORT for row in cells)
        heading = plain(noun.columns[i].replace("_", " "))
        grid.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=short)
    for row in cells[:rows]:
        grid.add_row(*map(plain, row))
    more = len(noun.rows) - rows
    return Group(grid, Text(f"and {figures.counted(more, 'more row')}", style="dim")) if more > 0 else grid


def statistics(noun: Statistics) -> RenderableType:
    """One line a column: kind, missing, different values, and what is typical; fewer facts on a narrow terminal."""
    title = Text(f"{figures.counted(noun.rows, 'row')}, {figures.counted(len(noun.columns), 'column')}")
    rows = []
    for name, column in flattened(noun):
        missing = figures.share(column.missing_rate) if column.missing_rate else ""
        typical = ", weighted mean ".join((_typical(column), *_weighted_mean(column)))
        rows.append((name, column.kind.value, missing, figures.distinct(column), typical))
    drawn = ByWidth(title, ("column", "kind", "missing", "different", "typical"), rows)
    return Group(drawn, Text(""), _slices(noun)) if noun.slices else drawn


def named_statistics(name: str, noun: Statistics) -> RenderableType:
    """Statistics of one of several tables."""
    return Group(Text(figures.visible(name), style="bold"), statistics(noun), Text(""))


def associations(noun: Associations) -> RenderableType:
    """The pairs that say most of each other: mutual information, correlation and Cramér's V."""
    grid = grid_of(plain("Columns that say most of each other"))
    for name in ("column", "and"):
        grid.add_column(name, overflow="fold")
    for name in ("information (nats)", "correlation", "Cramér's V"):
        grid.add_column(name, justify="right", no_wrap=True)
    ranked = strongest(noun)
    for first, second, found in ranked[:_CHECKS]:
        told = (found.mutual_information, found.correlation, found.cramers_v)
        grid.add_row(plain(first), plain(second), *(figures.number(value, digits=3) for value in told))
    more = len(ranked) - _CHECKS
    return Group(grid, Text(f"and {figures.counted(more, 'more pair')}", style="dim")) if more > 0 else grid


def _slices(noun: Statistics) -> RenderableType:
    grid = grid_of(plain(f"{figures.counted(len(noun.slices), 'slice')}"))
    for name, side in (("slice", "left"), ("rows", "right"), ("of all", "right"), ("of its cells missing", "right")):
        grid.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    rows = slice_rows(noun)
    for name, count, of_all, missing in rows[:_CHECKS]:
        grid.add_row(plain(name), figures.number(count), of_all, missing)
    more = len(rows) - _CHECKS
    return Group(grid, Text(f"and {figures.counted(more, 'more slice')}", style="dim")) if more > 0 else grid


def _weighted_mean(column: ColumnStatistics) -> tuple[str, ...]:
    if column.weighted is None or column.weighted.mean is None or not column.kind.is_numeric:
        return ()
    return (figures.rough(column, column.weighted.mean),)


def schema(noun: Schema) -> RenderableType:
    """One line a column: kind, what may be missing, which values, and when it is known; fewer facts on a narrow terminal."""
    title = plain(f"schema {noun.name}, {figures.counted(len(noun.columns), 'column')}")
    rows = []
    for name, column in noun.columns.items():
        notes = [role for role in ("label", "time", "key") if getattr(noun, role) == name]
        notes += [] if column.required else ["optional"]
        notes += ["known afterwards"] if column.available == "after" else []
        missing = f"≤ {figures.share(column.missing_at_most)}" if column.missing_at_most else "never"
        rows.append((name, column.kind.value, missing, ", ".join(notes), values(column)))
    return ByWidth(title, ("column", "kind", "missing", "notes", "values"), rows)


def stages(rows: Sequence[StageRow]) -> RenderableType:
    """The table of a run's stages, and their sum."""
    grid = grid_of(None)
    grid.add_column("stage", overflow="fold")
    for name in ("time", "CPU", "peak memory"):
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("verdict", no_wrap=True)
    grid.add_column("", overflow="fold")
    for row in rows:
        said = verdict(row.verdict) if row.verdict else Text("")
        note = ", ".join(part for part in ("cached" if row.cached else "", row.note) if part)
        measured = (figures.seconds(row.seconds), figures.seconds(row.cpu_seconds), figures.size(row.peak_bytes))
        grid.add_row(plain(row.stage), *measured, said, Text(figures.visible(note), style="dim"))
    if len(rows) > 1:
        grid.add_section()
        spent = _sum([row.seconds for row in rows])
        unmeasured = any(row.seconds and row.cpu_seconds is None and not row.cached for row in rows)
        cpu = None if unmeasured else _sum([row.cpu_seconds for row in rows])
        peak = max((row.peak_bytes for row in rows if row.peak_bytes is not None), default=None)
        grid.add_row("all", figures.seconds(spent), figures.seconds(cpu), figures.size(peak), "", "")
    return grid


def releases(rows: Sequence[ReleaseRow]) -> RenderableType:
    """Registered releases, in the order given."""
    if not rows:
        return Text("No release is registered yet. Make one with: seakeep run FILE")
    grid = grid_of(None)
    for name in ("release", "aliases", "verdict", "digest", "registered"):
        grid.add_column(name, overflow="fold")
    for row in rows:
        release, aliases = plain(f"{row.name}@{row.version}"), plain(", ".join(row.aliases))
        grid.add_row(release, aliases, verdict(row.verdict), row.digest[:_DIGEST], plain(row.created))
    return grid


def lineage(rows: Sequence[LineageRow]) -> RenderableType:
    """What something was made from, or what was made from it, as a tree; what was shown before is not opened, and folded where many."""
    if not rows:
        return Text("Nothing is on record.")
    first, *others = folded(rows)
    branches = {0: Tree(_lineage_row(first), guide_style="dim")}
    for row in others:
        depth = max(row.depth, 1)
        branches = {above: tree for above, tree in branches.items() if above < depth}
        branches[depth] = branches[max(branches)].add(_lineage_row(row))
    return branches[0]


def _lineage_row(row: LineageRow) -> Text:
    kind = "" if row.kind == row.label else f"{row.kind} "
    return Text.assemble(
        (f"{row.stage}: " if row.stage else "", "dim"),
        kind,
        (figures.visible(row.label), "bold"),
        (f" {row.digest[:_DIGEST]}" if row.digest else "", "dim"),
        (" (opened above)" if row.repeated else "", "dim"),
    )


def _check(check: Check) -> RenderableType:
    head = Text.assemble(
        (f"{SIGNS[check.verdict]} ", STYLES[check.verdict]),
        (figures.visible(check.subject), "bold"),
        (f"  {figures.visible(check.code)}", "dim"),
    )
    lines: list[RenderableType] = [Text(figures.lines(check.message))]
    pairs = (("observed", check.observed), ("threshold", check.threshold))
    compared = ", ".join(f"{name} {figures.scalar(value)}" for name, value in pairs if value is not None)
    lines += [Text(compared, style="dim")] if compared else []
    lines += [Text(f"→ {figures.lines(check.fix)}")] if check.fix else []
    return Group(head, Padding(Group(*lines), (0, 0, 0, 2), expand=False))


def _passed(check: Check) -> RenderableType:
    return Text.assemble((f"{SIGNS[check.verdict]} ", STYLES[check.verdict]), figures.lines(check.message))


def _typical(column: ColumnStatistics) -> str:
    if not column.present:
        return "nothing but missing values"
    if column.kind.is_numeric and column.finite:
        low, middle, high = (
            figures.rough(column, value) for value in (column.minimum, column.quantile(0.5), column.maximum)
        )
        return f"{low} … {middle} … {high}"
    if column.top.values:
        top = zip(column.top.values[:3], column.top.counts[:3], strict=True)
        return ", ".join(
            f"{figures.shortened(figures.of_kind(column.kind, v), 24)} {figures.share(n / column.present, digits=2)}"
            for v, n in top
        )
    if column.lengths is not None and column.lengths.count:
        return f"lengths {figures.number(column.lengths.minimum)} to {figures.number(column.lengths.maximum)}"
    return ""


def _sum(known: Sequence[float | None]) -> float | None:
    found = [value for value in known if value is not None]
    return sum(found) if found else None
