"""Holds YAML files to the typed models of kserve and kubernetes; run with .platforms/kserve.

The models ignore what they do not know, so every field is looked up in the model's own list, and every object is made, which
refuses what must not be absent. Writes one line for each fault; ends with 1 where there is any.
"""

import re
import sys
from pathlib import Path

import kserve
import yaml
from kubernetes import client

KINDS = {
    "InferenceService": "V1beta1InferenceService",
    "ServingRuntime": "V1alpha1ServingRuntime",
    "ClusterServingRuntime": "V1alpha1ClusterServingRuntime",
}
PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


def wrong(kind, value, place):
    """What is wrong with a value that should be of `kind`, by its place."""
    if found := re.fullmatch(r"(?:[Ll]ist\[|[Dd]ict[(\[]str, )(.+)[\])]", kind):
        items = value.items() if kind[0] in "dD" else enumerate(value)
        for key, item in items:
            yield from wrong(found[1], item, f"{place}[{key}]")
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{place}: {value!r} is no {kind}"
    else:
        yield from of_model(getattr(kserve, kind, None) or getattr(client, kind), value, place)


def of_model(model, value, place):
    names = {there: here for here, there in model.attribute_map.items()}
    for key, item in value.items():
        if key not in names:
            yield f"{place}.{key} is no field of {model.__name__}"
        else:
            yield from wrong(model.openapi_types[names[key]], item, f"{place}.{key}")
    try:
        model(**{names[key]: item for key, item in value.items() if key in names})
    except (ValueError, TypeError) as error:
        yield f"{place}: {error}"


found = []
for path in sys.argv[1:]:
    with Path(path).open() as file:
        for each in yaml.safe_load_all(file):
            found += wrong(KINDS[each["kind"]], each, each["kind"])
print("\n".join(found) or "nothing is wrong")
sys.exit(bool(found))
