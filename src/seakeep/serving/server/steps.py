"""Steps: the shapes of what stands around an inference, for who builds such a thing and who calls it (see `inference`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from seakeep.serving.server.form import Form, Headers
    from seakeep.serving.server.lanes import Crossing
    from seakeep.serving.server.pages import Page

    class Body(Protocol):
        """A request's body, to come: awaited once, or closed if it is not wanted. A coroutine is one."""

        def __await__(self) -> Generator[Any, Any, bytes]: ...

        def close(self) -> None: ...

    Way = Callable[[Crossing, Form, Headers, Body], Coroutine[Any, Any, Page | None]]
    """From a request to its answer: see `Inference.answer`."""
    Layer = Callable[[Way], Way]
    """Stands around every inference of a worker and sees its beginning and its answer: traces, an access log."""
    Gate = Callable[[Headers, str], int]
    """Lets a caller in who may do what the scope says ("predict", …), by the headers alone. Returns the first of the priorities that
    the caller may claim, see traffic.urgency. Raises Refusal.
    """
    Charge = Callable[[Headers, float], None]
    """Has the caller's rate pay for so many requests more than it made."""


async def arrived(content: bytes) -> bytes:
    """A body that is here already."""
    return content
