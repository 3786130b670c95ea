"""Every check that `validate`, `drift` and `diff_schemas` can make, by code, in one sentence each. The docs list is made from this.

A code is a promise: alerts, dashboards and people's notes refer to it, so one is never given another meaning.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "schema.rows": "The table has at least as many rows as the contract asks for.",
    "schema.rows_at_most": "The table has at most as many rows as the contract allows.",
    "schema.growth": "The table's rows over those of the previous span lie within the contract's limits.",
    "schema.missing_column": "A column that the contract requires is in the table.",
    "schema.unexpected_column": "The table has no column that the contract does not know (training only).",
    "schema.kind": "The column holds values of the contract's kind.",
    "schema.all_missing": "The column holds at least one value.",
    "schema.missing_rate": "The share of missing values (null or NaN) is within the contract's.",
    "schema.nan": "The share of missing values is within the contract's; where it is not, most of them are NaN, results of a calculation.",
    "schema.nan_refused": "The column holds no NaN, where the contract refuses it.",
    "schema.present": "The column holds a value in at least as many rows as the contract asks for.",
    "schema.infinite": "The column holds no infinities, unless the contract allows them.",
    "schema.domain": "The values are those that the contract lists, but for the share of others that it allows.",
    "schema.bounds": "The values lie between the contract's minimum and maximum.",
    "schema.unique": "No value of the column occurs twice.",
    "schema.length": "Values are as long as the contract says: text in characters, binary values in bytes, lists in items.",
    "schema.distinct": "The number of different values lies within the contract's limits.",
    "schema.pattern": "The values match the contract's pattern, but for the share of others that it allows.",
    "schema.semantics": "The values look like what the contract says they stand for.",
    "schema.deprecated": "The column is deprecated, and not judged.",
    "schema.nested": "The statistics tell what the contract asks about items and fields.",
    "schema.label_classes": "The label has at least two different values.",
    "schema.constant": "A column that varied in the reference still varies.",
    "schema.unit_changed": "The values were not multiplied by one factor since the reference, as a change of unit does.",
    "schema.invalid_utf8": "The text of the column is UTF-8.",
    "rows.table": "The table has rows to judge; how many of them break a rule.",
    "rows.missing_column": "A column that the contract requires is in the table, so that its rules can be judged.",
    "rows.missing": "The share of rows whose value is missing is within the contract's.",
    "rows.nan": "No row holds NaN, where the contract refuses it.",
    "rows.kind": "The column holds values of the contract's kind; where it does not, the rows that are the reason.",
    "rows.infinite": "No row holds an infinity, unless the contract allows them.",
    "rows.domain": "The share of values that are none of those listed is within the contract's.",
    "rows.bounds": "No row's value lies outside of the contract's minimum and maximum.",
    "rows.length": "No row's value is shorter or longer than the contract says.",
    "rows.pattern": "The share of texts that do not match the contract's pattern as a whole is within the contract's.",
    "rows.unique": "No two rows have the same value.",
    "rows.holds": "The share of rows that break a row rule's expression is within `broken_at_most`.",
    "rows.refers": "The share of rows whose key is not in the table that the rule refers to is within `broken_at_most`.",
    "rows.dropped": "The share of rows that broke the contract and were left out is within the pipeline's `drop_at_most`.",
    "skew.joined": "Rows of training and serving were joined by the key.",
    "skew.only_training": "How many training rows have no partner in serving; told, and no failure.",
    "skew.only_serving": "How many serving rows have no partner in training; told, and no failure.",
    "skew.keyless": "How many rows miss a part of the key and were not compared; told, and no failure.",
    "skew.key": "No key stands in several rows of one table.",
    "skew.kind": "The column holds values of the same kind in training and serving.",
    "skew.values": "The share of joined rows whose values differ between training and serving is within what is allowed.",
    "contract.compatible": "A changed contract asks of tables and requests nothing that the one before it did not.",
    "contract.conflict": "Two contracts that are merged state no fact in two ways.",
    "contract.equal": "Two contracts say the same.",
    "contract.table_changed": "The table's name, roles or least number of rows are the same in both contracts.",
    "contract.column_added": "The second contract has no column that the first has not.",
    "contract.column_removed": "The second contract has every column of the first.",
    "contract.column_changed": "A column's field is the same in both contracts.",
    "drift.rows": "Both tables have rows to compare.",
    "drift.missing_column": "A column of the reference is still in the table.",
    "drift.kind": "The column holds values of the same kind as in the reference.",
    "drift.normalised_absolute_difference": "No single value's count moved by more than the threshold, over all rows of both tables.",
    "drift.psi": "The population stability index of the column's bins to the reference's is at most the threshold.",
    "drift.chi_square": "Cramér's V of the column and the reference, in equal weights, is at most the threshold.",
    "drift.jensen_shannon": "The Jensen–Shannon distance of the column to the reference is at most the threshold.",
    "drift.kolmogorov_smirnov": "The largest gap between the column's and the reference's cumulative shares is at most the threshold.",
    "drift.l_infinity": "No single value's share of the rows moved by more than the threshold.",
    "drift.missing_rate": "The share of missing values moved by at most the threshold.",
    "drift.wasserstein": "Rows moved by at most the threshold on average, in the reference's standard deviations.",
    "skew.rows": "The serving table has rows to compare with training.",
}
MEANINGS |= {
    code.replace("drift.", "skew."): f"Of serving against training: {text[0].lower()}{text[1:]}"
    for code, text in MEANINGS.items()
    if code.startswith("drift.") and code not in ("drift.rows", "drift.missing_column", "drift.kind")
}


def meaning(code: str) -> str:
    """What a check of this code says when it passes; a third-party distance's is made from its name.

    >>> meaning("schema.unique")
    'No value of the column occurs twice.'
    """
    return MEANINGS.get(code, f"The distance {code.partition('.')[2]!r} to the reference is at most the threshold.")
