"""`python -m seakeep.serving.health`: whether the server of this container is ready, for images that have no curl.

Reads the address that the server reads (SEAKEEP_SERVE_HTTP) and asks it on this machine; by TLS where SEAKEEP_TLS_CERTIFICATE says that
the server speaks it. It asks itself, so it does not ask whom the certificate was made for; where clients must bring one
(SEAKEEP_TLS_CLIENT_CA) it brings SEAKEEP_HEALTH_CERTIFICATE and SEAKEEP_HEALTH_KEY, or the server's own. Standard library only, since
an orchestrator runs it every few seconds beside the workers: it costs some 50 ms.
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
    try:
        connection = _connection(port)
    except OSError as error:
        print(f"the certificate to ask with cannot be read: {error}", file=sys.stderr)
        return 1
    try:
        connection.request("GET", _READY)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"port {port} does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return int(status != http.client.OK)


def _connection(port: int) -> http.client.HTTPConnection:
    """To this machine, with the certificates that the environment names. Raises OSError, if one cannot be read."""
    own = {name: os.environ.get(f"SEAKEEP_TLS_{name}", "") for name in ("CERTIFICATE", "KEY", "CLIENT_CA")}
    if not own["CERTIFICATE"]:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if own["CLIENT_CA"]:
        certificate = os.environ.get("SEAKEEP_HEALTH_CERTIFICATE", own["CERTIFICATE"])
        context.load_cert_chain(certificate, os.environ.get("SEAKEEP_HEALTH_KEY", own["KEY"]))
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=_SECONDS, context=context)


if __name__ == "__main__":
    sys.exit(main())
