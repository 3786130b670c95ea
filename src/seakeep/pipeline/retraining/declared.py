"""What a pipeline's file declares, as far as a service needs it, found without running the file in the service's own process.

The file is the user's program and may load anything. It is run in a process of its own, once for each state of the project's
sources; what it said is kept in the registry by their digest, so that a look at nothing new starts no process.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import BadDocument, from_plain, to_json
from seakeep.core.errors import SeakeepError
from seakeep.pipeline.project import Project
from seakeep.pipeline.retraining.child import call
from seakeep.pipeline.spans import Spans  # noqa: TC001  (read by the codec)

if TYPE_CHECKING:
    from seakeep.registry import Registry

KIND = "declared"
_LIMIT_SECONDS = 300.0


class CannotDeclare(SeakeepError):
    """What a pipeline's file declares cannot be found."""

    @classmethod
    def broke(cls, project: Project, trouble: str) -> CannotDeclare:
        return cls(
            f"the pipeline's file cannot be looked at: {trouble}",
            where=str(project.file),
            cause="The file, or something that it imports, breaks when it is run.",
            fix=f"See it whole: seakeep run {project.file} --stage read",
            path=project.file,
            trouble=trouble,
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """name: of the pipeline. schema: path of its contract. spans: None where it has none. code: digest of the sources."""

    name: str
    schema: str
    spans: Spans | None
    code: str


def declared(project: Project, registry: Registry, *, name: str | None = None) -> Declared:
    """What the project's file declares now. name: which pipeline, where it has several. Raises CannotDeclare."""
    code, key = project.code(), f"{project.file}{f':{name}' if name else ''}"
    kept = registry.documents.get(KIND, key)
    if kept is not None:
        with contextlib.suppress(BadDocument):
            found = from_plain(Declared, kept.content)
            if found.code == code:
                return found
    ended = call([str(project.file), *([name] if name else [])], limit_seconds=_LIMIT_SECONDS, module=__name__)
    if ended.code != 0 or ended.answer is None:
        raise CannotDeclare.broke(project, "it takes too long" if ended.overdue else ended.trouble)
    found = from_plain(Declared, {**ended.answer, "code": code})
    registry.documents.put(KIND, key, found, expected=kept.revision if kept else 0)
    return found


def main(file: str, name: str | None = None) -> None:
    """Write what a file declares as JSON; what its own code prints goes to standard error."""
    from seakeep.pipeline.load import importable, load_pipeline

    project = Project.of(file)
    with contextlib.redirect_stdout(sys.stderr), importable(project):
        pipeline = load_pipeline(project, name=name)
    schema = pipeline.schema_path(project.file.parent)
    spans = asdict(pipeline.spans) if pipeline.spans else None
    sys.stdout.write(to_json({"name": pipeline.name, "schema": str(schema), "spans": spans}))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SeakeepError as error:
        sys.exit(f"{type(error).__name__}: {error.found}{f' ({error.where})' if error.where else ''}")
