"""What asks an engine in process, without a server around it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.engine import Engine
from seakeep.serving.server.form import NO_HEADERS, Request
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.settings import Settings
from seakeep.serving.server.traffic.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Reply
    from seakeep.serving.server.form import Form

GOOD = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}


class Asking:
    """An engine of a release, and its counters. Parameters: folder: for the counters."""

    def __init__(self, served: Served, folder: Path, loop: asyncio.AbstractEventLoop, aside: Aside, **settings: Any):
        self.metrics, self._loop = Metrics(folder), loop
        self.engine = Engine(served, Settings(**settings), self.metrics, loop=loop, aside=aside)

    def __call__(self, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The answer to good rows with these changes, or the refusal."""
        return self.sent({"rows": [{**GOOD, **row} for row in rows], **more})

    def sent(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a body, or the refusal."""
        request = Request(json.dumps(body).encode(), json_form.FORM, NO_HEADERS)
        try:
            return json.loads(self._loop.run_until_complete(self.engine.answer(request)).content)
        except Refusal as refusal:
            return refusal.as_answer()

    def replied(self, body: bytes, form: Form, **headers: str) -> Reply:
        """The reply to a body in a form."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._loop.run_until_complete(self.engine.answer(Request(body, form, named)))

    def explained(self, body: dict[str, Any]) -> dict[str, Any]:
        """The explanation of a body."""
        from seakeep.serving.server.explanations import Explaining
        from seakeep.serving.server.lanes import Lane

        lane = Lane(self.engine.served, "pinned", self.metrics, engine=self.engine)
        request = Request(json.dumps(body).encode(), json_form.FORM, NO_HEADERS)
        reply = self._loop.run_until_complete(Explaining(lane, lambda _: None).answer(request))
        return json.loads(reply.content)

    def counts(self) -> dict[tuple[str, str], float]:
        """What was counted of columns and rules, by family and name."""
        return {
            (name, labels[2]): cells[0]
            for name, own in self.metrics._totals().items()
            for labels, cells in own.items()
            if len(labels) == 3 and cells[0]
        }


@contextlib.contextmanager
def asking() -> Iterator[Any]:
    """`asked(served, folder, **settings)` makes one, while this holds."""
    loop = asyncio.new_event_loop()
    aside = Aside(loop)
    try:
        yield lambda served, folder, **settings: Asking(served, folder, loop, aside, **settings)
    finally:
        loop.close()
