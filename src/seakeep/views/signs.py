"""How a verdict looks in a terminal: a sign and a colour, always beside its word or figure, never alone."""

from __future__ import annotations

from seakeep.core.report import Verdict

SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}
STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "yellow"}
