"""How the servers keep the Open Inference Protocol: the suite of seakeep.testing for Seakeep, MLServer and KServe's server, as a table.

Usage: python benchmarks/serving/conformance.py [--only seakeep,kserve] >table.md     (after scripts/serving-peers)
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from model import COLUMNS, made
from servers import started

from seakeep.testing import check_inference_server

SERVERS = ("seakeep", "mlserver", "kserve")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SERVERS))
    names = parser.parse_args().only.split(",")
    results, sentences = {}, {}
    for name in names:
        results[name], own = judged(name)
        sentences |= own
    print("| requirement | | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    for requirement, severity in sentences.items():
        cells = (results[name].get(requirement, "not offered") for name in names)
        print(f"| `{requirement}` | {severity} | " + " | ".join(cells) + " |")


def judged(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Results and severities by requirement."""
    inputs = [{"name": column, "shape": [1], "datatype": "FP64", "data": [5.0]} for column in COLUMNS]
    with tempfile.TemporaryDirectory() as scratch:
        body = json.dumps({"inputs": inputs}).encode()
        with started(name, made() / "flights", body, scratch=Path(scratch)) as server:
            address = f"http://127.0.0.1:{server.port}"
            grpc = f"127.0.0.1:{server.grpc}"
            report = check_inference_server(address, model="flights", grpc=grpc, example=inputs)
    told = {"held": "held", "broken": "**broken**", "unknown": "open"}
    results = {check.subject: told[str(check.evidence["result"])] for check in report.checks}
    return results, {check.subject: str(check.evidence["severity"]) for check in report.checks}


if __name__ == "__main__":
    main()
