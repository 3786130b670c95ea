"""Veils: what hides sensitive columns before anything is written down: left out, or put as a keyed hash.

The logbook makes one a release, and none where nothing is to be hidden, so that it costs nothing then. A hidden column keeps its place
and its type: left out, all its values are null. The header of the release says which are hidden, so that nobody compares hashes with
what the model was trained on. A request's key is hidden as the contract's key column is; "@key" hides it where the contract names
none. Refused requests keep no values in any case, only the reason's code.

A release's own contract may say so too (`sensitive: hash` or `drop`); the stricter of the two holds, and where a server has no key to
hash with, what the contract wants hashed is left out.

What is hard is a name that is misspelt: it would hide nothing. Every name must be known to one of the releases that are served
when the server starts, else it does not start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.hashing import hashed, hashed_integer, read_key
from seakeep.serving.server.keys import as_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seakeep.core.model import Model
    from seakeep.serving.server.keeping import Keeping

_HASHABLE = (Kind.STRING, Kind.INTEGER)


class CannotHide(UsageError):
    """A column cannot be hidden as told."""

    @classmethod
    def unknown(cls, name: str, known: Sequence[str]) -> CannotHide:
        listed = ", ".join(known)
        return cls(
            f"{name!r} is to be hidden, and is a column of no release that is served",
            where="serve.redact and serve.hash",
            cause="It is misspelt, or belongs to another model. Nothing would be hidden.",
            fix=f"The columns are {listed}.",
            name=name,
        )

    @classmethod
    def kind(cls, name: str, kind: Kind) -> CannotHide:
        return cls(
            f"{name!r} is a {kind.value} and cannot be hashed; texts and whole numbers can",
            where="serve.hash",
            cause="Nearly equal values must stay nearly equal to be of use, and then they would not be hidden.",
            fix="Leave it out instead: serve.redact",
            name=name,
        )


class Veil:
    """Hides columns of one release's records. Parameters: model: whose columns. keeping: which are hidden, and how.

    Attributes: hidden: the inputs that are, and "@key" where keys are. key: hides a request's key, or a row's; None where keys are written as they are.
    Raises: CannotHide.kind; BadHashKey.
    """

    def __init__(self, model: Model, keeping: Keeping) -> None:
        redact, hashes = _hidden(model, keeping)
        secret = read_key(Path(keeping.hash_key_file)) if hashes else b""
        self._columns: list[tuple[int, Callable[[Sequence[Any]], Sequence[Any]]]] = []
        for number, column in enumerate(model.inputs):
            if column.name in redact:
                self._columns.append((number, _nothing))
            elif column.name in hashes:
                self._columns.append((number, _hashing(column.name, column.kind, secret)))
        self.key = _key_veil({names.KEY, model.schema.key}, redact, hashes, secret)
        hidden = tuple(model.inputs[number].name for number, _ in self._columns)
        self.hidden = hidden if self.key is None else (*hidden, names.KEY)

    def columns(self, columns: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """A request's values by column, those that are hidden replaced; what was given is left as it is. A refused one has none."""
        if not self._columns or not columns:
            return columns
        made = list(columns)
        for number, hide in self._columns:
            made[number] = hide(made[number])
        return made

    def keys(self, keys: Sequence[str | None] | None) -> Sequence[str | None] | None:
        """A request's keys, one a row, hidden."""
        return keys if keys is None or self.key is None else list(map(self.key, keys))


def _hidden(model: Model, keeping: Keeping) -> tuple[frozenset[str], frozenset[str]]:
    """Columns that are left out, and those that are hashed, by the settings and the release's own contract."""
    sensitive = {name: column.sensitive for name, column in model.schema.columns.items() if column.sensitive}
    asked = {name for name, how in sensitive.items() if how == "hash"}
    dropped = set(sensitive) - asked
    if not keeping.hash_key_file:
        dropped |= asked - set(keeping.hash)
    redact = {*keeping.redact, *dropped}
    return frozenset(redact), frozenset({*keeping.hash, *asked} - redact)


def _key_veil(
    own: set[str | None], redact: frozenset[str], hashes: frozenset[str], secret: bytes
) -> Callable[[str | None], str | None] | None:
    """What hides a key, or None where keys are not hidden. own: how keys are called."""
    if own & redact:
        return _no_key
    if own & hashes:
        return lambda key: None if key is None else hashed(key, secret)
    return None


def check_names(keeping: Keeping, models: Iterable[Model]) -> None:
    """Raises CannotHide for a name that no model knows."""
    known = {names.KEY}
    for model in models:
        known |= {column.name for column in model.inputs} | ({model.schema.key} if model.schema.key else set())
    for name in (*keeping.redact, *keeping.hash):
        if name not in known:
            raise CannotHide.unknown(name, sorted(known))


def _nothing(values: Sequence[Any]) -> Sequence[Any]:
    return [None] * len(values)


def _no_key(key: str | None) -> None:
    del key


def _hashing(name: str, kind: Kind, secret: bytes) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if kind not in _HASHABLE:
        raise CannotHide.kind(name, kind)
    if kind is Kind.STRING:
        return lambda values: [None if value is None else hashed(as_key(value) or "", secret) for value in values]
    return lambda values: [None if value is None else hashed_integer(int(value), secret) for value in values]
