"""Holds YAML files to the typed models of Katib, Kubeflow Trainer and Argo Workflows; run with .platforms/kubeflow-models.

The models ignore what they do not know, so each document is read into its model and written back, and whatever is lost on the
way is a field that the system does not have. Writes one line for each; ends with 1 where there is any.
"""

import pathlib
import sys

import yaml
from hera.workflows import models as argo
from kubeflow_katib_api import models as katib
from kubeflow_trainer_api import models as trainer

MODELS = {
    "Experiment": katib.V1beta1Experiment,
    "Job": trainer.IoK8sApiBatchV1Job,
    "TrainJob": trainer.TrainerV1alpha1TrainJob,
    "TrainingRuntime": trainer.TrainerV1alpha1TrainingRuntime,
    "WorkflowTemplate": argo.WorkflowTemplate,
    "CronWorkflow": argo.CronWorkflow,
}


def lost(given, kept, place=""):
    """What is in `given` and not in `kept`, by its path."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key not in kept:
                yield f"{place}.{key}"
            else:
                yield from lost(value, kept[key], f"{place}.{key}")
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for number, (value, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(value, other, f"{place}[{number}]")
    elif given != kept:
        yield f"{place}: {given!r} became {kept!r}"


def wrong(document):
    """Fields of a document that its kind does not have. Katib takes a trial as it is, so it is held to its own kind."""
    model = MODELS[document["kind"]]
    if model.__module__.startswith("hera."):
        kept = model.model_validate(document).model_dump(by_alias=True, exclude_unset=True, mode="json")
    else:
        kept = model.from_dict(document).to_dict()
    yield from (f"{document['kind']}{path}" for path in lost(document, kept))
    if document["kind"] == "Experiment":
        yield from wrong(document["spec"]["trialTemplate"]["trialSpec"])


found = []
for path in sys.argv[1:]:
    with pathlib.Path(path).open() as file:
        for each in yaml.safe_load_all(file):
            found += [f"{path}: {line}" for line in wrong(each)]
print("\n".join(found) or "nothing is lost")
sys.exit(bool(found))
