"""The texts of a build context: Dockerfile, what is left out of it, packages, and the scripts that prepare and build.

Nothing of a Dockerfile here asks for a shell or for the network: RUN lines are lists, so that a base without a shell will do, and
packages come out of a folder. A server's image is refused while it is built if its release is not the one that was exported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seakeep.integrations import _kube

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCK, WHEELS = "requirements.txt", "wheelhouse"
_VENV = _kube.VENV
_LEFT_OUT = (".git", ".seakeep", ".venv", "__pycache__", ".pytest_cache", ".env", "*.pem", "*.key")


@dataclass(frozen=True, slots=True)
class Image:
    """One image. requirements: packages that are resolved into the lock. base: pinned, or empty where build.sh is told.

    digest, version, reference: of the server's release; the reference is empty where no registry is known. data: globs of files
    that are left out of the worker's.
    """

    role: Literal["server", "worker"]
    tag: str
    requirements: tuple[str, ...]
    labels: Mapping[str, str]
    base: str
    python: str
    architecture: str
    digest: str = ""
    version: int = 0
    reference: str = ""
    data: tuple[str, ...] = field(default_factory=tuple)


def dockerfile(image: Image) -> str:
    """The Dockerfile, in two stages."""
    is_server = image.role == "server"
    parts = [
        f"# {image.tag}. Prepare the folder first: sh {image.role}/prepare.sh; then build: sh build.sh",
        f"ARG BASE={image.base}"
        if image.base
        else "# Which base is a decision to be pinned: BASE=NAME:TAG@sha256:… sh build.sh\nARG BASE",
        "",
        "FROM ${BASE} AS packages",
        f"COPY {LOCK} /build/",
        f"COPY {WHEELS}/ /build/{WHEELS}/",
        _run("python3", "-m", "venv", _VENV),
        "# No network: wheels of the folder, each with a hash of the lock.",
        _installed(*(("--no-compile",) if is_server else ())),
        "# The installer stays behind.",
        _run(*_pip("uninstall", "--yes", "setuptools", "pip")),
        *(_release_checked(image.digest) if is_server else _openmp()),
        _run("python3", "-c", "import os; os.makedirs('/build/home', mode=0o755)"),
        "",
        "FROM ${BASE}",
        *(f"LABEL {name}={_quoted(value)}" for name, value in image.labels.items()),
        f"COPY --from=packages {_VENV} {_VENV}",
        *(_server_part() if is_server else _worker_part()),
        f"COPY --from=packages --chown={_kube.USER}:{_kube.USER} /build/home {_kube.HOME}",
        *(f"ENV {name}={value}" for name, value in _environment(image).items()),
        f"USER {_kube.USER}:{_kube.USER}",
        *(_listening() if is_server else ()),
        f'ENTRYPOINT ["{_VENV}/bin/seakeep"]',
        f"CMD {json.dumps(['serve'] if is_server else ['--help'])}",
    ]
    return "\n".join(parts) + "\n"


def ignored(image: Image) -> str:
    """The .dockerignore: nothing goes into the build but what the Dockerfile copies."""
    wanted = (LOCK, WHEELS, "release" if image.role == "server" else "project")
    return "*\n" + "".join(f"!{name}\n" for name in wanted)


def requirements(image: Image) -> str:
    """What the lock is resolved from."""
    return "# Resolved into requirements.txt by prepare.sh, with hashes.\n" + "".join(
        f"{each}\n" for each in image.requirements
    )


def prepare(image: Image) -> str:
    """The script that fetches what the image is made of. Afterwards the build needs no network."""
    target = f"--python-version {image.python}"
    platforms = " ".join(f"--platform manylinux_2_{glibc}_{image.architecture}" for glibc in range(28, 16, -1))
    old = f"--platform manylinux2014_{image.architecture}"
    own = _fetch_release(image) if image.role == "server" else _copy_project(image)
    return f"""#!/bin/sh
# Fetches what the {image.role}'s image is made of into this folder; the build after it needs no network.
# Without an index, from a folder of wheels: UV_NO_INDEX=1 UV_FIND_LINKS=DIR PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR sh {image.role}/prepare.sh
set -eu
called_in=$(pwd -P)
cd "$(dirname "$0")"
here=$(pwd -P)

# The lock says which version of each package, with its hashes. Keep it under version control; remove it to resolve anew.
[ -f {LOCK} ] || command -v uv >/dev/null || {{ echo "The lock is made by uv, which is not installed: pip install uv" >&2; exit 3; }}
[ -f {LOCK} ] || uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \\
    {target} --python-platform {image.architecture}-manylinux_2_28 requirements.in --output-file {LOCK}

# The wheels that it names, for the base's Python and not for this machine's.
rm -rf {WHEELS}
python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \\
    {target} {platforms} {old} \\
    --dest {WHEELS} --requirement {LOCK}
{own}"""


def build(images: Sequence[Image]) -> str:
    """The script that builds the images with docker, podman or buildah, whichever there is."""
    needs_base = any(not image.base for image in images)
    base = _ASK_BASE if needs_base else ""
    flag = '--build-arg BASE="$BASE" ' if needs_base else ""
    lines = "".join(f'"$engine" build ${{BUILD_FLAGS:-}} {flag}--tag {image.tag} {image.role}\n' for image in images)
    return f"""#!/bin/sh
