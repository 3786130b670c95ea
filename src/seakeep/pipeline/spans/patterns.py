"""What a pattern of spans says: which paths fit it, and the name and version of the span that each is.

Called by spans.choosing. `*` or `{span}` is the span's name; `{version}` a number, of which the newest of each span counts; a date is written with
strftime's signs, `{date:%Y-%m-%d}`, or piece by piece, `{yyyy}/{mm}/{dd}`, and the name is then the date as ISO 8601 has it. What is hard: a file system's own
patterns know no digits, so that paths are found by stars and held to a regular expression after.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.pipeline.spans.errors import BadSpans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PLACE = re.compile(r"\*|\{(\w+)(?::([^{}]*))?\}")
_SIGNS = {"%Y": ("yyyy", r"[0-9]{4}"), "%m": ("mm", "[0-9]{2}"), "%d": ("dd", "[0-9]{2}"), "%H": ("hh", "[0-9]{2}")}
_PARTS = dict(_SIGNS.values())
_UNITS = ("yyyy", "mm", "dd", "hh")
_FORMS = {"yyyy": "%Y", "mm": "%Y-%m", "dd": "%Y-%m-%d", "hh": "%Y-%m-%dT%H"}
_KNOWN = ("span", "version", "date", *_UNITS)
_MOST_MISSING = 10_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, taken apart. expression: what a whole path must be. stars: the same with a star for each place. unit: the finest part of
    its dates ("yyyy", "mm", "dd", "hh"); "" where names are not dates.
    """

    text: str
    expression: re.Pattern[str]
    stars: str
    escaped: str
    unit: str

    @classmethod
    def of(cls, text: str, *, told: str = "") -> Pattern:
        """The pattern `text`; told: as the user wrote it. Raises BadSpans, for unknown places, and for none or several that are names."""
        regular, stars, escaped, end = "", "", "", 0
        found: list[str] = []
        for place in _PLACE.finditer(text):
            literal = text[end : place.start()]
            name, part = _place(place, found, told or text)
            found += name
            regular += re.escape(literal) + part
            stars, escaped = f"{stars}{literal}*", f"{escaped}{glob.escape(literal)}*"
            end = place.end()
        rest = text[end:]
        unit = _unit(found, told or text)
        return cls(
            text,
            re.compile(regular + re.escape(rest), re.DOTALL),
            stars + rest,
            escaped + glob.escape(rest),
            unit,
        )

    def found(self) -> Iterator[tuple[str, str, str]]:
        """Name, version and path of everything that fits, half-written files (hidden ones) left out. A date that is none does not fit."""
        for path in glob.glob(self.escaped):  # noqa: PTH207  (an absolute pattern)
            match = self.expression.fullmatch(path)
            name = self._name(match) if match else None
            if match and name is not None:
                yield name, match.groupdict().get("version") or "", path

    def missing(self, names: Sequence[str]) -> list[str]:
        """Dates between the first and the last of `names`, in order, that are not among them; nothing where names are no dates."""
        if not self.unit or len(names) < 2:
            return []
        form, known = _FORMS[self.unit], set(names)
        lacking: list[str] = []
        at, last = (datetime.strptime(name, form) for name in (names[0], names[-1]))  # noqa: DTZ007  (dates of a calendar)
        while at < last and len(lacking) < _MOST_MISSING:
            if at.strftime(form) not in known:
                lacking.append(at.strftime(form))
            at = _after(at, self.unit)
        return lacking

    def _name(self, match: re.Match[str]) -> str | None:
        if not self.unit:
            return match["span"]
        parts = [match[part] for part in _UNITS[: _UNITS.index(self.unit) + 1]]
        try:
            moment = datetime(*(int(part) for part in (*parts, "1", "1")[: max(3, len(parts))]))  # type: ignore[arg-type] # noqa: DTZ001
        except ValueError:
            return None
        return f"{moment:{_FORMS[self.unit]}}"


def _place(place: re.Match[str], known: Sequence[str], told: str) -> tuple[list[str], str]:
    """The names of a place's groups, and its regular expression; a part that comes again must be the same again."""
    name, form = place[1], place[2]
    if name is None:
        if "span" in known:
            raise BadSpans.stars(told)
        return ["span"], "(?P<span>[^/]*?)"
    if name not in _KNOWN or (form is not None) != (name == "date"):
        raise BadSpans.place(told, place[0], _KNOWN)
    if name == "date":
        return _date(form, known, told)
    if name in _PARTS:
        return ([], f"(?P={name})") if name in known else ([name], f"(?P<{name}>{_PARTS[name]})")
    if name in known:
        raise BadSpans.stars(told)
    return [name], r"(?P<version>[0-9]+)" if name == "version" else r"(?P<span>[^/]+?)"


def _date(form: str, known: Sequence[str], told: str) -> tuple[list[str], str]:
    found, regular, end = [], "", 0
    for sign in re.finditer(r"%.", form):
        if sign[0] not in _SIGNS:
            raise BadSpans.place(told, sign[0], tuple(_SIGNS))
        part, digits = _SIGNS[sign[0]]
        again = part in known or part in found
        regular += re.escape(form[end : sign.start()]) + (f"(?P={part})" if again else f"(?P<{part}>{digits})")
        found += [] if again else [part]
        end = sign.end()
    return found, regular + re.escape(form[end:])


def _unit(found: Sequence[str], told: str) -> str:
    """The finest part of the dates. Raises BadSpans, where it is not clear what a span's name is."""
    dates = [part for part in _UNITS if part in found]
    if found.count("span") + bool(dates) != 1 or found.count("version") > 1:
        raise BadSpans.stars(told)
    if dates != list(_UNITS[: len(dates)]):
        raise BadSpans.part_of_a_date(told, dates)
    return dates[-1] if dates else ""


def _after(moment: datetime, unit: str) -> datetime:
    if unit == "yyyy":
        return moment.replace(year=moment.year + 1)
    if unit == "mm":
        return moment.replace(year=moment.year + moment.month // 12, month=moment.month % 12 + 1)
    return moment + (timedelta(days=1) if unit == "dd" else timedelta(hours=1))
