"""Certificates of an authority of the tests, written where a server reads them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass
class Authority:
    """An authority, and a folder that holds what it issued. key, certificate, root: of the server."""

    folder: Path
    ca: trustme.CA

    @classmethod
    def at(cls, folder: Path) -> Authority:
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder, trustme.CA())
        made.ca.cert_pem.write_to_path(folder / "root.pem")
        made.renew()
        return made

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def renew(self) -> None:
        """Give the server another certificate and key."""
        self.issue("certificate.pem", "key.pem")

    def issue(self, certificate: str, key: str) -> tuple[Path, Path]:
        """A certificate for this machine and its key, as files."""
        made = self.ca.issue_cert("localhost", "127.0.0.1")
        made.private_key_pem.write_to_path(self.folder / key)
        chain = b"".join(one.bytes() for one in made.cert_chain_pems)
        (self.folder / certificate).write_bytes(chain)
        return self.folder / certificate, self.folder / key

    def client(self, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a client trusts this authority with; own: its certificate and key."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if own is not None:
            context.load_cert_chain(*own)
        return context
