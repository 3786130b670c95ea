"""Export a project or a release for a foreign system, or say whether the files in a folder are up to date.

What is to be exported becomes a Subject, a target makes texts of it, and the folder gets them (see `folder`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Model, Verdict
from seakeep.core.release import MANIFEST_FILE
from seakeep.pipeline.exports import folder as folders
from seakeep.pipeline.exports.errors import BadExport
from seakeep.pipeline.exports.subject import ProjectFacts, ReleaseFacts, Subject
from seakeep.pipeline.exports.targets import SHARED, Target, refuse_secret
from seakeep.pipeline.load import importable, load_pipeline
from seakeep.pipeline.project import Project
from seakeep.pipeline.settings import Settings, load_settings
from seakeep.pipeline.stages import STAGES
from seakeep.pipeline.verbs import find_registry
from seakeep.registry import Registered, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

PIPELINE = "pipeline.py"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote, or would write.

    files: texts by relative path. states: what each path is in the folder, compared with these texts; "left over" ones were
    written by an earlier export and are not wanted any more. next_lines: commands to type next.
    """

    target: str
    name: str
    folder: Path
    files: Mapping[str, str]
    states: Mapping[str, folders.State]
    next_lines: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether the folder holds just these files."""
        return all(state == "same" for state in self.states.values())


def export(
    target: str,
    what: str | Path,
    *,
    to: Path | str,
    settings: Mapping[str, str] | None = None,
    force: str | None = None,
    check: bool = False,
    home: Path | str | None = None,
) -> Exported:
    """Write the files that `target` expects of a project or a release into the folder `to`.

    Parameters: what: a pipeline's file, a folder with a pipeline.py, or what names a release. settings: the target's options by
        name, as text. force: why a release that did not pass is exported all the same; the files are marked with it.
        check: write nothing, say only what is out of date.
    Raises: BadExport; UsageError, for an unknown target; MissingExtra; BadReference; TornRelease; CannotLoad; BadSetting.
    """
    if force is not None and not force.strip():
        raise BadExport.no_reason()
    given, found = dict(settings or {}), Target.of(target)
    subject = _subject(found, what, home=home, force=(force or "").strip())
    subject = replace(subject, name=given.get("name", subject.name))
    options = found.options(given, _shared(subject.settings))
    files = found.files(subject, options)
    folder = Path(to)
    states = folders.states(folder, files, target=found.name)
    lines = tuple(found.next_lines(subject, options))
    exported = Exported(found.name, subject.name, folder, files, states, lines)
    if not check:
        folders.write(folder, files, states, target=found.name)
    return exported


def _shared(settings: Settings) -> dict[str, str]:
    """The [export] settings that stand for options which were not given."""
    values = {key: str(getattr(settings.export, key)) for key in SHARED if hasattr(settings.export, key)}
    for key, value in values.items():
        refuse_secret(f"export.{key} of {settings.file or 'the settings'}", key, value)
    return values


def _subject(target: Target, what: str | Path, *, home: Path | str | None, force: str) -> Subject:
    path = Path(what)
    path = path / PIPELINE if (path / PIPELINE).is_file() else path
    if path.suffix == ".py":
        subject = _of_project(target, path, home=home, force=force)
    else:
        settings = load_settings(Path.cwd())
        release = (
            _of_folder(path, force) if (path / MANIFEST_FILE).is_file() else _named(target, str(what), home, force)
        )
        subject = Subject(release.name, settings, release=release)
    if target.needs == "project" and subject.project is None:
        raise BadExport.needs(target.name, "project", str(what))
    if target.needs == "release" and subject.release is None:
        raise BadExport.needs(target.name, "release", str(what))
    return subject


def _of_project(target: Target, path: Path, *, home: Path | str | None, force: str) -> Subject:
    """A project, with its champion where it has one."""
    project = Project.of(path, arguments={"home": home})
    facts = _facts(project)
    if not project.home.is_dir():
        return Subject(facts.name, project.settings, facts)
    with Registry.existing(project.place) as registry:
        champion = registry.champion(facts.name)
        wanted = champion and (target.needs == "release" or force or champion.release.verdict is Verdict.PASS)
        release = _release(target, registry, champion, force) if champion and wanted else None
    return Subject(facts.name, project.settings, facts, release)


def _facts(project: Project) -> ProjectFacts:
    from seakeep.training.estimators import extra_of

    with importable(project):
        pipeline = load_pipeline(project)
        extra = extra_of(pipeline.estimator)
    schema = pipeline.schema_path(project.file.parent)
    return ProjectFacts(
        file=project.name,
        name=pipeline.name,
        root=project.root,
        code=project.code(),
        spans=pipeline.spans is not None,
        schema_file=schema.relative_to(project.root).as_posix() if schema.is_relative_to(project.root) else schema.name,
        stages=tuple(stage.name for stage in STAGES),
        extras=(extra,) if extra else (),
        requirements=tuple(str(each) for each in pipeline.require),
        data=(pipeline.spans.pattern,) if pipeline.spans else (),
    )


def _named(target: Target, reference: str, home: Path | str | None, force: str) -> ReleaseFacts:
    with find_registry(home) as registry:
        return _release(target, registry, registry.resolve(reference, check=True), force)


def _release(target: Target, registry: Registry, found: Registered, force: str) -> ReleaseFacts:
    facts = _allowed(found.folder, found.version, force)
    if not target.measures:
        return facts
    from seakeep.pipeline.measured import measured_for

    return replace(facts, measured=measured_for(registry, found))


def _of_folder(folder: Path, force: str) -> ReleaseFacts:
    """A release's folder, whatever registry it came from: its version is not known."""
    return _allowed(folder, 0, force)


def _allowed(folder: Path, version: int, force: str) -> ReleaseFacts:
    """The facts of a release that passed, or that is exported for a reason. Raises BadExport; TornRelease."""
    from seakeep.core import Release
    from seakeep.registry.folders import check_folder

    release = Release.load(folder)
    check_folder(folder, release.digest)
    label = f"{release.name}@{version}" if version else f"{release.name} {release.digest[:12]}"
    if release.verdict is not Verdict.PASS and not force:
        raise BadExport.not_passed(label, release.verdict.value)
    forced = "" if release.verdict is Verdict.PASS else force
    return ReleaseFacts(
        label, release.name, version, release.digest, release.verdict, folder, Model.load(folder), forced
    )
