"""Amazon SageMaker: a release as a CloudFormation stack of model, endpoint configuration and endpoint.

A canary is a second production variant with its share of the weights, beside the variant of the image that answers now. The image
starts as `serve`, which is its default, and answers /ping and /invocations (dialect `sagemaker`). No key is written: the role that
the containers run as is a parameter of the stack. SageMaker's documents expect containers to run as root; a server does not, and
reads and writes nothing below /opt/ml.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-endpointconfig.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from seakeep.integrations import _clouds
from seakeep.integrations import _kube as kube
from seakeep.integrations._options import REFERENCE, check_forms, check_range
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
_TIMES = {"ModelDataDownloadTimeoutInSeconds": 60, "ContainerStartupHealthCheckTimeoutInSeconds": 120}


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the endpoint, where the release's is no legal one. image: registry and name of the images, in ECR (default:
    export.image). server_digest: of the pushed image. champion_image: that answers now; with it this release is a canary.
    canary_percent: of the requests that go to this release then. instance: type of the machines. instances: how many of each variant.
    capture_uri: s3://… where SageMaker writes requests and answers; empty for nowhere. capture_percent: of them.
    """

    name: str = ""
    image: str = ""
    server_digest: str = ""
    champion_image: str = ""
    canary_percent: int = 5
    instance: str = "ml.c6i.large"
    instances: int = 1
    capture_uri: str = ""
    capture_percent: int = 100


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """`template.yaml`.

    Raises: BadExport, for an illegal name or no image; BadTarget, for options that make no sense.
    """
    _check(options)
    head = kube.warning(subject) + "Deploy with: aws cloudformation deploy, see the parameters below."
    return {"template.yaml": document(template(subject, options), head=head)}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    deploy = f"aws cloudformation deploy --stack-name {subject.slug} --template-file template.yaml"
    return (
        f"build and push {options.image}-server first: seakeep export container …",
        f"{deploy} --parameter-overrides ExecutionRole=arn:aws:iam::ACCOUNT:role/ROLE",
        f"aws sagemaker-runtime invoke-endpoint --endpoint-name {subject.slug} --content-type text/csv --body fileb://rows.csv answer.csv",
    )


def template(subject: Subject, options: Options) -> dict[str, Any]:
    """The stack. Resources that cannot be changed have no names of their own, so that an update makes new ones beside them."""
    images = {CHAMPION: options.champion_image or _own_image(subject, options)}
    if options.champion_image:
        images[CHALLENGER] = _own_image(subject, options)
    resources: dict[str, Any] = {}
    for role, image in images.items():
        is_other = role == CHAMPION and bool(options.champion_image)
        resources[_model_name(role)] = _model(subject, image, role=role, is_other=is_other)
    resources["Configuration"] = {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Properties": {
            "ProductionVariants": [_variant(role, options, alone=len(images) == 1) for role in images],
            **_capture(options),
            "Tags": _tags(subject),
        },
    }
    resources["Endpoint"] = {
        "Type": "AWS::SageMaker::Endpoint",
        "Properties": {
            "EndpointName": subject.slug,
            "EndpointConfigName": {"Fn::GetAtt": ["Configuration", "EndpointConfigName"]},
            "Tags": _tags(subject),
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _clouds.description(subject)[:1024],
        "Parameters": _parameters(options),
        "Resources": resources,
        "Outputs": {"EndpointName": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}}},
    }


def _parameters(options: Options) -> dict[str, Any]:
    role = {
        "Type": "String",
        "Description": "ARN of the role that the containers run as.",
        "AllowedPattern": "^arn:aws[a-z-]*:iam::\\d{12}:role/.+$",
    }
    return {
        "ExecutionRole": role,
        "InstanceType": {"Type": "String", "Default": options.instance, "Description": "Of the machines."},
        "InstanceCount": {
            "Type": "Number",
            "Default": options.instances,
            "MinValue": 1,
            "Description": "Of each variant.",
        },
    }


def _model(subject: Subject, image: str, *, role: str, is_other: bool) -> dict[str, Any]:
    """A model. is_other: whether it is the image that answers now, which knows its version itself."""
    settings = _clouds.variables(subject, role=role, dialect="sagemaker")
    if is_other:
        del settings["SEAKEEP_SERVE_VERSION"]
    return {
        "Type": "AWS::SageMaker::Model",
        "Properties": {
            "ExecutionRoleArn": {"Ref": "ExecutionRole"},
            "PrimaryContainer": {"Image": image, "Environment": settings},
            "Tags": [] if is_other else _tags(subject),
        },
    }


def _variant(role: str, options: Options, *, alone: bool) -> dict[str, Any]:
    share = options.canary_percent if role == CHALLENGER else 100 - options.canary_percent
    return {
        "VariantName": role,
        "ModelName": {"Fn::GetAtt": [_model_name(role), "ModelName"]},
        "InitialVariantWeight": 1 if alone else share / 100,
        "InitialInstanceCount": {"Ref": "InstanceCount"},
        "InstanceType": {"Ref": "InstanceType"},
        **_TIMES,
    }


def _capture(options: Options) -> dict[str, Any]:
    if not options.capture_uri:
        return {}
    return {
        "DataCaptureConfig": {
            "EnableCapture": True,
            "InitialSamplingPercentage": options.capture_percent,
            "DestinationS3Uri": options.capture_uri,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {
                "JsonContentTypes": ["application/json", "application/jsonlines"],
                "CsvContentTypes": ["text/csv"],
            },
        }
    }


def _tags(subject: Subject) -> list[dict[str, str]]:
    notes = kube.notes(subject.release) | {"app.kubernetes.io/part-of": "seakeep"}
    return [{"Key": key.rpartition("/")[2], "Value": _legal(value)} for key, value in notes.items()]


def _legal(text: str) -> str:
    """A tag's value: at most 256 characters, of those that AWS takes."""
    return "".join(sign if sign.isalnum() or sign in " _.:/=+-@" else " " for sign in text)[:256]


def _model_name(role: str) -> str:
    return f"{role.capitalize()}Model"


def _own_image(subject: Subject, options: Options) -> str:
    return kube.server_image("sagemaker", options.image, _clouds.release_of(subject), digest=options.server_digest)


def _check(options: Options) -> None:
    check_forms(
        "sagemaker",
        options,
        {
            "champion_image": (f"({REFERENCE})?", "an image with its registry, name and tag"),
            "instance": (r"ml\.[a-z0-9-]+\.[a-z0-9-]+", "a type of machine, for example ml.c6i.large"),
            "capture_uri": (r"(s3://\S+)?", "a place that begins with s3://"),
        },
    )
    check_range("sagemaker", options, "canary_percent", 0, 100)
    check_range("sagemaker", options, "capture_percent", 0, 100)
    check_range("sagemaker", options, "instances", 1, 1000)
