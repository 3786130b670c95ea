"""Real servers for tests: PostgreSQL and an S3 server, each on a free port of this machine, with its files in a folder of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from seakeep.registry.place import Place

if TYPE_CHECKING:
    from obstore.store import S3Store

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".platforms" / "stores" / "bin"
WAIT_SECONDS = 60


def free_port() -> int:
    """Below the ports that outgoing connections take, which come and go."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def unprivileged() -> list[str]:
    """What a command begins with that may not run as root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@dataclass
class Postgres:
    """A PostgreSQL server whose user `ann` has the password `tiger`."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def programs(self) -> Path:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert found, "PostgreSQL is missing: scripts/platforms stores"
        return found[-1]

    def address(
        self, database: str = "postgres", *, user: str = "ann", password: str = "tiger", options: str = ""
    ) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}{options}"

    def make(self) -> None:
        self.folder.mkdir(parents=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        secret = self.folder.parent / "password"
        secret.write_text("tiger\n")
        secret.chmod(0o644)
        argv = [*unprivileged(), self.programs / "initdb", "-D", self.folder, "-U", "ann", "-A", "scram-sha-256"]
        argv += [f"--pwfile={secret}", "--no-sync", "--locale=C.UTF-8"]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        argv = [*unprivileged(), self.programs / "postgres", "-D", self.folder, "-p", str(self.port)]
        argv += [
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={self.folder}",
            "-c",
            "max_connections=60",
            "-c",
            "fsync=off",  # a kill loses no page that the system holds; and a busy disk delays no recovery
        ]
        with (self.folder.parent / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", start_new_session=True)
        self.ready()

    def ready(self) -> None:
        import psycopg

        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                psycopg.connect(self.address(), connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder.parent / "postgres.log").read_text()
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """All of its processes at once, so that none has time for anything."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        time.sleep(0.2)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)

    def ask(self, *queries: str, database: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            for query in queries:
                connection.execute(query)


class Breaking:
    """A network before a server, that breaks a connection once, when `at` is said to it: after it was passed on, or before."""

    def __init__(self, server: int, *, at: bytes, forwarded: bool) -> None:
        self.server, self.at, self.forwarded, self.armed = server, at, forwarded, False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self.server))
                threading.Thread(target=self._pass, args=(server, client), daemon=True).start()
                threading.Thread(target=self._pass, args=(client, server), kwargs={"heard": True}, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, *, heard: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                cut = heard and self.armed and self.at in data
                if cut:
                    self.armed = False
                    source.shutdown(socket.SHUT_RDWR)  # so that the answer finds nobody
                if not cut or self.forwarded:
                    target.sendall(data)
                if cut:
                    time.sleep(0.2)
                    break
        for each in (source, target):
            with contextlib.suppress(OSError):  # the other direction may have ended it
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@dataclass
class Bucket:
    """An S3 server with real signatures: `writer` may do everything, `reader` only read."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    name: str = "models"

    def environment(self, who: str = "writer") -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": f"{who}-key",
            "AWS_SECRET_ACCESS_KEY": f"{who}-secret",
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        self.launch()
        self.ready()

    def launch(self) -> None:
        program = PROGRAMS / "weed"
        assert program.exists(), "SeaweedFS is missing: scripts/platforms stores"
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        rights = {"writer": ["Admin", "Read", "Write", "List", "Tagging"], "reader": ["Read", "List"]}
        people = [
            {
                "name": who,
                "credentials": [{"accessKey": f"{who}-key", "secretKey": f"{who}-secret"}],
                "actions": actions,
            }
            for who, actions in rights.items()
        ]
        (self.folder / "s3.json").write_text(json.dumps({"identities": people}))
        parts = ("master", "volume", "filer")
        argv = [
            str(program),
            "server",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-filer",
        ]
        argv += [f"-{part}.port={free_port()}" for part in parts]
        argv += [f"-{part}.port.grpc={free_port()}" for part in (*parts, "s3")]
        argv += [f"-s3.port={self.port}", f"-s3.config={self.folder / 's3.json'}", "-volume.max=8"]
        argv += [
            "-master.volumeSizeLimitMB=64",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-volume.preStopSeconds=0",
        ]
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)

    def store(self) -> S3Store:
        """The bucket by its client, as its owner sees it."""
        from obstore.store import S3Store

        given = self.environment()
        return S3Store(
            self.name,
            endpoint=given["AWS_ENDPOINT_URL"],
            access_key_id=given["AWS_ACCESS_KEY_ID"],
            secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def ready(self) -> None:
        """Make the bucket, by a plain request with a signature, since its client makes none."""
        import obstore

        until, store = time.monotonic() + WAIT_SECONDS, self.store()
        while True:
            try:
                address = obstore.sign(store, "PUT", "", dt.timedelta(seconds=60))
                request = urllib.request.Request(address, method="PUT")
                with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=5):
                    pass
                obstore.put(store, "ready", b"yes")
            except Exception:  # noqa: BLE001  (whatever it is, the server is still starting)
                assert time.monotonic() < until, (self.folder / "weed.log").read_text()[-3000:]
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)


@dataclass
class Servers:
    """Both, and places on them."""

    postgres: Postgres
    bucket: Bucket
    count: int = 0

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Servers]:
        with tempfile.TemporaryDirectory(prefix="seakeep-servers-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)  # the server's user goes through it
            servers = cls(Postgres(folder / "postgres"), Bucket(folder / "bucket"))
            try:
                servers.bucket.launch()
                servers.postgres.make()
                servers.postgres.start()
                servers.bucket.ready()
                yield servers
            finally:
                servers.postgres.stop()
                servers.bucket.stop()

    def place(self, home: Path) -> Place:
        """A place with a database and a prefix of its own."""
        self.count += 1
        name = f"registry_{self.count}"
        self.postgres.ask(f"CREATE DATABASE {name} TEMPLATE template0")
        return Place(home, self.postgres.address(name), f"s3://{self.bucket.name}/{name}")
