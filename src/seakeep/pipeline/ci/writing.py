"""What a check leaves for people and platforms: Markdown for the pull request, pages with pictures, and reports that GitHub and GitLab read.

report.md           the comment or summary; fits a comment on GitHub
<part>.html         each part as a page, with every picture and table
junit.xml           every check as a test case
code-quality.json   what did not pass, with its line in the sources
check.json          all of it, for programs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.codec import to_json, to_plain
from seakeep.core.files import write_text
from seakeep.core.report import Check, Verdict
from seakeep.pipeline.ci.codes import DONE
from seakeep.views import code_quality, figures, junit, markdown_report
from seakeep.views.findings import Finding
from seakeep.views.markdown import code, escaped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.core.errors import SeakeepError
    from seakeep.pipeline.ci.results import Checked, Delivered, Part, Retrained

MARKDOWN, JUNIT, CODE_QUALITY, JSON = "report.md", "junit.xml", "code-quality.json", "check.json"
NOT_RUN = "➖"


def write_folder(folder: Path, checked: Checked, findings: Sequence[Finding], *, link: str = "") -> None:
    """Write everything that a check leaves into `folder`. link: where a person finds that folder, "" for nowhere."""
    from seakeep.views import html

    for part in checked.parts:
        if part.report is not None:
            write_text(folder / f"{part.name}.html", html.render(part.report))
    seconds = {part.title: part.seconds for part in checked.parts}
    write_text(folder / JUNIT, junit.render(f"seakeep ci check {checked.pipeline}", findings, seconds=seconds))
    write_text(folder / CODE_QUALITY, code_quality.render(findings))
    plain = to_plain(checked)
    assert isinstance(plain, dict)
    write_text(folder / JSON, to_json({"verdict": checked.verdict, **plain}))
    write_text(folder / MARKDOWN, summary(checked, link=link))


def write_broken(folder: Path, error: SeakeepError, *, path: str, line: int) -> None:
    """Write what there is to tell of a check that broke off: the report, and one test case that failed. path: "" for no place."""
    done = Check(DONE, "seakeep ci check", Verdict.FAIL, error.found, fix=error.fix)
    findings = [Finding(done, "Check", path, line)]
    write_text(folder / MARKDOWN, broken(error, what="the check"))
    write_text(folder / JUNIT, junit.render("seakeep ci check", findings))
    write_text(folder / CODE_QUALITY, code_quality.render(findings if path else []))


def summary(checked: Checked, *, link: str = "", limit: int = markdown_report.COMMENT) -> str:
    """A check in Markdown, at most `limit` bytes."""
    parts = [part for part in checked.parts if part.report is not None]
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    worst_first = [part for one in order for part in parts if part.report and part.report.verdict is one]
    blocks = [_head(checked, link)]
    blocks += [block for part in worst_first if part.report for block in markdown_report.report(part.report)]
    return markdown_report.joined(blocks, limit=limit)


def delivery(done: Delivered) -> str:
    """A delivery in Markdown."""
    sign, run = markdown_report.SIGNS[done.verdict], done.run
    lines = [f"## {sign} Seakeep: {escaped(run.pipeline)} after the merge: {done.verdict.value}", ""]
    lines += [
        f"Release {code(run.label)} ({code(run.release[:12])}), not signed." if run.label else "No release was made."
    ]
    lines += ["", "| stage | verdict | time |", "| --- | --- | ---: |"]
    lines += [
        f"| {s.stage} | {s.verdict}{' (cached)' if s.cached else ''} | {figures.seconds(s.wall_seconds)} |"
        for s in run.stages
    ]
    lines += ["", *(f"- {escaped(check.message)}" for check in run.not_passed[:30])]
    lines += [f"- manifests for {code(target)} in {code(folder)}" for target, folder in done.exported.items()]
    lines += [f"- {escaped(done.told)}"] if done.told else []
    return "\n".join(lines) + "\n"


def retraining(done: Retrained) -> str:
    """A look at what asks for a training, in Markdown."""
    look = done.look
    sign = {0: "✅", 1: "❌", 2: "❔"}.get(look.exit_code, "❌")
    lines = [
        f"## {sign} Seakeep: {escaped(look.name)}, retraining: {look.decision.code}",
        "",
        escaped(look.decision.why),
        "",
    ]
    if look.outcome is not None:
        lines.append(
            f"- {look.outcome.result} after {figures.seconds(look.outcome.seconds)}: {escaped(look.outcome.why)}"
        )
    lines += [f"- the rollout of {code(look.rollout)} is open"] if look.rollout else []
    lines += [f"- manifests for {code(target)} in {code(folder)}" for target, folder in done.exported.items()]
    return "\n".join(lines) + "\n"


def broken(error: SeakeepError, *, what: str) -> str:
    """A check, delivery or retraining that could not be done, in Markdown."""
    parts = [f"## ❌ Seakeep: {what} broke off", "", f"**{escaped(type(error).__name__)}**: {escaped(error.found)}"]
    parts += [f"at {code(error.where)}"] if error.where else []
    parts += ["", *(escaped(text) for text in (error.cause, error.fix) if text)]
    return "\n".join(parts) + "\n"


def _head(checked: Checked, link: str) -> str:
    """The verdict, a row a part, and what it rests on."""
    sign, verdict = markdown_report.SIGNS[checked.verdict], checked.verdict.value
    rows = "".join(map(_row, checked.parts))
    base = f"compared with {code(checked.base)}" if checked.base else "compared with no other branch"
    beside = f", {escaped(checked.beside)}" if checked.beside else ""
    pages = (
        f"[The pages with all pictures]({link})" if link else f"The pages with all pictures are beside {code(MARKDOWN)}"
    )
    return (
        f"## {sign} Seakeep: {escaped(checked.pipeline)}: {verdict}\n\n"
        f"| | part | verdict | passed | time |\n| --- | --- | --- | ---: | ---: |\n{rows}\n"
        f"Tried on {escaped(checked.sample)}, {base}{beside}. {pages}.\n"
    )


def _row(part: Part) -> str:
    if part.report is None:
        return f"| {NOT_RUN} | {part.title} | not run: {escaped(part.why)} | | |\n"
    checks, verdict = part.report.checks, part.report.verdict
    passed = sum(check.verdict is Verdict.PASS for check in checks)
    return f"| {markdown_report.SIGNS[verdict]} | {part.title} | {verdict.value} | {passed} of {len(checks)} | {figures.seconds(part.seconds)} |\n"
