"""What can go wrong with cleaning, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXAMPLE = "set_missing: {columns: [age], values: [-1]}"


class BadCleaning(UsageError):
    """A cleaning step is not declared as it must be, or does not fit the table."""

    @classmethod
    def unknown_option(cls, step: str, option: str, known: Iterable[str]) -> BadCleaning:
        known = sorted(known)
        near = nearest(option, known)
        return cls(
            f"{step} has no option {option!r}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Known: {', '.join(known)}.",
            step=step,
            option=option,
        )

    @classmethod
    def absent_option(cls, step: str, option: str, example: str) -> BadCleaning:
        return cls(f"{step} lacks the option {option!r}", fix=f"For example: {example}", step=step, option=option)

    @classmethod
    def wrong_option(cls, step: str, found: str, example: str) -> BadCleaning:
        return cls(f"{step}: {found}", fix=f"For example: {example}", step=step)

    @classmethod
    def no_list(cls, found: object) -> BadCleaning:
        return cls(f"found {found!r}, expected a list of steps", fix=f'clean=["{_EXAMPLE}"]', value=found)

    @classmethod
    def no_step(cls, found: object, *, where: str = "") -> BadCleaning:
        return cls(
            f"found {found!r}, expected one step with its options",
            where=where,
            cause="A step is its name, a colon and its options in braces.",
            fix=f"For example: {_EXAMPLE}",
            value=found,
        )

    @classmethod
    def no_yaml(cls, reason: str, *, where: str) -> BadCleaning:
        return cls(
            f"the steps cannot be read: {reason}",
            where=where,
            cause="The file is not YAML, or was torn.",
            fix=f"Write a list, a step a line:\n- {_EXAMPLE}",
        )

    @classmethod
    def absent_file(cls, path: str) -> BadCleaning:
        return cls(
            f"there is no file of steps {path}", fix=f"seakeep inspect DATA --propose {path} writes one.", path=path
        )

    @classmethod
    def unknown_column(cls, step: str, column: str, known: Iterable[str], *, where: str) -> BadCleaning:
        known = list(known)
        near = nearest(column, known)
        return cls(
            f"{step} is about the column {column!r}, which the table does not have",
            where=where,
            cause=f"Did you mean {near!r}?" if near else f"It has {', '.join(known[:12])}.",
            fix="Correct the name, or leave the step out.",
            step=step,
            column=column,
        )

    @classmethod
    def wrong_type(cls, step: str, column: str, dtype: object, expected: str) -> BadCleaning:
        return cls(
            f"{step} needs {expected}; the column {column!r} is {dtype}",
            cause="Another step, or the file, has given it a type already.",
            fix="Leave the column out of the step, or put the step before the one that changes the type.",
            step=step,
            column=column,
            dtype=str(dtype),
        )

    @classmethod
    def over_itself(cls, path: str) -> BadCleaning:
        return cls(
            f"{path} is one of the files that are cleaned",
            cause="The table as it came is evidence; it is never written over.",
            fix="Choose another file: -o cleaned.parquet",
            path=path,
        )

    @classmethod
    def drops_role(cls, step: str, column: str, role: str) -> BadCleaning:
        return cls(
            f"{step} drops {column!r}, which is the table's {role}",
            fix=f"Leave {column!r} out of the step, or read the table without {role}={column!r}.",
            step=step,
            column=column,
            role=role,
        )
