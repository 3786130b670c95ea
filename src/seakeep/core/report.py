"""Report, Check and Verdict: every judgement in a model's life has this one shape.

A schema anomaly, a metric gate, a fairness gap, a drift alarm and a canary decision are all checks, so one renderer, one
exporter and one gate serve them all. A report's verdict is its worst check; a report without checks is inconclusive,
never a pass, so that a judgement that did not happen cannot let anything through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from seakeep.core.codec import Json, Scalar, digest, from_json, to_json
from seakeep.core.errors import SeakeepError, UsageError
from seakeep.core.files import write_text

if TYPE_CHECKING:
    from pathlib import Path


class Verdict(Enum):
    """The three values of a judgement. Ordered by severity: pass, inconclusive, fail."""

    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 inconclusive, as the command line ends."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 2}[self]

    @staticmethod
    def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
        """The most severe verdict; inconclusive where there is none.

        >>> Verdict.worst(()).value, Verdict.worst((Verdict.PASS, Verdict.FAIL)).value
        ('inconclusive', 'fail')
        """
        order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
        return next((verdict for verdict in order if verdict in verdicts), Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Check:
    """One judgement: an observed value against a threshold.

    code: what kind of check, dotted and stable ("schema.missing_column", "metric.at_least"); listed in the docs.
    subject: what was judged: a column, a metric, a slice ("roc_auc[carrier=UA]").
    observed, threshold: the values compared; None where there is none.
    message: one sentence a person can read alone. fix: the next line to type; empty where the verdict is a pass.
    evidence: what the verdict rests on (counts, intervals, examples), JSON values only.
    """

    code: str
    subject: str
    verdict: Verdict
    message: str
    observed: Scalar = None
    threshold: Scalar = None
    fix: str = ""
    evidence: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers a report rests on: `name` is stable ("metrics", "importance", "baselines") and tells views how to draw it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    note: str = ""

    def records(self) -> tuple[dict[str, Scalar], ...]:
        """The rows as dictionaries by column name."""
        return tuple(dict(zip(self.columns, row, strict=True)) for row in self.rows)


class ChecksFailed(SeakeepError):
    """Raised by `Report.raise_if_failed`. `report` holds every check."""

    exit_code = 1

    @classmethod
    def of(cls, report: Report) -> ChecksFailed:
        failed = report.failed
        first = failed[0]
        return cls(
            f"{report.title}: {len(failed)} of {len(report.checks)} checks failed",
            cause="\n  ".join(f"{check.code} {check.subject}: {check.message}" for check in failed[:5]),
            fix=first.fix,
            report=report,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """Judgements about one subject, and the tables they rest on.

    kind: "validation", "evaluation", "drift", "parity", "training"; names the file it is saved as.
    subject: what was judged (a dataset's description, a model's name).
    Times, memory, hosts and paths stay out of it: they would make two equal runs differ (see registry for those).
    """

    kind: str
    title: str
    subject: str
    checks: tuple[Check, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst check's verdict; inconclusive when there are none."""
        return Verdict.worst(tuple(check.verdict for check in self.checks))

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAIL)

    @property
    def digest(self) -> str:
        """SHA-256 of the report's content."""
        return digest(self)

    def __add__(self, other: Report) -> Report:
        """Both reports' checks and tables under this one's name."""
        return Report(self.kind, self.title, self.subject, self.checks + other.checks, self.tables + other.tables)

    def table(self, name: str) -> Table:
        """The table called `name`. Raises UsageError with the nearest name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise UsageError.unknown_name("table", name, (table.name for table in self.tables), where=self.title)

    def raise_if_failed(self) -> Report:
        """This report, or ChecksFailed if any check failed. An inconclusive report does not raise."""
        if self.failed:
            raise ChecksFailed.of(self)
        return self

    def save(self, path: Path) -> None:
        """Write this report to `path` as JSON."""
        write_text(path, to_json(self))

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read a report that `save` wrote."""
        return from_json(cls, path.read_bytes(), path=str(path))
