"""`python -m seakeep.integrations._slim`: leaves out of a server's image what a server never reads. Run while it is built.

What goes: packages' own tests; stubs, headers and archives for editors and compilers; the tools by which ONNX Runtime makes models and
NumPy extensions. What comes: the bytecode of what a server imports, and of nothing else, since an image that cannot be written to
would compile at every start, and bytecode of everything is a tenth of its size. It changes the environment that it runs in, so it
does nothing outside of /opt/seakeep.
"""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from seakeep.integrations._kube import VENV

TOOLS = tuple(f"onnxruntime/{name}" for name in ("transformers", "quantization", "tools", "backend", "datasets"))
TOOLS += ("numpy/f2py", "numpy/distutils", "numpy/_core/include")
FOR_BUILDERS = ("*.pyi", "*.a", "*.h")
IMPORTED = (
    "seakeep.cli.serve",
    "seakeep.cli._main",
    "seakeep.pipeline.answering",
    "seakeep.serving.health",
    "seakeep.serving.scribe",
    "seakeep.serving.server.app",
    "seakeep.serving.server.run",
    "seakeep.serving.server.processes.parent",
    "seakeep.serving.server.processes.worker",
    "seakeep.serving.runtimes.onnx",
    "seakeep.prediction_log.log",
    "seakeep.data",
    "onnxruntime",
    "polars",
    "prometheus_client",
    "granian.rsgi",
)


def slim(site: Path) -> int:
    """Remove what a server does not read from the folder of packages `site`; returns how many bytes that was."""
    before = size(site)
    for tests in [path for path in site.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests, ignore_errors=True)
    for tools in TOOLS:
        shutil.rmtree(site / tools, ignore_errors=True)
    for pattern in FOR_BUILDERS:
        for file in site.rglob(pattern):
            file.unlink()
    return before - size(site)


def compile_imported(site: Path) -> int:
    """Compile what a server imports, in a process of its own that tells which files those are; returns how many."""
    code = f"import sys, {', '.join(IMPORTED)}; print(*(m.__file__ for m in [*sys.modules.values()] if getattr(m, '__file__', None)), sep=chr(10))"
    found = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True).stdout
    files = [Path(line) for line in found.splitlines() if line.endswith(".py") and Path(line).is_relative_to(site)]
    return sum(compileall.compile_file(file, quiet=1) for file in files)


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Slim this environment. Returns 0, or 3 where it is none of an image."""
    site = Path(sysconfig.get_path("purelib"))
    if not site.is_relative_to(VENV):
        print(f"{site} is not below {VENV}: only an image's own environment is slimmed", file=sys.stderr)
        return 3
    gone, compiled = slim(site), compile_imported(site)
    print(f"left out {gone / 1e6:.1f} MB, compiled {compiled} modules, {size(site) / 1e6:.1f} MB remain")
    return 0


if __name__ == "__main__":
    sys.exit(main())
