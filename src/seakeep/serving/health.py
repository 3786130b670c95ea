"""`python -m seakeep.serving.health`: whether the server of this container is ready, for images that have no curl.

Reads the address that the server reads (SEAKEEP_SERVE_HTTP) and asks it on this machine. Standard library only, since an
orchestrator runs it every few seconds beside the workers: it costs some 50 ms.
"""

from __future__ import annotations

import http.client
import os
import sys

_READY = "/v2/health/ready"
_DEFAULT = "127.0.0.1:8080"
_SECONDS = 3


def main() -> int:
    """0 where the server says that it is ready, 1 where it says that it is not or does not answer."""
    port = int(os.environ.get("SEAKEEP_SERVE_HTTP", _DEFAULT).rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", _READY)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"port {port} does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return int(status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main())
