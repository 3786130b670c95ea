"""Checks objects of Gateway API and the Prometheus operator against their published CRDs: python crds.py SCHEMAS FILE…

Run by the platform's own Python, which has jsonschema. The npm packages hold the CRDs' OpenAPI schemas as JavaScript objects; here
unknown fields are errors too, as they are to `kubectl apply --validate=strict`. CEL rules are left out. Ends with 1 on an error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import yaml

FOLDERS = {"gateway.networking.k8s.io": "gateway-api", "monitoring.coreos.com": "prometheus-operator"}


def schema_of(schemas: Path, group: str, version: str, kind: str) -> dict:
    """The schema of a kind; its metadata is checked elsewhere."""
    path = schemas / FOLDERS[group] / "package" / group / version / f"{kind}.js"
    text = path.read_text().partition("const schema = ")[2].partition("\n};")[0] + "\n}"
    found = json.loads(text)
    found["properties"]["metadata"] = {"type": "object"}
    return strict(found)


def strict(schema):
    """The schema with every object that lists its fields closed, and `nullable` as JSON Schema writes it."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(item) for key, item in schema.items()}
    if (
        "properties" in found
        and found.get("type") == "object"
        and not found.get("x-kubernetes-preserve-unknown-fields")
    ):
        found.setdefault("additionalProperties", False)
    return {key: item for key, item in found.items() if key not in ("nullable", "default")}


def main(schemas: Path, files: list[Path]) -> int:
    """The number of kinds checked is told, and each error with its path."""
    checked, errors = [], 0
    for value in (value for file in files for value in yaml.safe_load_all(file.read_text()) if value):
        group, _, version = value["apiVersion"].rpartition("/")
        if group not in FOLDERS:
            continue
        checked.append(value["kind"])
        for error in jsonschema.Draft7Validator(schema_of(schemas, group, version, value["kind"])).iter_errors(value):
            errors += 1
            print(f"{value['kind']} {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    print("checked", *sorted(checked))
    return int(errors > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
