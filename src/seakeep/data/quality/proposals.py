"""What an inspection proposes, as a file of cleaning steps that a person reads, corrects and declares.

A fix that is a step and nothing else stands in the file as it is; one that says "look first" stands as a comment. Steps are put in an
order in which each finds what it needs: broken text before spellings, spellings before numbers, columns are dropped last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.report import Verdict
from seakeep.data.cleaning.errors import BadCleaning
from seakeep.data.cleaning.files import parsed_step
from seakeep.data.cleaning.step import GROUP

if TYPE_CHECKING:
    from seakeep.core.report import Check, Report
    from seakeep.data.cleaning.step import Cleaning

_ORDER = (
    "fix_encoding", "strip", "lower", "replace", "set_missing", "parse_numbers", "parse_dates", "parse_booleans",
    "convert_units", "clip", "drop_outliers", "merge_levels", "fill", "drop_duplicates", "drop_columns",
)  # fmt: skip


def step_in(fix: str) -> tuple[Cleaning | None, bool]:
    """The cleaning step that a fix holds, and whether the fix is nothing else.

    >>> step_in("Look first; strip: {columns: [city]}")[1]
    False
    """
    names = "|".join(plugins.names(GROUP))
    found = re.search(rf"(?:^|\s)((?:{names}): \{{.*\}})", fix)
    if found is None:
        return None, False
    try:
        return parsed_step(found[1]), fix.strip() == found[1]
    except BadCleaning:
        return None, False


def proposals(report: Report) -> str:
    """The text of a file that `cleaning.load_steps` reads: a step a finding, each under what was found."""
    parts: list[tuple[int, str]] = []
    dropped: set[str] = set()
    said: set[str] = set()
    for check in report.checks:
        step, alone = step_in(check.fix) if check.verdict is Verdict.FAIL else (None, False)
        if step is None or step.text in said or (step.name == "drop_columns" and dropped >= set(step.needs)):
            continue
        said.add(step.text)
        dropped |= set(step.needs) if step.name == "drop_columns" else set()
        place = _ORDER.index(step.name) if step.name in _ORDER else len(_ORDER)
        parts.append((place, f"{_told(check)}{'' if alone else '# '}- {step.text}\n"))
    body = "".join(text for _, text in sorted(parts, key=lambda part: part[0]))
    active = any(not line.startswith("#") for line in body.splitlines())
    head = "# Read every step before you declare it; those behind # need a look at the rows first.\n"
    return head + body + ("" if active else "[]\n")


def _told(check: Check) -> str:
    said = " ".join(check.message.split())
    return f"# {check.code}: {said}\n"
