"""Findings as JUnit XML: one test case a check, so that GitHub's reporters and GitLab list every one of them.

An inconclusive check is a skipped case: neither of the two has a word for "could not be told", and a passed one it is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from seakeep.core.report import Verdict
from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.views.findings import Finding

# What XML 1.0 cannot hold in any form; everything else that is unseen was written out before.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(name: str, findings: Sequence[Finding], *, seconds: Mapping[str, float] | None = None) -> str:
    """The document. name: of the whole. seconds: wall clock by group."""
    spent = seconds or {}
    groups = list(dict.fromkeys(each.group for each in findings))
    suites = [
        _suite(group, [each for each in findings if each.group == group], spent.get(group, 0.0)) for group in groups
    ]
    failed, skipped = _counts(findings)
    head = f'tests="{len(findings)}" failures="{failed}" skipped="{skipped}" time="{sum(spent.values()):.3f}"'
    body = "".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name={_quoted(name)} {head}>\n{body}</testsuites>\n'


def _suite(group: str, findings: Sequence[Finding], seconds: float) -> str:
    failed, skipped = _counts(findings)
    head = f'tests="{len(findings)}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.3f}"'
    return f"  <testsuite name={_quoted(group)} {head}>\n{''.join(map(_case, findings))}  </testsuite>\n"


def _case(finding: Finding) -> str:
    check = finding.check
    place = f"classname={_quoted(check.code)} name={_quoted(check.subject)} file={_quoted(finding.path)}"
    told = _clean("\n".join(part for part in (check.message, check.fix) if part))
    if check.verdict is Verdict.PASS:
        return f"    <testcase {place}/>\n"
    message = _quoted(check.message)
    inner = (
        f"<failure type={_quoted(check.code)} message={message}>{escape(told)}</failure>"
        if check.verdict is Verdict.FAIL
        else f"<skipped message={message}/>"
    )
    return f"    <testcase {place}>{inner}</testcase>\n"


def _counts(findings: Sequence[Finding]) -> tuple[int, int]:
    verdicts = [each.check.verdict for each in findings]
    return verdicts.count(Verdict.FAIL), verdicts.count(Verdict.INCONCLUSIVE)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", figures.lines(text))
