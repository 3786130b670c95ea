"""Loading a pipeline's file: the project's own Python, run once, afresh, to find the one Pipeline it declares.

The file is compiled from its text, not from cached bytecode, and modules of the project that are loaded already are dropped,
since what runs must be what the digest of the sources says. Errors name the line in the project, not in this loader.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError
from seakeep.pipeline.declaration import Pipeline
from seakeep.pipeline.errors import CannotLoad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.project import Project

MODULE = "seakeep_project"


@contextlib.contextmanager
def importable(project: Project) -> Iterator[None]:
    """The project's folders first on the import path, and none of its modules loaded from before.

    Both are put back as they were: another project in this process may have a module of the same name.
    """
    folders = list(dict.fromkeys((str(project.file.parent), str(project.root))))
    before = _forgotten(project.root)
    sys.path[:0] = folders
    try:
        yield
    finally:
        for folder in folders:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)
        _forgotten(project.root)
        sys.modules.update(before)


def load_pipeline(project: Project, *, name: str | None = None) -> Pipeline:
    """The pipeline that the project's file declares. Call it within `importable`.

    Raises: CannotLoad, if the file breaks (naming file and line), or declares none, or several and `name` says not which.
    """
    namespace = _executed(project)
    found = {id(value): value for value in namespace.values() if isinstance(value, Pipeline)}
    by_name = {pipeline.name: pipeline for pipeline in found.values()}
    names = sorted(by_name)
    if not names:
        raise CannotLoad.none(project.file, [key for key in namespace if not key.startswith("_")])
    if name is not None and name not in by_name:
        raise CannotLoad.unnamed(project.file, name, names)
    if name is None and len(found) > 1:
        raise CannotLoad.many(project.file, names)
    return by_name[name or names[0]]


def place_of(error: BaseException, root: Path) -> str | None:
    """The innermost line of the project that an exception went through: "pipeline.py:12 in read_trips"; None for none."""
    if isinstance(error, SyntaxError) and _lies_below(error.filename, root):
        return f"{_relative(error.filename or '', root)}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _lies_below(frame.filename, root)]
    if not frames:
        return None
    inside = f" in {frames[-1].name}" if frames[-1].name != "<module>" else ""
    return f"{_relative(frames[-1].filename, root)}:{frames[-1].lineno}{inside}"


def _executed(project: Project) -> dict[str, object]:
    module = types.ModuleType(MODULE)
    module.__file__ = str(project.file)
    sys.modules[MODULE] = module
    try:
        code = compile(project.file.read_bytes(), str(project.file), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102  (the user's own program, run at the user's word)
    except SeakeepError:
        raise
    except (Exception, SystemExit) as error:
        raise CannotLoad.broke(project.file, place_of(error, project.root) or project.file.name, error) from error
    return module.__dict__


def _forgotten(root: Path) -> dict[str, types.ModuleType]:
    """The project's loaded modules by name, no longer among those that Python knows; the program that runs stays."""
    own = {
        name: module
        for name, module in tuple(sys.modules.items())
        if name != "__main__" and _lies_below(getattr(module, "__file__", None), root)
    }
    for name in own:
        del sys.modules[name]
    return own


def _lies_below(file: str | None, root: Path) -> bool:
    """Whether a file is one of the project's own sources: below its root, and not installed there."""
    if not file:
        return False
    path = Path(file)
    own = path.is_relative_to(root) and "site-packages" not in path.relative_to(root).parts
    return own and not path.is_relative_to(Path(__file__).parents[1])


def _relative(file: str, root: Path) -> str:
    return Path(file).relative_to(root).as_posix()
