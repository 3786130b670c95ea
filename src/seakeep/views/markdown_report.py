"""A Report in Markdown, as GitHub and GitLab draw it in a comment: the verdict, what did not pass and what to do, pictures in letters.

Everything that came from a file is escaped (see markdown). A place has a limit (a comment on GitHub 65,536 characters, a job's summary
1 MiB), past which the platform refuses all of it, so `joined` leaves out whole blocks, the last ones first, and says how many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.markdown import code, escaped, grid
from seakeep.views.sentences import sentence
from seakeep.views.text_pictures import bar, interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.report import Check, Report, Table

COMMENT = 65_536
"""Most characters of a comment on GitHub."""
SUMMARY = 1_048_576
"""Most bytes of one step's summary on GitHub."""
SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}
_CHECKS, _PASSED, _ROWS, _LONG, _NAME = 30, 12, 12, 600, 80
_TABLES = ("differences", "metrics", "importance", "errors", "baselines")


def report(noun: Report, *, level: int = 3) -> tuple[str, ...]:
    """The blocks of a report, the most important first. level: of its heading."""
    head = f"{'#' * level} {SIGNS[noun.verdict]} {escaped(noun.title)}: {noun.verdict.value}\n\n{escaped(sentence(noun))}\n"
    parts = [head, _open(noun), _gates(noun), *(_table(table) for table in _shown(noun)), _passed(noun)]
    return tuple(part for part in parts if part)


def joined(blocks: Sequence[str], *, limit: int) -> str:
    """The blocks with a blank line between them, at most `limit` bytes; says how many were left out."""
    note = "\n{} more parts are in the report's folder: this place takes no more.\n"
    room = limit - len(note.format(len(blocks)).encode())
    kept: list[str] = []
    for block in blocks:
        room -= len(block.encode("utf-8", "replace")) + 1
        if room < 0:
            return "\n".join(kept) + note.format(len(blocks) - len(kept))
        kept.append(block)
    return "\n".join(kept)


def folded(title: str, text: str) -> str:
    """Text that opens when it is asked for. title: must need no escaping."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"


def _open(noun: Report) -> str:
    """The checks that did not pass, worst first, each with what to do."""
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE)
    found = [check for one in order for check in noun.checks if check.verdict is one]
    lines = [line for check in found[:_CHECKS] for line in _item(check)]
    more = len(found) - _CHECKS
    lines += [f"- and {figures.counted(more, 'more check')} that did not pass"] if more > 0 else []
    return "\n".join(lines) + "\n" if lines else ""


def _item(check: Check) -> Iterator[str]:
    yield f"- {SIGNS[check.verdict]} **{_short(check.subject, _NAME)}** {code(check.code)}: {_short(check.message)}"
    if check.fix:
        yield f"  <br>→ {_short(check.fix)}"


def _gates(noun: Report) -> str:
    """Every check that has a value and a threshold beside its interval, as a picture."""
    rows = [row for check in noun.checks if (row := _gate(check)) is not None][:_CHECKS]
    if not rows:
        return ""
    head = (
        "| | gate | observed | ├ interval ┤ ● observed ┃ threshold | threshold |\n| --- | --- | ---: | --- | ---: |\n"
    )
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _gate(check: Check) -> tuple[str, ...] | None:
    observed, threshold = check.observed, check.threshold
    low, high = (check.evidence.get(name) for name in ("low", "high"))
    if not all(_is_number(each) for each in (observed, threshold, low, high)):
        return None
    drawn = interval(float(observed), float(low), float(high), threshold=float(threshold))  # type: ignore[arg-type]
    name = f"{_short(check.subject, _NAME)} {check.code.rpartition('.')[2].replace('_', ' ')}"
    return (SIGNS[check.verdict], name, figures.scalar(observed), code(drawn), figures.scalar(threshold))


def _shown(noun: Report) -> list[Table]:
    return [table for name in _TABLES for table in noun.tables if table.name == name and table.rows]


def _table(table: Table) -> str:
    """The first rows of a table, folded; of metrics those over all rows, of importances a bar each."""
    if table.name == "importance":
        return folded(figures.visible(table.title), _bars(table))
    rows = table.rows
    if table.name == "metrics":
        rows = tuple(row for row in rows if row[0] == "all")
    cells = [[_cell(value) for value in row] for row in rows[:_ROWS]]
    more = f"\n{figures.counted(len(rows) - _ROWS, 'more row')}\n" if len(rows) > _ROWS else ""
    return folded(figures.visible(table.title), grid([name.replace("_", " ") for name in table.columns], cells) + more)


def _bars(table: Table) -> str:
    found = [(str(row["column"]), row["importance"]) for row in table.records() if _is_number(row.get("importance"))]
    most = max((float(value) for _, value in found), default=0.0)  # type: ignore[arg-type]
    head = "| column | | importance |\n| --- | --- | ---: |\n"
    lines = [
        f"| {_short(name, _NAME)} | {code(bar(float(value) / most if most > 0 else 0.0))} | {figures.scalar(value)} |\n"  # type: ignore[arg-type]
        for name, value in found[:_ROWS]
    ]
    return head + "".join(lines)


def _passed(noun: Report) -> str:
    passed = [check for check in noun.checks if check.verdict is Verdict.PASS]
    if not passed:
        return ""
    lines = [
        f"- {_short(check.subject, _NAME)} {code(check.code)}: {_short(check.message)}" for check in passed[:_PASSED]
    ]
    more = len(passed) - _PASSED
    lines += [f"- and {figures.counted(more, 'more check')}"] if more > 0 else []
    return folded(f"{figures.counted(len(passed), 'check')} passed", "\n".join(lines) + "\n")


def _cell(value: object) -> str | int | float | bool | None:
    return figures.shortened(value, _LONG) if isinstance(value, str) else value  # type: ignore[return-value]


def _short(text: str, limit: int = _LONG) -> str:
    return escaped(figures.shortened(" ".join(text.split()), limit))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
