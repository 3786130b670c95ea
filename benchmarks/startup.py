"""What does opening the door cost? `import seakeep`, `seakeep --help`, `seakeep releases`: seconds and modules, medians.

Usage: python benchmarks/startup.py [--repeat 21]

Seconds are of whole processes, less the bare interpreter's for the imports. Targets: import 0.1 s, --help 0.3 s. Modules are
the figure that does not depend on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

HEAVY = (
    "polars",
    "numpy",
    "onnx",
    "onnxruntime",
    "sklearn",
    "lightgbm",
    "pandas",
    "pyarrow",
    "rich",
    "granian",
    "jinja2",
)
CASES = {
    "interpreter alone": "pass",
    "import seakeep": "import seakeep",
    "seakeep.Pipeline": "import seakeep; seakeep.Pipeline",
    "seakeep.Registry": "import seakeep; seakeep.Registry",
    "seakeep --help": "from seakeep.cli._main import code_of; code_of(['--help'])",
    "seakeep run --help": "from seakeep.cli._main import code_of; code_of(['run', '--help'])",
}
TELL = f"\nimport sys; print(len(sys.modules), *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=21)
    repeat = parser.parse_args().repeat
    print(f"{'':<20} {'median s':>9} {'best s':>8} {'modules':>8}  heavy libraries")
    for name, code in CASES.items():
        told = subprocess.run([sys.executable, "-c", code + TELL], check=True, capture_output=True, text=True)
        modules, *heavy = told.stderr.split()
        taken = [seconds(code) for _ in range(repeat)]
        print(
            f"{name:<20} {statistics.median(taken):9.3f} {min(taken):8.3f} {modules:>8}  {', '.join(heavy) or 'none'}"
        )


def seconds(code: str) -> float:
    """Wall seconds of one process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
