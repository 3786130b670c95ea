"""`seakeep rollout serve NAME --http`: a loop that advances the rollout, and beside it the server that tells its verdict.

Unlike the loop alone it outlives the rollout, since controllers ask for the verdict after it was made, and takes up the next one
of the name when that is started; before there is any it waits.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, RegistryError
from seakeep.core.tls import Renewed
from seakeep.pipeline.control.calls import Desk
from seakeep.pipeline.control.pulse import Pulse
from seakeep.pipeline.control.server import Server, parse_address
from seakeep.pipeline.control.tokens import Guard
from seakeep.pipeline.guarding import access_of, tls_of
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from seakeep.pipeline.rollouts.record import Status


def serve(
    name: str,
    *,
    http: str,
    every: float = 5.0,
    home: Path | str | None = None,
    listening: Callable[[str], None] | None = None,
    told: Callable[[Status], None] | None = None,
    troubled: Callable[[Exception], None] | None = None,
) -> NoReturn:
    """Advance rollouts of `name` every so many seconds and answer for them, until KeyboardInterrupt.

    Parameters: http: "HOST:PORT". listening: called with the URL once calls are answered. told: with the status when a rollout was
        found, and after each change of phase. troubled: with what went wrong in a round; the next one tries again.
    It speaks TLS, and believes tokens, as the settings [tls] and [access] say.
    Raises: CannotListen; BadToken; BadTokenFile; BadTls; KeyboardInterrupt, after calls under way have been answered.
    """
    host, port = parse_address(http)
    pulse = Pulse(every)
    settings = load_settings(Path.cwd())
    tls, tokens = tls_of(settings), access_of(settings).tokens
    desk = Desk(name, Guard.of_environment(host, tokens), pulse, home=home)
    server = Server(host, port, desk.answer, tls=Renewed(tls, told=_told_once()).context if tls else None)
    server.start()
    rounds = Rounds(name, home, told, troubled)
    try:
        if listening is not None:
            listening(server.address)
        while True:
            pulse.beat(rounds.go())
            time.sleep(every)
    finally:
        server.stop()


def _told_once() -> Callable[[str], None]:
    """What tells standard error why renewed files of TLS cannot be used, each reason once."""
    told: set[str] = set()

    def tell(problem: str) -> None:
        if problem not in told:
            told.add(problem)
            print(f"the certificate that was known is shown still: {problem}", file=sys.stderr)

    return tell


class Rounds:
    """The loop's rounds. told, troubled: see `serve`."""

    def __init__(
        self,
        name: str,
        home: Path | str | None,
        told: Callable[[Status], None] | None,
        troubled: Callable[[Exception], None] | None,
    ) -> None:
        self.name, self.home, self.told, self.troubled = name, home, told, troubled
        self._seen: tuple[str, int] | None = None

    def go(self) -> str:
        """Look once, and tell what is new. Returns what went wrong, in a sentence, or ""."""
        from seakeep.pipeline import rollouts

        try:
            found = rollouts.advance(self.name, home=self.home)
        except CannotRollOut:
            return f"there is no rollout of {self.name} yet"
        except (RegistryError, DataError) as error:
            if self.troubled is not None:
                self.troubled(error)
            return error.found
        present = (found.rollout.id, len(found.rollout.decisions))
        if self.told is not None and present != self._seen:
            self.told(found)
        self._seen = present
        return ""
