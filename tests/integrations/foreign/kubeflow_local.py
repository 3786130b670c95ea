"""Runs a pipeline under kfp's local subprocess runner: kubeflow_local.py pipeline.yaml|pipeline.py ROOT ARGUMENTS.

Run with .platforms/kubeflow. Writes one JSON line last: whether it succeeded, and the seconds that it took.
"""

import importlib.util
import json
import sys
import time
import warnings

warnings.simplefilter("ignore")
from kfp import local  # noqa: E402
from kfp.components import load_component_from_file  # noqa: E402

source, root, arguments = sys.argv[1:]
local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True)
if source.endswith(".py"):
    spec = importlib.util.spec_from_file_location("definition", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    life = module.life
else:
    life = load_component_from_file(source)

began = time.perf_counter()
try:
    life(**json.loads(arguments))
    error = ""
except RuntimeError as failure:
    error = str(failure)
print(json.dumps({"error": error, "seconds": round(time.perf_counter() - began, 2)}))
