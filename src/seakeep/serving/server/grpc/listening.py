"""Listening: one gRPC server a worker, on a port that all workers share, beside HTTP's.

A client's messages are bounded as bodies are, and so is how many calls are under way. gRPC is imported here, in the worker, and only
where it is switched on: it starts threads, and threads do not survive a fork.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.grpc.messages import HEALTH, SERVICE
from seakeep.serving.server.grpc.service import Service

if TYPE_CHECKING:
    from seakeep.core.tls import Tls
    from seakeep.serving.server.crew import Crew
    from seakeep.serving.server.inference import Inference
    from seakeep.serving.server.settings import Settings

CALLS = 1024
CALLS_OF_ONE = 256
"""Calls under way, of all connections and of one. Each has a thread while it waits, made when it is needed; beyond them, calls of one
connection wait in the client, and those of others are refused at once."""


class Listener:
    """A worker's gRPC server, listening at `settings.grpc`."""

    def __init__(
        self, crew: Crew, inference: Inference, *, loop: asyncio.AbstractEventLoop, settings: Settings
    ) -> None:
        import grpc

        options = [
            ("grpc.so_reuseport", 1),
            ("grpc.max_concurrent_streams", CALLS_OF_ONE),
            ("grpc.max_receive_message_length", settings.body_limit_bytes),
            ("grpc.max_send_message_length", -1),
        ]
        self._drain_seconds = settings.drain_seconds
        self._threads = ThreadPoolExecutor(CALLS, thread_name_prefix="grpc")
        self._server = grpc.server(self._threads, options=options, maximum_concurrent_rpcs=CALLS)
        service = Service(
            crew, inference, loop=loop, read_seconds=settings.read_seconds, limit=settings.body_limit_bytes
        )
        for name, calls in ((SERVICE, service.calls()), (HEALTH, service.health())):
            handlers = {call: grpc.stream_unary_rpc_method_handler(answer) for call, answer in calls.items()}
            self._server.add_registered_method_handlers(name, handlers)
        if settings.tls is None:
            self._server.add_insecure_port(settings.grpc)
        else:
            self._server.add_secure_port(settings.grpc, credentials(settings.tls))
        self._server.start()

    async def drained(self) -> None:
        """Take no more calls, and answer those that are under way."""
        over = self._server.stop(self._drain_seconds)
        await asyncio.get_running_loop().run_in_executor(None, over.wait)
        self._threads.shutdown(wait=False)


def credentials(tls: Tls) -> Any:
    """TLS in gRPC's words, with the files as they are now: when they are renewed another worker begins."""
    import grpc

    root = None if tls.client_ca is None else tls.client_ca.read_bytes()
    pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    return grpc.ssl_server_credentials([pair], root_certificates=root, require_client_auth=root is not None)