# Builds the images of this folder. ENGINE=docker|podman|buildah names the program, BUILD_FLAGS gives it more flags.
set -eu
cd "$(dirname "$0")"
engine=${{ENGINE:-}}
for each in docker podman buildah; do
    [ -n "$engine" ] || {{ command -v "$each" >/dev/null && engine=$each; }} || true
done
[ -n "$engine" ] || {{ echo "There is no docker, podman or buildah; install one, or name it: ENGINE=PROGRAM" >&2; exit 3; }}
{base}
{lines}"""


_ASK_BASE = """case ${BASE:-} in
*@sha256:*) ;;
*)
    echo "BASE must name an image with its digest, found: ${BASE:-nothing}" >&2
    echo "  A tag alone may mean another image tomorrow. See the digest: docker buildx imagetools inspect python:3.12-slim" >&2
    echo "  BASE=python:3.12-slim@sha256:… sh build.sh" >&2
    exit 3
    ;;
esac
"""


def _fetch_release(image: Image) -> str:
    reference = image.digest[: _kube.DIGITS] if image.reference else ""
    default = (
        f'folder=${{1:-$(cd "$called_in" && seakeep show {reference} --json | '
        """python3 -c 'import json, sys; print(json.load(sys.stdin)["folder"])')}"""
        if reference
        else "folder=${1:?Name the release's folder: sh server/prepare.sh FOLDER}"
    )
    told = (
        f"{image.reference}, from the registry that is found here, or the folder given"
        if reference
        else "the folder given"
    )
    return f"""
# The release: {told}. The build compares it with its digest.
{default}
case $folder in /*) ;; *) folder=$called_in/$folder ;; esac
rm -rf release
cp -R "$folder" release
chmod -R u+w,a+rX release
"""


def _copy_project(image: Image) -> str:
    excluded = " ".join(f"--exclude='{name}'" for name in (*_LEFT_OUT, *(f"./{glob}" for glob in image.data)))
    return f"""
# The project: the folder where this was called, or the one given; without what is made, secret, or data that arrives in spans.
root=$(cd "${{1:-$called_in}}" && pwd -P)
images=${{here%/*}}
rm -rf project
mkdir project
tar -C "$root" {excluded} --exclude="./${{images#"$root"/}}" -cf - . | tar -C project -xf -
chmod -R u+w,a+rX project
"""


def _run(*words: str) -> str:
    return f"RUN {json.dumps(words)}"


def _installed(*flags: str) -> str:
    wheels = ("--no-index", "--find-links", f"/build/{WHEELS}", "--require-hashes", "-r", f"/build/{LOCK}")
    return _run(*_pip("install", *flags, *wheels))


def _pip(*words: str) -> tuple[str, ...]:
    return (_kube.PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", *words)


def _release_checked(digest: str) -> tuple[str, ...]:
    code = f"from pathlib import Path; from seakeep.registry.folders import check_folder; check_folder(Path('/release'), '{digest}')"
    return (
        "COPY release/ /release/",
        "# The build ends here if the release is not the one that was exported.",
        _run(_kube.PYTHON, "-c", code),
        "# Tests, stubs and tools of packages go; bytecode of what a server imports comes.",
        _run(_kube.PYTHON, "-m", "seakeep.integrations._slim"),
    )


def _openmp() -> tuple[str, ...]:
    """LightGBM's wheel leaves GNU OpenMP to the system, slim bases have none, and scikit-learn's wheel brings one."""
    code = (
        "import glob, os; found = glob.glob('/opt/seakeep/lib/python*/site-packages/scikit_learn.libs/libgomp*'); "
        "found and os.symlink(found[0], '/opt/seakeep/lib/libgomp.so.1')"
    )
    return (
        "# GNU OpenMP, which LightGBM leaves to the system, as scikit-learn brings it.",
        _run("python3", "-c", code),
    )


def _server_part() -> tuple[str, ...]:
    return (f"COPY --from=packages /release {_kube.RELEASE}",)


def _worker_part() -> tuple[str, ...]:
    return (f"COPY project/ {_kube.PROJECT}/", f"WORKDIR {_kube.PROJECT}")


def _listening() -> tuple[str, ...]:
    check = json.dumps([_kube.PYTHON, "-m", "seakeep.serving.health"])
    return (
        f"EXPOSE {_kube.PORT}",
        f"HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD {check}",
        "STOPSIGNAL SIGTERM",
    )


def _environment(image: Image) -> dict[str, str]:
    """What both read. The file system may be read-only: bytecode is there already, and temporary files have their folder."""
    found = {
        "PATH": f"{_VENV}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": _kube.TEMPORARY,
        "TMPDIR": _kube.TEMPORARY,
        "SEAKEEP_HOME": _kube.HOME,
    }
    if image.role == "worker":
        return found | {"LD_LIBRARY_PATH": f"{_VENV}/lib"}
    return found | {
        "SEAKEEP_SERVE_RELEASE": _kube.RELEASE,
        "SEAKEEP_SERVE_VERSION": str(image.version),
        "SEAKEEP_SERVE_HTTP": f"0.0.0.0:{_kube.PORT}",
    }


def _quoted(value: str) -> str:
    """A label's value as a Dockerfile takes it."""
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")
