"""TLS's files, checked before anything listens: each way in which they can be wrong has its words."""

from __future__ import annotations

import datetime as dt
import resource
import ssl

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from seakeep.core.tls import BadTls, Renewed, Tls


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def folder(tmp_path, authority):
    """A certificate, its key, another key, one with a password, an authority, and no PEM at all."""
    issue(authority, tmp_path, "certificate", "key")
    issue(authority, tmp_path, "other certificate", "other key")
    authority.cert_pem.write_to_path(tmp_path / "authority")
    key = serialization.load_pem_private_key((tmp_path / "key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"hunter2")
    forms = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    (tmp_path / "locked key").write_bytes(key.private_bytes(*forms, locked))
    (tmp_path / "junk").write_text("hunter2")
    return tmp_path


def issue(authority, folder, certificate, key):
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(folder / certificate)
    made.private_key_pem.write_to_path(folder / key)


def test_without_files_there_is_no_tls():
    assert Tls.of(None, None) is None


@pytest.mark.parametrize(
    ("authority_name", "least", "mode", "version"),
    [(None, "1.3", ssl.CERT_NONE, "TLSv1_3"), ("authority", "1.2", ssl.CERT_REQUIRED, "TLSv1_2")],
)
def test_a_pair_makes_a_context(folder, authority_name, least, mode, version):
    client_ca = folder / authority_name if authority_name else None
    context = Tls.of(folder / "certificate", folder / "key", client_ca, least=least).context()
    assert (context.verify_mode, context.minimum_version.name) == (mode, version)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("certificate", None, None), "there is a certificate for TLS and no key"),
        ((None, "key", None), "there is a key for TLS and no certificate"),
        ((None, None, "authority"), "there is a clients' authority for TLS and no certificate"),
        (("gone", "key", None), "the certificate for TLS cannot be read: No such file or directory"),
        (("certificate", "gone", None), "the key for TLS cannot be read: No such file or directory"),
        (("certificate", "other key", None), "certificate and key for TLS do not go together: key values mismatch"),
        (("junk", "key", None), "certificate and key for TLS do not go together: one of them is not PEM"),
        (("certificate", "junk", None), "certificate and key for TLS do not go together: one of them is not PEM"),
        (("certificate", "locked key", None), "the key for TLS asks for a password"),
        (("certificate", "key", "gone"), "the authority for clients' certificates cannot be read: no such file"),
        (("certificate", "key", "junk"), "the authority for clients' certificates cannot be read: no certificate"),
    ],
)
def test_files_that_cannot_be_used_are_told_and_not_their_content(folder, names, words):
    with pytest.raises(BadTls) as caught:
        Tls.of(*(folder / name if name else None for name in names))
    assert str(caught.value).startswith(words)
    assert len(str(caught.value).splitlines()) == 3
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("year", [2027, 2049, 2050, 2120])
def test_the_end_of_a_certificate_is_read(tmp_path, authority, year):
    end = dt.datetime(year, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
    made = authority.issue_cert("localhost", not_after=end)
    (tmp_path / "chain").write_bytes(b"# of the shop\n" + made.cert_chain_pems[0].bytes() + authority.cert_pem.bytes())
    assert Tls(tmp_path / "chain", tmp_path / "key").ends() == end.timestamp()


@pytest.mark.parametrize(
    "text", ["", "junk", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----", "\xff"]
)
def test_the_end_of_what_is_no_certificate_is_not_told(tmp_path, text):
    (tmp_path / "junk").write_text(text, "latin-1")
    assert Tls(tmp_path / "junk", tmp_path / "key").ends() is None
    assert Tls(tmp_path / "gone", tmp_path / "key").ends() is None


def test_a_context_is_renewed_with_its_files(folder, authority):
    told = []
    renewed = Renewed(Tls.of(folder / "certificate", folder / "key"), told=told.append)
    first = renewed.context()
    assert renewed.context() is first
    (folder / "other certificate").replace(folder / "certificate")
    assert renewed.context() is first, "the key is the old one's"
    (folder / "other key").replace(folder / "key")
    assert renewed.context() is not first
    second = renewed.context()
    issue(authority, folder, "certificate", "key")
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, most))
    try:
        assert renewed.context() is second
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))
    assert renewed.context() is not second, "what could not be read for a moment is read again"
    (folder / "key").unlink()
    assert renewed.context()
    assert ["do not go together" in told[0], "No such file" in told[-1]] == [True, True]
