"""A base image and a wheelhouse made of this machine: no registry and no index is at hand where these tests run.

The base is the running Python's standard library and the shared objects that it needs, copied as they lie; the wheels are the
installed packages, put together again from their own lists of files.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import seakeep

_SOURCES = Path(seakeep.__file__).parent
_NEEDED = (
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libdl.so.2",
    "libutil.so.1",
)


class Engine:
    """buildah and podman with a storage of their own, on runc, as a machine without systemd needs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "{os.environ.get("STORAGE_DRIVER", "overlay")}"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/store"\n'
        )
        (folder / "containers.conf").write_text(
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
            '[containers]\nlog_driver = "k8s-file"\nnetns = "host"\n'
        )
        self.environment = {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
        }

    def __call__(self, *command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment,
            cwd=self.folder,  # conmon leaves a file `oom` where it runs
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def remove(self) -> None:
        """Everything that it made."""
        self("podman", "rm", "--all", "--force", "--time", "0", check=False)
        self("podman", "rmi", "--all", "--force", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def base_image(engine: Engine, folder: Path) -> str:
    """Build the base; returns its name with its digest."""
    root = folder / "rootfs"
    python = Path(sys.executable).resolve()
    standard = Path(sysconfig.get_path("stdlib"))
    left_out = shutil.ignore_patterns(
        "site-packages", "dist-packages", "test", "tests", "__pycache__", "idlelib", "turtledemo"
    )
    shutil.copytree(standard, root / standard.relative_to("/"), symlinks=True, ignore=left_out)
    wheels = Path("/usr/share/python-wheels")  # where Debian's ensurepip keeps them
    if wheels.is_dir():
        shutil.copytree(wheels, root / wheels.relative_to("/"))
    _copy(python, root)
    link = root / "usr/bin/python3"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(python)
    for library in _libraries([python, *standard.glob("lib-dynload/*.so")]):
        _copy(library, root)
    for name in ("tmp", "etc", "proc", "sys", "dev"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY rootfs/ /\nENV PATH=/usr/bin:/bin\n")
    engine("buildah", "build", "--quiet", "--isolation", "chroot", "--tag", "localhost/python:host", folder)
    digest = engine("podman", "image", "inspect", "--format", "{{.Digest}}", "localhost/python:host").stdout.strip()
    return f"localhost/python@{digest}"


def wheelhouse(folder: Path, *names: str) -> Path:
    """Wheels of these packages and of all that they need, made from what is installed; Seakeep's from its sources."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(_closure(names)):
        distribution = importlib.metadata.distribution(name)
        files = _own_files() if name == "seakeep" else _installed_files(distribution)
        _write_wheel(folder, distribution, files)
    return folder


def _copy(path: Path, root: Path) -> None:
    target = root / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)


def _libraries(binaries: list[Path]) -> set[Path]:
    found = set()
    for binary in binaries:
        told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False).stdout
        found |= {Path(path) for path in re.findall(r"(/\S+\.so\S*)", told)}
    cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    for name in _NEEDED:
        match = re.search(
            rf"^\s*{re.escape(name)} \(libc6,x86-64\S* => (\S+)$|^\s*{re.escape(name)} .*=> (\S+)$",
            cached,
            re.MULTILINE,
        )
        if match:
            found.add(Path(match[1] or match[2]))
    return found


def _closure(names: tuple[str, ...]) -> set[str]:
    """The names of these packages and of all that they need here. A name may have extras: "seakeep[lightgbm]"."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = wanted.name.lower().replace("_", "-")
        if (key, frozenset(wanted.extras)) in seen:
            continue
        seen.add((key, frozenset(wanted.extras)))
        found.add(key)
        for text in importlib.metadata.requires(key) or ():
            needed = Requirement(text)
            extras = wanted.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                waiting.append(needed)
    return found


def _installed_files(distribution: importlib.metadata.Distribution) -> dict[str, bytes]:
    left_out = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
    return {
        str(file): Path(file.locate()).read_bytes()
        for file in distribution.files or ()
        if not str(file).startswith("..") and file.name not in left_out and "__pycache__" not in str(file)
    }


def _own_files() -> dict[str, bytes]:
    distribution = importlib.metadata.distribution("seakeep")
    own = {
        f"seakeep/{path.relative_to(_SOURCES)}": path.read_bytes()
        for path in sorted(_SOURCES.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    info = f"seakeep-{distribution.version}.dist-info"
    texts = {f"{info}/{name}": distribution.read_text(name) or "" for name in ("METADATA", "entry_points.txt")}
    texts[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return own | {name: text.encode() for name, text in texts.items()}


def _write_wheel(folder: Path, distribution: importlib.metadata.Distribution, files: dict[str, bytes]) -> None:
    wheel = next(text.decode() for name, text in files.items() if name.endswith(".dist-info/WHEEL"))
    tags = re.findall(r"^Tag: (.+)$", wheel, re.MULTILINE)
    parts = [tag.split("-") for tag in tags]
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*parts, strict=True))
    info = next(name.partition("/")[0] for name in files if name.endswith(".dist-info/WHEEL"))
    name = f"{info.removesuffix('.dist-info')}-{tag}.whl"
    record = [f"{path},sha256={_hash(content)},{len(content)}" for path, content in files.items()]
    record.append(f"{info}/RECORD,,")
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_STORED) as archive:
        for path, content in {**files, f"{info}/RECORD": ("\n".join(record) + "\n").encode()}.items():
            archive.writestr(zipfile.ZipInfo(path), content)


def _hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
