"""Tls: the certificate that a server shows, and whose clients it believes. Files in PEM, checked before anything listens.

A server that begins with the wrong key ends at its first client, hours later perhaps; so the pair is loaded at the start, where a
person sees why it cannot be. The key's content is in no message.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

Version = Literal["1.2", "1.3"]
Stamp = tuple[tuple[int, int, int], ...]
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_VERSION, _TWO_DIGITS = 0xA0, 0x17


class BadTls(UsageError):
    """TLS cannot be spoken with the files that were named."""

    @classmethod
    def half(cls, given: str, lacking: str) -> BadTls:
        return cls(
            f"there is a {given} for TLS and no {lacking}",
            cause="A server shows its certificate, and proves that it is its own with the key.",
            fix="Name both: tls.certificate and tls.key, or neither; tls.client_ca needs both.",
            lacking=lacking,
        )

    @classmethod
    def unreadable(cls, what: str, path: Path, why: str) -> BadTls:
        return cls(
            f"the {what} for TLS cannot be read: {why}",
            where=str(path),
            cause="The secret is not mounted, or this user may not read it.",
            fix=f"Look at it: ls -l {path}",
            path=str(path),
        )

    @classmethod
    def encrypted(cls, path: Path) -> BadTls:
        return cls(
            "the key for TLS asks for a password",
            where=str(path),
            cause="A server that is restarted at night has nobody who could type it.",
            fix=f"Write it without, for the server's user alone: openssl pkey -in {path} -out key.pem && chmod 600 key.pem",
            path=str(path),
        )

    @classmethod
    def unfit(cls, certificate: Path, key: Path, why: str) -> BadTls:
        return cls(
            f"certificate and key for TLS do not go together: {why}",
            where=f"{certificate}, {key}",
            cause="One of them is not PEM, or they were made apart: only one of the two was renewed, perhaps.",
            fix=f"Compare what these say: openssl x509 -noout -pubkey -in {certificate}; openssl pkey -pubout -in {key}",
            path=str(certificate),
        )

    @classmethod
    def no_authority(cls, path: Path, why: str) -> BadTls:
        return cls(
            f"the authority for clients' certificates cannot be read: {why}",
            where=str(path),
            cause="It is not mounted, not PEM, or holds no certificate.",
            fix=f"Look at it: openssl x509 -noout -subject -in {path}",
            path=str(path),
        )


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server speaks TLS.

    certificate: PEM, the server's own first, then those that lead to its authority. key: PEM, without a password. client_ca: PEM of
    the authorities whose clients are let in, each of which must bring a certificate; None for clients without. least: version.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    least: Version = "1.3"

    @classmethod
    def of(
        cls, certificate: Path | None, key: Path | None, client_ca: Path | None = None, *, least: Version = "1.3"
    ) -> Tls | None:
        """TLS with these files, None without any. Raises BadTls, if one is there without the other or cannot be used."""
        if not (certificate or key or client_ca):
            return None
        if certificate is None or key is None:
            given = "certificate" if certificate else "key" if key else "clients' authority"
            raise BadTls.half(given, "key" if certificate else "certificate")
        made = cls(certificate.absolute(), key.absolute(), client_ca.absolute() if client_ca else None, least)
        made.context()
        return made

    def context(self) -> ssl.SSLContext:
        """What wraps a server's sockets. Raises BadTls."""
        import ssl

        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_3 if self.least == "1.3" else ssl.TLSVersion.TLSv1_2
        for what, path in (("certificate", self.certificate), ("key", self.key)):
            _look(what, path)
        try:
            made.load_cert_chain(self.certificate, self.key, _no_password)
        except _Asked:
            raise BadTls.encrypted(self.key) from None
        except (ssl.SSLError, ValueError) as error:
            raise BadTls.unfit(self.certificate, self.key, _words(error)) from error
        if self.client_ca is not None:
            try:
                made.load_verify_locations(self.client_ca)
            except (ssl.SSLError, OSError) as error:
                raise BadTls.no_authority(self.client_ca, _words(error)) from error
            made.verify_mode = ssl.CERT_REQUIRED
        return made

    def ends(self) -> float | None:
        """When the certificate ends, Unix seconds; None where that cannot be read from it."""
        import ssl

        try:
            first = self.certificate.read_text("ascii").partition(_END)[0]
            return _not_after(ssl.PEM_cert_to_DER_cert(first[first.index(_BEGIN) :] + _END))
        except (OSError, ValueError, IndexError):
            return None

    def stamp(self) -> Stamp:
        """What changes when one of the files does. Raises OSError, while one is not there."""
        files = [file for file in (self.certificate, self.key, self.client_ca) if file is not None]
        return tuple((found.st_ino, found.st_ctime_ns, found.st_size) for found in (file.stat() for file in files))


class Renewed:
    """A context that is made anew when its files are others. Parameters: told: called with why the old one stays."""

    def __init__(self, tls: Tls, *, told: Callable[[str], None]) -> None:
        self._tls, self._told = tls, told
        self._stamp, self._context = tls.stamp(), tls.context()

    def context(self) -> ssl.SSLContext:
        """As the files are now; as they were, while they cannot be used."""
        try:
            stamp = self._tls.stamp()
            if stamp != self._stamp:
                self._context = self._tls.context()
                self._stamp = stamp
        except (BadTls, OSError) as error:
            self._told(str(error))
        return self._context


class _Asked(Exception):
    """OpenSSL has asked for the key's password."""


def _not_after(der: bytes) -> float:
    """The end of a certificate in DER (RFC 5280, 4.1): of its first part, what follows version, number, algorithm and issuer.

    Raises ValueError or IndexError, where it is none.
    """
    _, certificate, _ = _part(der)
    _, rest, _ = _part(certificate)
    tag, _, after = _part(rest)
    for _ in range(3 if tag == _VERSION else 2):
        _, _, after = _part(after)
    _, validity, _ = _part(after)
    _, _, end = _part(validity)
    tag, text, _ = _part(end)
    century = "" if tag != _TWO_DIGITS else "20" if text < b"5" else "19"
    return dt.datetime.strptime(century + text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC).timestamp()


def _part(der: bytes) -> tuple[int, bytes, bytes]:
    """The first part's tag and content, and what follows it."""
    length, begin = der[1], 2
    if length > 0x7F:
        begin += length & 0x7F
        length = int.from_bytes(der[2:begin], "big")
    return der[0], der[begin : begin + length], der[begin + length :]


def _no_password() -> str:
    raise _Asked


def _look(what: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadTls.unreadable(what, path, error.strerror or str(error)) from error


def _words(error: Exception) -> str:
    """An error of OpenSSL without its file and line. It names no reason where it finds no PEM."""
    if "PEM lib" in str(error):
        return "one of them is not PEM"
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error).lower().replace("_", " ")
