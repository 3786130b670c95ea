"""Container images: a build context for the server of one release, and one for the worker of a project, buildable offline.

Both are made in two stages: packages are installed from a folder of wheels, each held to a lock with hashes, and only what was
installed goes into the image. The server's image holds one release, checked against its digest while the image is built, and
nothing else: it needs no registry. Both run as nobody in particular on a file system that cannot be written to, and read their
settings from the environment alone. Hard is that an exported folder holds no binaries: `prepare.sh` fetches wheels and release.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep import __version__
from seakeep.integrations import _container, _kube
from seakeep.integrations._container import Image
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._yaml import comment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import ProjectFacts, ReleaseFacts, Subject

NEEDS: Final[Literal["project", "release", "either"]] = "either"
_BASE = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
_PYTHON = re.compile(r"3\.(1[1-9]|[2-9]\d)")
_WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\[\]=<>!~-]*(,[A-Za-z0-9][A-Za-z0-9._\[\]=<>!~-]*)*")
_STORES = ("cloud", "postgres")


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the image, where the release's is no legal one. image: registry and name of the images (default: export.image).
    base: image that both stages start from, pinned ("python:3.12-slim@sha256:…"); without it, build.sh asks for BASE. python:
    the base's version, for which wheels are fetched. architecture: of the machines that run it. server_extras: of Seakeep's
    extras those that the server's settings need, with commas between ("grpc,cloud"). extras: more of them for the worker ("kubeflow").
    packages: more packages for the worker, with commas between ("shapely>=2").
    """

    name: str = ""
    image: str = ""
    base: str = ""
    python: str = "3.12"
    architecture: Literal["x86_64", "aarch64"] = "x86_64"
    server_extras: str = ""
    extras: str = ""
    packages: str = ""


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The folder: `server/` of a release, `worker/` of a project, and the script that builds them.

    Raises: BadExport, for an illegal name or no image; BadTarget, for a base without digest and other impossible options.
    """
    _check(options)
    written: dict[str, str] = {}
    for image in images(subject, options):
        texts = {
            "Dockerfile": _container.dockerfile(image),
            ".dockerignore": _container.ignored(image),
            "requirements.in": _container.requirements(image),
            "prepare.sh": _container.prepare(image),
        }
        head = comment(_kube.warning(subject))
        written |= {f"{image.role}/{name}": _headed(head, text) for name, text in texts.items()}
    written["build.sh"] = _container.build(images(subject, options))
    return written


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    base = "" if options.base else f"BASE=python:{options.python}-slim@sha256:… "
    lines = [f"sh {image.role}/prepare.sh" for image in images(subject, options)]
    return (*lines, f"{base}sh build.sh", *(f"docker push {image.tag}" for image in images(subject, options)))


def images(subject: Subject, options: Options) -> tuple[Image, ...]:
    """The images there are to be made: of the release, of the project, or of both."""
    found = []
    if subject.release:
        found.append(_server(subject, subject.release, options))
    if subject.project:
        found.append(_worker(subject, subject.project, options))
    return tuple(found)


def _server(subject: Subject, release: ReleaseFacts, options: Options) -> Image:
    tag = _kube.server_image("container", options.image, release)
    labels = {
        "org.opencontainers.image.title": f"{subject.slug} server",
        "org.opencontainers.image.description": f"Answers for {release.label} by the Open Inference Protocol.",
        "org.opencontainers.image.version": str(release.version or release.digest[: _kube.DIGITS]),
        "org.opencontainers.image.revision": release.digest,
        "dev.seakeep.release": release.digest,
        "dev.seakeep.verdict": release.verdict.value,
        **({"dev.seakeep.forced": release.forced} if release.forced else {}),
    }
    return Image(
        role="server",
        tag=tag,
        requirements=(_own(_listed(options.server_extras)),),
        labels=labels,
        base=options.base,
        python=options.python,
        architecture=options.architecture,
        digest=release.digest,
        version=release.version,
        reference=release.label if release.version else "",
    )


def _worker(subject: Subject, project: ProjectFacts, options: Options) -> Image:
    extras = sorted({*project.extras, *_STORES, *_listed(options.extras)})
    labels = {
        "org.opencontainers.image.title": f"{subject.slug} worker",
        "org.opencontainers.image.description": f"Runs the stages, the monitor and the retraining of {subject.name}.",
        "org.opencontainers.image.version": project.code[: _kube.DIGITS],
        "org.opencontainers.image.revision": project.code,
    }
    return Image(
        role="worker",
        tag=_kube.worker_image("container", options.image, project.code),
        requirements=(_own(extras), *_listed(options.packages)),
        labels=labels,
        base=options.base,
        python=options.python,
        architecture=options.architecture,
        data=project.data,
    )


def _check(options: Options) -> None:
    if options.base and not _BASE.fullmatch(options.base):
        expected = "an image with its digest, since a tag may mean another image tomorrow: NAME:TAG@sha256:…"
        raise BadTarget.wrong_option("container", "base", options.base, expected)
    if not _PYTHON.fullmatch(options.python):
        raise BadTarget.wrong_option(
            "container", "python", options.python, "a version of Python from 3.11 on, for example 3.12"
        )
    for name in ("server_extras", "extras", "packages"):
        found = getattr(options, name)
        if found and not _WORDS.fullmatch(found):
            raise BadTarget.wrong_option("container", name, found, "names with commas between")


def _own(extras: Sequence[str]) -> str:
    """Seakeep itself, of this version, with some of its extras, as a requirement."""
    return f"seakeep[{','.join(sorted(set(extras)))}]=={__version__}" if extras else f"seakeep=={__version__}"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _headed(head: str, text: str) -> str:
    """`text` below a warning; a script's first line stays the first."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{head}{rest}" if first.startswith("#!") else head + text
