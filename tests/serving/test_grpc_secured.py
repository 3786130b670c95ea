"""gRPC behind the same gate as HTTP: one certificate, one file of tokens, one record."""

from __future__ import annotations

import json
import time

import grpc
import pytest

from seakeep.core.token_files import add_token
from seakeep.core.tokens import issue
from seakeep.serving.server.grpc.messages import SERVICE, messages

from .certificates import Authority

KINDS = messages()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.at(tmp_path_factory.mktemp("grpc"))


@pytest.fixture(scope="module")
def texts(authority):
    """Tokens by scope."""
    made = {}
    for scope in ("predict", "admin"):
        made[scope], token = issue(scope, [scope], now=time.time())
        add_token(authority.folder / "tokens.json", token)
    return made


@pytest.fixture(scope="module")
def own(authority):
    return authority.issue("client.pem", "client-key.pem")


@pytest.fixture(scope="module")
def secured(start, folders, authority, own, texts):
    """The address of a server whose gRPC asks for a certificate and a token."""
    options = (
        "--tls-certificate",
        authority.certificate,
        "--tls-key",
        authority.key,
        "--tls-client-ca",
        authority.root,
    )
    options += ("--tokens", authority.folder / "tokens.json", "--grpc", "127.0.0.1:0")
    with start(folders["flights"], *options, tls=authority.client(own)) as server:
        address = server.process.stdout.readline().decode().strip()
        assert address.startswith("grpcs://")
        yield address.removeprefix("grpcs://")


def asked(address, authority, own, method, *, token="", answer=KINDS.Live, body=b""):
    """The answer to a call, or the code and the refusal that it got."""
    root, (certificate, key) = authority.root.read_bytes(), own or (None, None)
    pair = (key.read_bytes(), certificate.read_bytes()) if key else (None, None)
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(root, *pair)) as channel:
        call = channel.unary_unary(f"/{SERVICE}/{method}", response_deserializer=answer.FromString)
        try:
            return call(body, metadata=metadata, timeout=10)
        except grpc.RpcError as error:
            told = dict(error.trailing_metadata() or ())
            return error.code().name, json.loads(told.get("seakeep-refusal-bin", b"{}")).get("code", "")


def test_health_needs_a_certificate_and_no_token(secured, authority, own):
    assert asked(secured, authority, own, "ServerLive").live
    assert asked(secured, authority, None, "ServerLive")[0] == "UNAVAILABLE"


@pytest.mark.parametrize("model", ["flights", "gone"])
def test_without_a_token_no_model_is_told_of(secured, authority, own, model):
    body = KINDS.InferRequest(model_name=model).SerializeToString()
    assert asked(secured, authority, own, "ModelInfer", body=body) == ("UNAUTHENTICATED", "no_token")
    assert asked(secured, authority, own, "ServerMetadata") == ("UNAUTHENTICATED", "no_token")


def test_scopes_are_held_to(secured, authority, own, texts):
    ask = (secured, authority, own)
    assert asked(*ask, "ServerMetadata", token=texts["predict"], answer=KINDS.ServerMetadata).name == "seakeep"
    assert asked(*ask, "RepositoryIndex", token=texts["predict"]) == ("PERMISSION_DENIED", "wrong_scope")
    assert asked(*ask, "ServerMetadata", token=texts["admin"]) == ("PERMISSION_DENIED", "wrong_scope")
    body = KINDS.InferRequest(model_name="gone").SerializeToString()
    assert asked(*ask, "ModelInfer", token=texts["predict"], body=body) == ("NOT_FOUND", "unknown_model")
