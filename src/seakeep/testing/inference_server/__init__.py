"""The conformance suite of the Open Inference Protocol (V2): any server of it, by its address alone.

    report = check_inference_server("http://127.0.0.1:8080", grpc="127.0.0.1:9000", model="flights")

Each sentence of the specification is one check of the report, with its severity and source among the evidence. A broken "must" fails
the report; a broken "should", and what could not be found out, leave it inconclusive. What a server does not offer (versions, the
binary extension, gRPC where no address is given) is no check, but a row of the report's table "not_offered".
On the command line: python -m seakeep.testing.inference_server URL
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.report import Report, Table
from seakeep.testing.inference_server.binary import BINARY
from seakeep.testing.inference_server.requirement import NotOffered
from seakeep.testing.inference_server.rest import REST
from seakeep.testing.inference_server.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.report import Check
    from seakeep.testing.inference_server.requirement import Requirement
    from seakeep.testing.inference_server.tensors import Tensor


def check_inference_server(
    url: str,
    *,
    model: str,
    grpc: str | None = None,
    example: Sequence[Tensor] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Report:
    """What of the protocol the server at `url` keeps, for one of its models. Some 60 requests; nothing is loaded or changed.

    Parameters: url: of its root, "http://127.0.0.1:8080". model: its name. grpc: HOST:PORT, if gRPC is judged too (needs the
        extra grpc). example: inputs of one row that the model takes, as the protocol writes them; made up from its metadata by
        default, which a model that takes only some values may refuse. headers: sent with each request (authorization).
    Raises: UsageError, if nothing answers at `url`.
    """
    server = Server(url, model, example=list(example) if example is not None else None, headers=dict(headers or {}))
    _reach(server, url)
    checks, skipped = _judged([*REST.requirements, *BINARY.requirements], server)
    if grpc is not None:
        own = _over_grpc(grpc, server)
        checks, skipped = checks + own[0], skipped + own[1]
    table = Table("not_offered", "Not offered", ("requirement", "why"), tuple(skipped))
    return Report("inference_server", "Open Inference Protocol", f"{model} at {url}", tuple(checks), (table,))


def _reach(server: Server, url: str) -> None:
    try:
        server.get("v2/health/live")
    except OSError as error:
        raise UsageError(
            f"nothing answers at {url}: {error}",
            cause="No server listens there, or it speaks something other than HTTP.",
            fix="Start the server, and give the address of its root: http://127.0.0.1:8080",
        ) from None


def _over_grpc(address: str, server: Server) -> tuple[list[Check], list[tuple[str, str]]]:
    from seakeep.testing.inference_server.grpc import GRPC, Channel

    channel = Channel(address, server)
    try:
        return _judged(GRPC.requirements, channel)
    finally:
        channel.close()


def _judged(requirements: Sequence[Requirement], server: object) -> tuple[list[Check], list[tuple[str, str]]]:
    checks, skipped = [], []
    for requirement in requirements:
        try:
            checks.append(requirement.judge(server))
        except NotOffered as why:
            skipped.append((requirement.name, str(why)))
    return checks, skipped
