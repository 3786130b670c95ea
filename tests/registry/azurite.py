"""Azure's blobs for tests: Microsoft's emulator, which checks the signature of each request, on a free port of this machine."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import hashlib
import hmac
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .servers import ROOT, WAIT_SECONDS, free_port

PROGRAM = ROOT / ".platforms" / "stores" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
ACCOUNT = "seakeep"
KEY = base64.b64encode(b"a key that this test has made up").decode()


@dataclass
class Azurite:
    """The account `seakeep` with the container `models`."""

    folder: Path
    port: int = field(default_factory=free_port)
    container: str = "models"

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path) -> Iterator[Azurite]:
        azurite = cls(folder)
        assert PROGRAM.exists(), "Azurite is missing: scripts/platforms stores"
        argv = [str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(azurite.port), "--location", str(folder)]
        argv += ["--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        environment = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
        with (folder / "azurite.log").open("wb") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            azurite.make_container()
            yield azurite
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)

    def environment(self, key: str = KEY) -> dict[str, str]:
        return {
            "AZURE_STORAGE_USE_EMULATOR": "true",
            "AZURITE_BLOB_STORAGE_URL": f"http://127.0.0.1:{self.port}",
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": key,
        }

    def make_container(self) -> None:
        """By a plain request, signed as Azure's documentation of the shared key says, since its client makes none."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with urllib.request.urlopen(self._request(), timeout=5):
                    return
            except urllib.error.HTTPError:
                raise
            except OSError:
                assert time.monotonic() < until, (self.folder / "azurite.log").read_text()
                time.sleep(0.1)

    def _request(self) -> urllib.request.Request:
        date, version = email.utils.formatdate(usegmt=True), "2021-12-02"
        resource = f"/{ACCOUNT}/{ACCOUNT}/{self.container}\nrestype:container"
        text = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n{resource}"
        signature = hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)
        return urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{ACCOUNT}/{self.container}?restype=container",
            method="PUT",
            headers={
                "x-ms-date": date,
                "x-ms-version": version,
                "Content-Length": "0",
                "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(signature).decode()}",
            },
        )
