"""What can go wrong with an inspection, in words."""

from __future__ import annotations

from seakeep.core.errors import UsageError

_EXAMPLES = {
    "label": ("label='late'", "--label late"),
    "time": ("time='scheduled'", "--time scheduled"),
    "key": ("key='flight_id'", "--key flight_id"),
    "against": ("against=seakeep.read('test.parquet')", "--against test.parquet"),
}


class CannotInspect(UsageError):
    """A table cannot be inspected as asked."""

    @classmethod
    def absent_role(cls, kind: str, role: str) -> CannotInspect:
        what = "another table" if role == "against" else f"a {role} column"
        python, line = _EXAMPLES[role]
        return cls(
            f"{kind!r} needs {what}, and none is known",
            cause="It was asked for by name; without names, what cannot be looked for is left out.",
            fix=f"Name it: seakeep.inspect(…, {python}), or {line}",
            kind=kind,
            role=role,
        )

    @classmethod
    def reserved(cls, name: str, dataset: str) -> CannotInspect:
        return cls(
            f"the table has a column {name!r}, which is what inspect calls a row's number",
            where=dataset,
            cause="It is a quarantine file, or was made from one.",
            fix=f"Leave it out on reading: seakeep.read(…, drop=[{name!r}])",
            name=name,
        )

    @classmethod
    def other_statistics(cls, names: list[str], dataset: str) -> CannotInspect:
        return cls(
            f"the statistics lack the columns {', '.join(names[:5])} of the table",
            where=dataset,
            cause="They are another table's, or were made before columns were added.",
            fix="Leave statistics out, or make them again: seakeep.profile(dataset)",
            names=names,
        )
