"""The seven tests of features and data, each as a question to the record. A function is named by its test's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import Verdict
from seakeep.core.words import listed
from seakeep.pipeline.readiness.findings import Piece, automatic, by_hand, contradicted, nothing
from seakeep.pipeline.readiness.proofs import by_person, own_tests

if TYPE_CHECKING:
    from seakeep.core import Report
    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.pipeline.readiness.findings import Finding

_SAYS_VALUES = ("schema.bounds", "schema.domain", "schema.missing_rate")


def d1(facts: Facts) -> Finding:
    """A contract that is enforced on other rows than it was inferred from, and covers every input."""
    report, piece = facts.report("validation", "validate")
    execution = facts.execution(report.digest, "validate")
    contract = facts.in_charge().release.made_from.get("schema", "")
    pieces = [piece, Piece("the contract", contract, count=len(facts.schema().columns))]
    if (
        execution is None
        or execution.parameters.get("schema") != "enforced"
        or _inferred_from_these(facts, contract, report)
    ):
        review = f"Review the contract and commit it, then: seakeep run {facts.file}"
        return nothing("the contract was inferred from the very rows that it was then held against", review, pieces)
    if report.verdict is not Verdict.PASS:
        found = f"the training rows do not hold their contract ({report.verdict.value})"
        return contradicted(found, f"seakeep show {report.digest[:12]}", pieces)
    without = [name for name in facts.inputs() if not _covered(report, name)]
    if without:
        fix = f"Give them bounds, values or a share of missing in the contract, then: seakeep run {facts.file}"
        return nothing(f"the contract says nothing of the values of {listed(without)}", fix, pieces)
    said = (
        f"{len(report.checks)} checks of the contract hold on the training rows, over all {len(facts.inputs())} inputs"
    )
    return automatic(said, pieces)


def d2(facts: Facts) -> Finding:
    """Importance of every input, with its whole interval above zero."""
    report, piece = facts.report("evaluation", "evaluate")
    tables = [
        table for table in report.tables if table.name == "importance" and {"column", "low"} <= set(table.columns)
    ]
    rows = [row for table in tables for row in table.records()]
    known = {str(row["column"]): row["low"] for row in rows}
    highs = {str(row["column"]): row.get("high") for row in rows}
    absent = [name for name in facts.inputs() if name not in known]
    if absent:
        return nothing(f"no importance of {listed(absent)} is on record", f"seakeep run {facts.file}", [piece])
    harmful = [name for name in facts.inputs() if _below_zero(highs.get(name))]
    if harmful:
        fix = f"Leave them out of features and compare: seakeep run {facts.file}"
        return contradicted(f"the held-out metric is better without what {listed(harmful)} says", fix, [piece])
    useless = [name for name in facts.inputs() if not _above_zero(known[name])]
    if useless:
        fix = f"Leave them out of features and compare: seakeep run {facts.file}"
        return nothing(
            f"{len(useless)} of {len(known)} columns are not shown to help: {listed(useless, 6)}", fix, [piece]
        )
    return automatic(f"permuting any one of the {len(known)} columns makes the held-out metric worse", [piece])


def d3(facts: Facts) -> Finding:
    """Cost against benefit of each feature: a person's word, or a test of the project's own."""
    facts.in_charge()
    return by_person(facts, "D3")


def d4(facts: Facts) -> Finding:
    """Rules of the contract on which columns may be features, kept."""
    _, piece = facts.report("validation", "validate")
    schema, inputs = facts.schema(), facts.inputs()
    roles = {role for role in (schema.label, schema.key) if role}
    outside = {
        name for name, column in schema.columns.items() if column.deprecated or not schema.expects(name, "serving")
    }
    forbidden = roles | outside
    pieces = [piece, Piece("the contract", schema.digest, count=len(schema.columns))]
    used = [name for name in inputs if name in forbidden]
    if used:
        return contradicted(
            f"the model reads {listed(used)}, which the contract forbids", f"seakeep run {facts.file}", pieces
        )
    rules = sorted(forbidden - roles)
    if not rules:
        fix = f"Say so of each such column (available: after) in the contract, then: seakeep run {facts.file}"
        return nothing("the contract forbids no column as a feature, so no rule was ever tested", fix, pieces)
    said = f"training refuses {len(rules)} columns that are not known in time ({listed(rules)}), the label and the key; none is read"
    return automatic(said, pieces)


def d5(facts: Facts) -> Finding:
    """Privacy: a person's word, or a test of the project's own."""
    facts.in_charge()
    return by_person(facts, "D5")


def d6(facts: Facts) -> Finding:
    """How quickly a feature comes in: a person's word, or a test of the project's own."""
    facts.in_charge()
    return by_person(facts, "D6")


def d7(facts: Facts) -> Finding:
    """Features against their reference at each training, and the project's own code by its own tests."""
    report, piece = facts.report("training", "train")
    checks = [check for check in report.checks if check.code == "parity.features"]
    if not checks or any(check.verdict is not Verdict.PASS for check in checks):
        said = (
            "the graph's features do not agree with their reference" if checks else "features were held to no reference"
        )
        answer = contradicted if any(check.verdict is Verdict.FAIL for check in checks) else nothing
        return answer(said, f"seakeep run {facts.file}", [piece])
    own = own_tests(facts, "D7").with_pieces(piece)
    said = f"{checks[0].message}; {own.proven}"
    if own.how == "automatic":
        return automatic(said, own.pieces)
    return by_hand(said, own.missing, own.fix, own.pieces) if own.how == "by hand" else own


def _covered(report: Report, name: str) -> bool:
    codes = {check.code for check in report.checks if check.subject == name}
    return "schema.kind" in codes and any(code in codes for code in _SAYS_VALUES)


def _inferred_from_these(facts: Facts, contract: str, report: Report) -> bool:
    """Whether this very contract was once inferred from the statistics that the report is about."""
    if facts.registry is None:
        return False
    wrote = facts.registry.executions.writing(report.digest)
    rows = {artifact.digest for each in wrote for artifact in each.inputs if artifact.name == "statistics"}
    inferred = [e for e in facts.registry.executions.writing(contract) if e.parameters.get("schema") == "inferred"]
    return any(artifact.digest in rows for each in inferred for artifact in each.inputs)


def _below_zero(value: object) -> bool:
    return isinstance(value, int | float) and value < 0


def _above_zero(value: object) -> bool:
    return isinstance(value, int | float) and value > 0
