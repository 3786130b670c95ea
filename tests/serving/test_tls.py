"""TLS as clients meet it: a real server, real handshakes; certificates of clients, and certificates that are renewed."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from .certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.at(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def own(authority):
    """A client's certificate and key."""
    return authority.issue("client.pem", "client-key.pem")


@pytest.fixture(scope="module")
def secured(start, folders, authority, own):
    """A server that lets in clients with a certificate."""
    options = (
        "--tls-certificate",
        authority.certificate,
        "--tls-key",
        authority.key,
        "--tls-client-ca",
        authority.root,
    )
    with start(folders["flights"], *options, tls=authority.client(own)) as server:
        yield server


def test_a_client_with_a_certificate_is_answered(secured, row):
    assert secured.infer({"rows": [row]})[0] == 200


def test_the_end_of_the_certificate_is_told(secured):
    assert secured.metrics()["seakeep_tls_expires_seconds"] > time.time()


def test_a_client_without_one_is_not(secured, authority, running):
    with pytest.raises((ssl.SSLError, OSError)):
        running(secured.process, secured.port, authority.client()).ask("GET", "/v2/health/live")


def test_a_certificate_of_another_authority_is_not_believed(secured, tmp_path, authority, running):
    stranger = Authority.at(tmp_path).issue("client.pem", "client-key.pem")
    with pytest.raises((ssl.SSLError, OSError)):
        running(secured.process, secured.port, authority.client(stranger)).ask("GET", "/v2/health/live")


def test_plain_http_gets_no_answer(secured, running):
    with pytest.raises((OSError, http.client.HTTPException)):
        running(secured.process, secured.port).ask("GET", "/v2/health/live")


@pytest.mark.parametrize(
    ("oldest", "newest", "is_spoken"), [("TLSv1_3", "TLSv1_3", True), ("TLSv1_2", "TLSv1_2", False)]
)
def test_old_versions_are_not_spoken(secured, authority, own, running, oldest, newest, is_spoken):
    context = authority.client(own)
    context.minimum_version, context.maximum_version = ssl.TLSVersion[oldest], ssl.TLSVersion[newest]
    ask = running(secured.process, secured.port, context).ask
    if is_spoken:
        assert ask("GET", "/v2/health/live")[0] == 200
    else:
        with pytest.raises(OSError):
            ask("GET", "/v2/health/live")


def test_http_2_is_agreed_on(secured, authority, own):
    context = authority.client(own)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", secured.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize(("is_known", "code"), [(True, 0), (False, 1)])
def test_a_container_can_ask_for_health(secured, authority, tmp_path, is_known, code):
    named = {
        "SEAKEEP_SERVE_HTTP": f"127.0.0.1:{secured.port}",
        "SEAKEEP_TLS_CERTIFICATE": str(authority.certificate),
        "SEAKEEP_TLS_KEY": str(authority.key),
        "SEAKEEP_TLS_CLIENT_CA": str(authority.root),
    }
    if not is_known:
        other = Authority.at(tmp_path)
        named |= {"SEAKEEP_HEALTH_CERTIFICATE": str(other.certificate), "SEAKEEP_HEALTH_KEY": str(other.key)}
    command = [sys.executable, "-m", "seakeep.serving.health"]
    assert subprocess.run(command, env={**os.environ, **named}, check=False, timeout=30).returncode == code


def serial(server) -> bytes | None:
    """The certificate that a server shows."""
    connection = server.connection()
    connection.connect()
    try:
        return connection.sock.getpeercert(binary_form=True)
    finally:
        connection.close()


@pytest.mark.slow
def test_a_renewed_certificate_is_shown_without_a_request_lost(start, folders, tmp_path, row):
    """And a pair of files that do not go together, as they are for a moment while they are renewed, changes nothing."""
    authority = Authority.at(tmp_path)
    options = ("--tls-certificate", authority.certificate, "--tls-key", authority.key)
    with start(folders["flights"], *options, tls=authority.client()) as server:
        before, over, failures = serial(server), threading.Event(), []

        def ask():
            while not over.wait(0.01):
                try:
                    if server.infer({"rows": [row]})[0] != 200:
                        failures.append("refused")
                except OSError as error:
                    failures.append(repr(error))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            half = Authority(tmp_path / "other", authority.ca)
            half.folder.mkdir()
            half.renew()
            half.certificate.replace(authority.certificate)
            threading.Event().wait(1.5)
            assert serial(server) == before
            half.key.replace(authority.key)
            server.until(lambda: serial(server) != before)
            server.until(lambda: len(server.workers) == 1)
        finally:
            over.set()
            asking.join(20)
        assert failures == []
