"""Door: what is judged of a request once all its columns are read: rules between columns, and the marks that columns left.

A script's reader is wrapped where there is something to do, so that a contract without rules, served without marks, costs nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep.serving.server.families import BROKEN
from seakeep.serving.server.marks import Mark, gathered
from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seakeep.core.schema import RowRule
    from seakeep.data.rows.plain import Judge
    from seakeep.serving.served import Served
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.cells import Cell, Sheet
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers, Script
    from seakeep.serving.server.settings import Rules, Settings

    Write = Callable[[Answered, Headers], tuple[HeaderList, bytes]]

_log = logging.getLogger("seakeep.serving")
_MARKING = ("mark", "impute")
HEADER = "seakeep-broken"
_PLAIN, _MOST_CHARACTERS = "[] ", 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule of the contract that requests are held to. judge: tells of one row: True, False, or None where it cannot be told.

    places: of the rule's columns among the inputs. broken: counts the rows that break it.
    """

    rule: RowRule
    judge: Judge
    places: tuple[int, ...]
    broken: Cell

    def broken_rows(self, columns: Sequence[Sequence[Any]]) -> list[int]:
        """The rows that break it."""
        judge = self.judge
        rows = zip(*[columns[place] for place in self.places], strict=True)
        return [number for number, row in enumerate(rows) if judge(row) is False]


class Door:
    """Holds requests for one release to what its contract says of whole rows. Parameters: sheet: of the release's counters."""

    def __init__(self, served: Served, settings: Settings, sheet: Sheet) -> None:
        self._mode: Rules = settings.rules
        self._rules = tuple(_kept(served, sheet))
        self._marks = settings.missing in _MARKING or settings.domain in _MARKING

    def guarded(self, script: Script) -> Script:
        """`script`, whose reader holds what it read to the rules, and says what is wrong with it."""
        if not self._rules and not self._marks:
            return script
        return script._replace(read=self._judged(script.read), write=_told(script.write))

    def _judged(self, read: Callable[[bytes, Headers], Ask]) -> Callable[[bytes, Headers], Ask]:
        def judged(body: bytes, headers: Headers) -> Ask:
            ask = read(body, headers)
            self.judge(ask)
            return ask

        return judged

    def judge(self, ask: Ask) -> None:
        """Count the rows that break a rule, and mark them. Raises Refusal, where the mode is "reject"."""
        marks = gathered(ask.columns) if self._marks else ()
        for kept in self._rules:
            broken = kept.broken_rows(ask.columns)
            if not broken:
                continue
            kept.broken.add(len(broken))
            if self._mode == "reject":
                raise BadInput.broken_rule(kept.rule.name, kept.rule.holds, broken[0])
            if self._mode == "mark":
                marks += (Mark(kept.rule.name, tuple(broken)),)
        ask.marks = marks


def _told(write: Write) -> Write:
    """`write`, which names the rules that the request broke in a header too, since not every form has room for them."""

    def told(answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        own, content = write(answered, headers)
        if answered.ask.marks:
            rules = dict.fromkeys(quote(mark.rule, safe=_PLAIN) for mark in answered.ask.marks)
            own = [*own, (HEADER, ",".join(rules)[:_MOST_CHARACTERS])]
        return own, content

    return told


def _kept(served: Served, sheet: Sheet) -> Iterator[Kept]:
    """The rules that can be told of a request; the others are named in the log, once."""
    for rule, judge, places in _readable(served):
        yield Kept(rule, judge, places, sheet.cell(BROKEN, served.name, served.version, rule.name))


def judges_of(served: Served) -> list[tuple[Judge, tuple[int, ...]]]:
    """What judges a request's rows for a release, and the places of the inputs that each looks at."""
    return [(judge, places) for _, judge, places in _readable(served)]


def _readable(served: Served) -> Iterator[tuple[RowRule, Judge, tuple[int, ...]]]:
    """The rules that can be told of a request."""
    rules = [rule for rule in served.model.schema.rules if rule.holds and "serving" not in rule.not_in]
    if not rules:
        return
    from seakeep.data.rows.plain import judge_of
    from seakeep.data.rows.regular import Unread

    places = {column.name: place for place, column in enumerate(served.model.inputs)}
    kinds = {name: column.kind for name, column in served.model.schema.columns.items()}
    kinds |= {column.name: column.kind for column in served.model.inputs}
    for rule in rules:
        try:
            judge, columns = judge_of(rule.holds, kinds)
        except Unread as error:
            _log.warning("requests are not held to the rule %r: %s is not read at the door", rule.name, error)
            continue
        lacking = [name for name in columns if name not in places]
        if lacking:
            _log.info("requests are not held to the rule %r: the model does not read %s", rule.name, ", ".join(lacking))
            continue
        yield rule, judge, tuple(places[name] for name in columns)
