"""Holds exported files to the clouds' published types; run with .platforms/clouds: vertex|azure_ml FOLDER."""

import json
import sys
from pathlib import Path


def vertex(folder):
    """The requests of the REST API as protobuf messages; an unknown field raises."""
    from google.cloud.aiplatform_v1 import types

    read = {
        "upload-model.json": types.UploadModelRequest,
        "create-endpoint.json": types.Endpoint,
        "deploy-model.json": types.DeployModelRequest,
    }
    return {name: kind.to_dict(kind.from_json((folder / name).read_text())) for name, kind in read.items()}


def plain(route):
    return {"path": route.path, "port": int(route.port)}


def azure_ml(folder):
    """The YAML as azure-ai-ml loads it, by its own schema."""
    from azure.ai.ml import load_online_deployment, load_online_endpoint

    loaded = {
        "endpoint.yml": load_online_endpoint(folder / "endpoint.yml"),
        "traffic.yml": load_online_endpoint(folder / "traffic.yml"),
        "deployment.yml": load_online_deployment(folder / "deployment.yml"),
    }
    return {name: type(one).__name__ for name, one in loaded.items()} | {
        "traffic": loaded["traffic.yml"].traffic,
        "scoring": plain(loaded["deployment.yml"].environment.inference_config.scoring_route),
        "variables": loaded["deployment.yml"].environment_variables,
    }


print(json.dumps({"vertex": vertex, "azure_ml": azure_ml}[sys.argv[1]](Path(sys.argv[2])), default=str))
