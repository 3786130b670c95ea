"""python -m seakeep.testing.inference_server URL --model NAME [--grpc HOST:PORT] [--example FILE] [--header NAME:VALUE] [--json]

Exit code 0: all is held; 1: a must is broken; 2: a should is, or something could not be found out; 3: nothing answers.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from seakeep.core.codec import to_json
from seakeep.core.errors import SeakeepError, UsageError
from seakeep.testing.inference_server import check_inference_server
from seakeep.testing.inference_server.requirement import Unknown
from seakeep.testing.inference_server.tensors import read_example

_USAGE = 3


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    options = _parser().parse_args(arguments)
    try:
        report = check_inference_server(
            options.url,
            model=options.model,
            grpc=options.grpc,
            example=_example(options.example),
            headers=dict(_header(text) for text in options.header),
        )
    except SeakeepError as error:
        print(error, file=sys.stderr)
        return _USAGE
    if options.json:
        print(json.dumps({"verdict": report.verdict.value, **json.loads(to_json(report))}, indent=1))
        return report.verdict.exit_code
    for check in report.checks:
        result, severity = check.evidence["result"], check.evidence["severity"]
        print(f"{result:8} {severity:7} {check.subject:40} {check.message}")
    for name, why in report.table("not_offered").rows:
        print(f"{'-':8} {'':7} {name:40} {why}")
    print(f"{report.verdict.value}: {sum(not check.fix for check in report.checks)} of {len(report.checks)} are held")
    return report.verdict.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seakeep.testing.inference_server", description="Hold a server to the Open Inference Protocol."
    )
    parser.add_argument("url", help="of the server's root, for example http://127.0.0.1:8080")
    parser.add_argument("--model", required=True, help="name of a model that it serves")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="judge gRPC there, too")
    parser.add_argument("--example", type=Path, metavar="FILE", help="JSON with inputs of one row that the model takes")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE", help="sent with each request")
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    return parser


def _example(path: Path | None) -> list[dict[str, object]] | None:
    if path is None:
        return None
    try:
        return read_example(path.read_text(encoding="utf-8"))
    except (OSError, Unknown) as error:
        raise UsageError(
            f"the example {path} cannot be used: {error}",
            cause="It is the list of inputs of one row, as a request has them.",
            fix='Write [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1.5]}] into it.',
        ) from None


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


if __name__ == "__main__":
    sys.exit(main())
