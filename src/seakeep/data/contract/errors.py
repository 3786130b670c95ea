"""The errors of contracts: every way in which a YAML contract can be wrong, with its line and the nearest right name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_LONGEST = 200


class BadContract(DataError):
    """A contract cannot be read. `where` holds the file and the line."""

    @classmethod
    def unreadable(cls, path: Path, error: OSError) -> BadContract:
        folder = path.parent
        near = nearest(path.name, [item.name for item in folder.iterdir()] if folder.is_dir() else [])
        return cls(
            f"cannot read the contract {path}: {error.strerror or error}",
            cause=f"Did you mean {folder / near}?" if near else "",
            fix=f"Make one with: seakeep schema infer DATA -o {path}",
            path=str(path),
            nearest=near,
        )

    @classmethod
    def encoding(cls, where: str, position: int) -> BadContract:
        return cls(
            f"the contract is not UTF-8 text: byte {position} is not",
            where=where,
            cause="It was saved in another encoding, or it is not a contract at all.",
            fix="Save it as UTF-8: iconv -f latin1 -t utf-8 FILE.",
            position=position,
        )

    @classmethod
    def syntax(cls, problem: str, where: str) -> BadContract:
        return cls(
            f"the contract is not YAML: {problem}",
            where=where,
            cause="An indentation, a quote or a bracket is off at or before this line.",
            fix="Correct that line; text with signs such as : # [ { goes in double quotes.",
            problem=problem,
        )

    @classmethod
    def unknown_key(cls, key: str, known: Iterable[str], where: str) -> BadContract:
        known = tuple(known)
        near = nearest(key, known)
        return cls(
            f"there is no key {_short(repr(key))} here",
            where=where,
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Known: {', '.join(known)}.",
            key=key,
            nearest=near,
        )

    @classmethod
    def repeated_key(cls, key: str, first_line: int, where: str) -> BadContract:
        return cls(
            f"the key {key!r} stands here for the second time; the first is on line {first_line}",
            where=where,
            cause="One of them would silently lose.",
            fix="Keep one of them.",
            key=key,
            first_line=first_line,
        )

    @classmethod
    def absent_key(cls, key: str, where: str) -> BadContract:
        example = {"kind": "kind: number", "name": "name: flights", "seakeep_schema": "seakeep_schema: 1"}
        return cls(
            f"the key {key!r} is missing here", where=where, fix=f"Add it: {example.get(key, key + ': …')}", key=key
        )

    @classmethod
    def value(cls, key: str, found: object, expected: str, where: str, *, near: str | None = None) -> BadContract:
        return cls(
            f"{_short(key)} is {_short(repr(found))}, expected {expected}",
            where=where,
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Write {key}: {near}" if near else f"Correct {key} on that line.",
            key=key,
            value=found,
            nearest=near,
        )

    @classmethod
    def pattern(cls, pattern: str, problem: str, where: str) -> BadContract:
        return cls(
            f"pattern {_short(repr(pattern))} does not compile: {problem}",
            where=where,
            cause="A pattern is a regular expression without look-around and back-references, so that any text is matched in "
            "linear time; it matches the value as a whole.",
            fix="Correct it, and write it in single quotes, in which a backslash is a backslash: pattern: '[A-Z]{3}\\d+'",
            pattern=pattern,
            problem=problem,
        )

    @classmethod
    def rule(cls, name: str, error: DataError, where: str) -> BadContract:
        return cls(f"rule {name!r}: {error.found}", where=where, cause=error.cause, fix=error.fix, rule=name)

    @classmethod
    def contradiction(cls, found: str, fix: str, where: str, lines: tuple[int, ...]) -> BadContract:
        told = sorted(set(lines))
        listed = f"lines {' and '.join(map(str, told))}" if len(told) > 1 else f"line {told[0]}" if told else ""
        return cls(
            f"the contract contradicts itself: {found}",
            where=f"{where}, {listed}" if listed else where,
            cause="No table could keep both.",
            fix=fix,
            lines=tuple(told),
        )

    @classmethod
    def newer(cls, version: int, known: int, where: str) -> BadContract:
        return cls(
            f"the contract has format {version}, this Seakeep reads format {known}",
            where=where,
            cause="It was written by a newer Seakeep.",
            fix="pip install --upgrade seakeep",
            version=version,
        )


def _short(text: str) -> str:
    """The beginning of what somebody wrote, where it is too long to be read in an error."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
