"""The control server behind TLS, and with the tokens of the model server: one file, one certificate for both."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time

import pytest
import trustme

from seakeep.core.errors import SeakeepError
from seakeep.core.tls import Renewed, Tls
from seakeep.core.token_files import TokenBook, add_token, revoke_token
from seakeep.core.tokens import issue
from seakeep.pipeline import control
from seakeep.pipeline.control import connections
from seakeep.pipeline.control.server import Server
from seakeep.pipeline.control.tokens import Guard
from seakeep.pipeline.guarding import access_of, tls_of
from seakeep.pipeline.settings import load_settings

from .desks import TOKEN, Asked, alert, webhook


@pytest.fixture
def tokens(tmp_path):
    """A file with a token of each scope, and their texts."""
    path, texts = tmp_path / "tokens.json", {}
    for scope in ("admin", "metrics", "predict"):
        texts[scope], token = issue(scope, [scope], now=time.time())
        add_token(path, token)
    return path, texts


@pytest.fixture
def authority():
    return trustme.CA()


def written(authority, folder):
    """The paths of a new certificate and its key."""
    made = authority.issue_cert("127.0.0.1", "localhost")
    made.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    return folder / "certificate.pem", folder / "key.pem"


def test_scopes_hold_here_too(world, tokens):
    path, texts = tokens
    ask = Asked(world, Guard(loopback=True, book=TokenBook(path)))
    call = webhook(alert(world))
    for scope, status in (("admin", 200), ("metrics", 403), ("predict", 403)):
        assert ask("/alerts", call, authorization=f"Bearer {texts[scope]}")[0] == status, scope
    for target in ("/metrics", "/alerts", "/rollouts/tips/verdict"):
        assert ask(target)[0] == 401, target
        assert ask(target, authorization=f"Bearer {texts['predict']}")[1]["code"] == "wrong_scope", target
        assert ask.raw(target, authorization=f"Bearer {texts['metrics']}").status in (200, 404), target
    assert ask.raw("/healthz").status in (200, 503), "health needs none"
    assert ask("/rollouts/tips/gates/rollout", {})[0] == 404, "Flagger could send none"


def test_a_token_taken_back_is_refused_at_once(world, tokens):
    path, texts = tokens
    ask = Asked(world, Guard(loopback=True, book=TokenBook(path)))
    revoke_token(path, "metrics")
    assert ask("/alerts", authorization=f"Bearer {texts['metrics']}")[0] == 401
    path.unlink()
    assert ask("/alerts", webhook(alert(world)), authorization=f"Bearer {texts['admin']}")[0] == 200, (
        "known ones hold on"
    )


def test_the_servers_own_token_is_believed_beside_the_file(world, tokens):
    ask = Asked(world, Guard(loopback=False, text=TOKEN, book=TokenBook(tokens[0])))
    assert ask("/alerts", webhook(alert(world)), authorization=f"Bearer {TOKEN}")[0] == 200
    assert ask("/alerts", authorization=f"Bearer {TOKEN}")[0] == 200


def asked(port, context, target="/healthz"):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    try:
        connection.request("GET", target)
        shown = connection.sock.getpeercert(binary_form=True)
        return connection.getresponse().status, shown
    finally:
        connection.close()


def test_tls_is_spoken_and_its_certificate_renewed(ask, authority, tmp_path):
    told = []
    renewed = Renewed(Tls.of(*written(authority, tmp_path)), told=told.append)
    server = Server("127.0.0.1", 0, ask.desk.answer, tls=renewed.context)
    server.start()
    port = int(server.address.rpartition(":")[2])
    context = ssl.create_default_context()
    authority.configure_trust(context)
    try:
        assert server.address.startswith("https://")
        status, before = asked(port, context)
        assert status in (200, 503)
        written(authority, tmp_path)
        assert asked(port, context)[1] != before
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert not plain.recv(100).startswith(b"HTTP")
        assert asked(port, context)[0] in (200, 503), "who speaks no TLS harms nobody"
    finally:
        server.stop()
    assert told == []


def test_who_begins_tls_and_says_no_more_is_cut(ask, authority, tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.3)
    server = Server("127.0.0.1", 0, ask.desk.answer, tls=Tls.of(*written(authority, tmp_path)).context)
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])), timeout=10) as silent:
            silent.sendall(b"\x16\x03\x01")
            assert silent.recv(100) == b""
    finally:
        server.stop()


def test_both_servers_read_the_same_settings(world, tokens, authority, tmp_path, monkeypatch):
    certificate, key = written(authority, tmp_path)
    (tmp_path / "seakeep.toml").write_text(
        f'[tls]\ncertificate = "{certificate.name}"\nkey = "{key.name}"\n[access]\ntokens = "tokens.json"\nrate = 50\n'
    )
    settings = load_settings(tmp_path)
    assert tls_of(settings) == Tls(certificate, key)
    assert (access_of(settings).tokens, access_of(settings).rate) == (tokens[0], 50)
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def listening(address):
        connection = http.client.HTTPSConnection(
            *address.removeprefix("https://").split(":"), timeout=10, context=context
        )
        connection.request("GET", "/metrics", headers={"authorization": f"Bearer {tokens[1]['predict']}"})
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["code"]) == (403, "wrong_scope")
        connection.close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        control.serve("tips", http="127.0.0.1:0", home=world.home, listening=listening)


def test_a_control_server_does_not_begin_with_half_of_tls(world, tmp_path):
    (tmp_path / "seakeep.toml").write_text('[tls]\nkey = "key.pem"\n')
    with pytest.raises(SeakeepError, match="there is a key for TLS and no certificate"):
        control.serve("tips", http="127.0.0.1:0", home=world.home)
