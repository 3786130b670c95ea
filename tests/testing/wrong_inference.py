"""Servers that break every sentence of the Open Inference Protocol that can be broken, for the suite to find.

They speak HTTP and gRPC well, and answer like a careless server: to anything, with something of the right kind and the wrong content.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

from seakeep.serving.server.grpc.messages import SERVICE, messages

INPUTS = [{"name": "x", "datatype": "FP64", "shape": [-1]}, {"name": "y", "datatype": "INT8", "shape": [-1]}]
OUTPUTS = [{"name": "z", "datatype": "FP32", "shape": [-1, 2]}]
CARELESS = {
    "v2/health/live": (500, {}),
    "v2/health/ready": (500, {}),
    "v2": (200, {"name": 3, "version": None, "extensions": ["binary_tensor_data"]}),
    "v2/models/m/ready": (500, {}),
    "v2/models/m": (200, {"name": "other", "versions": [1], "inputs": INPUTS, "outputs": OUTPUTS}),
}
"""Answers by path."""


@contextlib.contextmanager
def careless(pages=CARELESS, *, output=None):
    """The address of a server that answers requests with one good tensor too many, never alike; or with `output` alone."""
    counted = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, page = pages.get(self.path.strip("/"), (500, {}))
            self.answer(status, page)

        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if "/versions/" in self.path:
                return self.answer(200, {"model_version": "other", "outputs": []})
            made = {"name": "w", "datatype": "FP64", "shape": [1], "data": [float(next(counted))]}
            outputs = [output] if output else [made, {**made, "name": "v"}]
            return self.answer(200, {"model_name": "other", "outputs": outputs})

        def answer(self, status, page):
            body = json.dumps(page).encode()
            self.send_response(status)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def careless_grpc():
    """The address of a server that is never ready and answers every request alike."""
    kinds = messages()
    answer = kinds.InferResponse(model_name="other")
    for name in ("v", "w"):
        tensor = answer.outputs.add(name=name, datatype="FP64", shape=[1])
        tensor.contents.fp64_contents.append(0.5)
    told = {
        "ServerLive": kinds.Live(),
        "ServerReady": kinds.Ready(),
        "ModelReady": kinds.Ready(),
        "ServerMetadata": kinds.ServerMetadata(name="other"),
        "ModelMetadata": kinds.ModelMetadata(name="other"),
        "ModelInfer": answer,
    }

    def handler(name):
        return grpc.unary_unary_rpc_method_handler(lambda *_: told[name].SerializeToString())

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_registered_method_handlers(SERVICE, {name: handler(name) for name in told})
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
