"""gRPC: every call of the protocol over the wire, what it refuses and in which words, and that all of it is on the same record."""

from __future__ import annotations

import json
import math
import struct
import threading

import grpc
import pytest

from seakeep.serving.server.grpc.messages import HEALTH, SERVICE, messages

KINDS = messages()
REFUSED = "seakeep-refusal-bin"


class Client:
    """Asks over one channel, with messages as bytes or as protobuf's."""

    def __init__(self, address, model="flights"):
        self.channel, self.model = grpc.insecure_channel(address), model

    def call(self, method, kind, answer, *, service=SERVICE, metadata=(), timeout=20, **fields):
        ask = self.channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message if isinstance(message, bytes) else message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return ask(kind if isinstance(kind, bytes) else kind(**fields), metadata=metadata, timeout=timeout)

    def infer(self, message, **more):
        return self.call("ModelInfer", message.SerializeToString(), KINDS.InferResponse, **more)

    def refused(self, message, **more):
        """Status, words and the whole refusal."""
        with pytest.raises(grpc.RpcError) as caught:
            self.call(
                "ModelInfer",
                message if isinstance(message, bytes) else message.SerializeToString(),
                KINDS.InferResponse,
                **more,
            )
        told = dict(caught.value.trailing_metadata())
        return caught.value.code().name, caught.value.details(), json.loads(told.get(REFUSED, b"{}"))


@pytest.fixture(scope="module")
def served(start, folders, tmp_path_factory):
    """A server with gRPC, its predictions on record."""
    home = tmp_path_factory.mktemp("home")
    arguments = ("--grpc", "127.0.0.1:0", "--home", home, "--row-limit", "20000", "--body-limit-bytes", "4000000")
    with start(*folders.values(), *arguments) as running:
        running.grpc = running.process.stdout.readline().decode().strip().removeprefix("grpc://")
        yield running


@pytest.fixture(scope="module")
def client(served):
    return Client(served.grpc)


VALUES = {
    "distance": ("FP64", [1400.0]),
    "seats": ("INT64", [149]),
    "night": ("BOOL", [True]),
    "carrier": ("BYTES", ["AA"]),
    "scheduled": ("INT64", [1_380_604_500_000_000]),
}
FIELDS = {
    "FP64": "fp64_contents",
    "FP32": "fp32_contents",
    "INT64": "int64_contents",
    "INT32": "int_contents",
    "BOOL": "bool_contents",
    "BYTES": "bytes_contents",
}
LETTERS = {"FP64": "d", "FP32": "f", "INT64": "q", "INT32": "i", "BOOL": "?", "FP16": "e"}


def as_bytes(datatype, values):
    """Raw contents, written here by hand."""
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(one.encode())) + one.encode() for one in values)
    return struct.pack(f"<{len(values)}{LETTERS[datatype]}", *values)


def asking(raw=False, model="flights", **changes):
    """A request for one row, its inputs changed by name; None leaves one out."""
    request = KINDS.InferRequest(model_name=model)
    for name, (datatype, values) in {**VALUES, **changes}.items():
        if datatype is None:
            continue
        tensor = request.inputs.add(name=name, datatype=datatype, shape=[len(values)])
        if raw:
            request.raw_input_contents.append(as_bytes(datatype, values))
        else:
            own = [one.encode() for one in values] if datatype == "BYTES" else values
            getattr(tensor.contents, FIELDS[datatype]).extend(own)
    return request


def scores(answer):
    """The probabilities, whichever way they came."""
    if answer.raw_output_contents:
        return list(struct.unpack(f"<{len(answer.raw_output_contents[0]) // 4}f", answer.raw_output_contents[0]))
    return list(answer.outputs[0].contents.fp32_contents)


def as_json(served, tensors):
    return served.infer({"inputs": tensors})[1]["outputs"][0]["data"]


def test_health_and_metadata_are_told(client):
    assert client.call("ServerLive", KINDS.Empty, KINDS.Live).live
    assert client.call("ServerReady", KINDS.Empty, KINDS.Ready).ready
    assert client.call("ModelReady", KINDS.Named, KINDS.Ready, name="flights").ready
    assert client.call("ServerMetadata", KINDS.Empty, KINDS.ServerMetadata).name == "seakeep"
    for service, status in (("", 1), (SERVICE, 1), ("flights", 1)):
        answer = client.call("Check", KINDS.HealthRequest, KINDS.HealthResponse, service=HEALTH)
        assert answer.status == status, service


def test_a_models_metadata_are_those_of_http(served, client):
    told = client.call("ModelMetadata", KINDS.Named, KINDS.ModelMetadata, name="flights")
    page = served.ask("GET", "/v2/models/flights")[2]
    assert (told.name, told.platform, list(told.versions)) == (page["name"], page["platform"], page["versions"])
    for side in ("inputs", "outputs"):
        tensors = [
            {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)} for one in getattr(told, side)
        ]
        assert tensors == page[side]


@pytest.mark.parametrize("raw", [False, True])
def test_an_answer_is_that_of_http_to_the_bit_and_comes_the_way_it_was_asked(served, client, tensors, raw):
    for _ in range(3):  # from the second on by its layout
        answer = client.infer(asking(raw))
        assert scores(answer) == as_json(served, tensors)
        assert bool(answer.raw_output_contents) is raw
        assert answer.parameters["release"].string_param
        assert answer.parameters["prediction_id"].string_param


def test_an_id_outputs_and_a_version_are_heeded(client):
    version = client.call("ModelMetadata", KINDS.Named, KINDS.ModelMetadata, name="flights").versions[0]
    request = asking()
    request.id, request.model_version = "mine", version
    request.outputs.add(name="label")
    answer = client.infer(request)
    assert (answer.id, answer.model_version, [one.name for one in answer.outputs]) == ("mine", version, ["label"])


@pytest.mark.parametrize("raw", [False, True])
def test_nan_is_jsons_null_and_an_infinity_is_refused(client, served, tensors, raw):
    null = as_json(served, [{**one, "data": [None]} if one["name"] == "distance" else one for one in tensors])
    version = client.infer(asking(raw)).model_version
    series = f'seakeep_missing_values_total{{column="distance",model="flights",version="{version}"}}'
    before = served.metrics()[series]
    assert scores(client.infer(asking(raw, distance=("FP64", [math.nan])))) == null
    assert served.metrics()[series] == before + 1
    assert client.refused(asking(raw, distance=("FP64", [math.inf])))[2]["code"] == "wrong_value"


def test_an_absent_tensor_is_refused(client):
    assert client.refused(asking(distance=(None, [])))[2]["code"] == "missing_input"


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("rows", [2, 40, 700])
def test_rows_keep_their_order(served, client, rows, raw):
    many = {name: (kind, values * rows) for name, (kind, values) in VALUES.items()}
    many["distance"] = ("FP64", [100.0 + row for row in range(rows)])
    found = scores(client.infer(asking(raw, **many)))
    data = [{"name": name, "shape": [rows], "datatype": kind, "data": values} for name, (kind, values) in many.items()]
    assert found == as_json(served, data)


def bad(change):
    request = asking()
    change(request)
    return request


REFUSALS = {
    "no_model": (lambda r: setattr(r, "model_name", ""), "NOT_FOUND", "unknown_model"),
    "another_model": (lambda r: setattr(r, "model_name", "../flight"), "NOT_FOUND", "unknown_model"),
    "version": (lambda r: setattr(r, "model_version", "999"), "NOT_FOUND", "unknown_version"),
    "name": (lambda r: setattr(r.inputs[0], "name", "distanse"), "INVALID_ARGUMENT", "unknown_input"),
    "twice": (lambda r: r.inputs.append(r.inputs[0]), "INVALID_ARGUMENT", "duplicate_input"),
    "datatype": (lambda r: setattr(r.inputs[0], "datatype", "BYTES"), "INVALID_ARGUMENT", "wrong_datatype"),
    "no_datatype": (lambda r: setattr(r.inputs[0], "datatype", ""), "INVALID_ARGUMENT", "wrong_datatype"),
    "shape": (lambda r: r.inputs[0].shape.append(7), "INVALID_ARGUMENT", "wrong_shape"),
    "huge_shape": (lambda r: r.inputs[0].shape.__setitem__(0, 2**62), "INVALID_ARGUMENT", "wrong_shape"),
    "negative_shape": (lambda r: r.inputs[0].shape.__setitem__(0, -1), "INVALID_ARGUMENT", "wrong_shape"),
    "no_shape": (lambda r: r.inputs[0].ClearField("shape"), "INVALID_ARGUMENT", "wrong_shape"),
    "no_values": (lambda r: r.inputs[0].ClearField("contents"), "INVALID_ARGUMENT", "wrong_shape"),
    "nothing": (lambda r: r.ClearField("inputs"), "INVALID_ARGUMENT", "missing_input"),
    "output": (lambda r: r.outputs.add(name="nope"), "INVALID_ARGUMENT", "unknown_output"),
    "half_raw": (lambda r: r.raw_input_contents.append(b"12345678"), "INVALID_ARGUMENT", "wrong_structure"),
    "raw_twice": (lambda r: r.raw_input_contents.extend([b"12345678"] * 5), "INVALID_ARGUMENT", "wrong_structure"),
    "utf8": (
        lambda r: r.inputs[3].contents.bytes_contents.__setitem__(0, b"\xff"),
        "INVALID_ARGUMENT",
        "wrong_value",
    ),
    "key": (
        lambda r: setattr(r.parameters["key"], "string_param", "k" * 600),
        "INVALID_ARGUMENT",
        "wrong_key",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_client_mistake_has_its_status_its_code_and_words(client, case):
    change, status, code = REFUSALS[case]
    found, words, refusal = client.refused(bad(change))
    assert (found, refusal["code"]) == (status, code)
    assert refusal["error"] in words
    assert refusal["fix"].rstrip(".") in words


def test_bytes_that_are_no_message_are_refused(client):
    for body in (b"\xff\xff\xff", b"\x0a\x07fli", asking().SerializeToString()[:-3]):
        assert client.refused(body)[0] in ("INVALID_ARGUMENT", "NOT_FOUND")
    assert client.refused(asking().SerializeToString()[:-3])[2]["code"] == "malformed_protobuf"


def test_raw_values_that_are_cut_or_too_many_are_refused(client):
    for place, raw in ((0, b"1234567"), (3, b"\x05\x00\x00\x00AA"), (3, b"\x01\x00"), (0, b"")):
        request = asking(raw=True)
        request.raw_input_contents[place] = raw
        assert client.refused(request)[2]["code"] == "wrong_shape"


def test_a_known_layout_reads_no_other_message(served, client, tensors):
    """Same length, other bytes: values change, names and tags do not pass for values."""
    for _ in range(2):
        client.infer(asking(raw=True, carrier=("BYTES", ["AA"])))
    night = as_json(served, [{**one, "data": [False]} if one["name"] == "night" else one for one in tensors])
    assert scores(client.infer(asking(raw=True, night=("BOOL", [False])))) == night
    swapped = asking(raw=True)
    swapped.inputs[0].name, swapped.inputs[1].name = "seats", "distance"
    assert client.refused(swapped)[2]["code"] == "wrong_datatype"


def test_too_much_is_refused_and_the_next_call_is_answered(client):
    many = {name: (kind, values * 20_001) for name, (kind, values) in VALUES.items()}
    assert client.refused(asking(raw=True, **many))[0] == "RESOURCE_EXHAUSTED"
    huge = asking()
    huge.id = "x" * 5_000_000
    code, words, _ = client.refused(huge)
    assert code == "RESOURCE_EXHAUSTED"
    assert "4000000" in words
    assert client.infer(asking())


def test_a_method_that_does_not_exist_is_unimplemented(client):
    with pytest.raises(grpc.RpcError) as caught:
        client.call("ModelConfig", KINDS.Empty, KINDS.Empty)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_deadline_that_cannot_be_kept_is_told(client):
    late = client.refused(asking(), metadata=[("seakeep-timeout-ms", "0.0001")])
    assert (late[0], late[2]["code"]) == ("DEADLINE_EXCEEDED", "too_late")
    assert client.infer(asking(), timeout=5)


def test_answers_are_never_mixed_between_callers(served):
    """Sixteen channels beside each other, each asks of its own distances."""
    wrong = []

    def ask(own):
        client = Client(served.grpc)
        for number in range(25):
            request = asking(raw=number % 2 == 0, distance=("FP64", [100.0 * own + number]))
            request.id = f"{own}-{number}"
            answer = client.infer(request)
            if answer.id != request.id or scores(answer) != expected[own, number]:
                wrong.append((own, number))

    rows = [(own, number) for own in range(16) for number in range(25)]
    many = {name: (kind, values * len(rows)) for name, (kind, values) in VALUES.items()}
    many["distance"] = ("FP64", [100.0 * own + number for own, number in rows])
    flat = scores(Client(served.grpc).infer(asking(raw=True, **many)))
    expected = {row: flat[2 * place : 2 * place + 2] for place, row in enumerate(rows)}
    threads = [threading.Thread(target=ask, args=(own,)) for own in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_calls_are_counted_with_those_of_http(served, client):
    version = client.infer(asking()).model_version
    series = f'seakeep_requests_total{{model="flights",role="pinned",status="%d",version="{version}"}}'
    before = served.metrics()
    client.infer(asking())
    client.refused(asking(distance=(None, [])))
    after = served.metrics()
    assert after[series % 200] == before[series % 200] + 1
    assert after[series % 400] == before.get(series % 400, 0) + 1


@pytest.mark.slow
def test_calls_that_send_nothing_are_ended_and_keep_nobody_from_an_answer(start, folders):
    with start(folders["flights"], "--grpc", "127.0.0.1:0", "--read-seconds", "1") as server:
        address = server.process.stdout.readline().decode().strip().removeprefix("grpc://")
        over, client = threading.Event(), Client(address)

        def nothing():
            over.wait(20)
            yield from ()

        stuck = client.channel.stream_unary(f"/{SERVICE}/ModelInfer")
        calls = [stuck.future(nothing()) for _ in range(80)]
        assert client.infer(asking(), timeout=5)
        assert {call.code() for call in calls} == {grpc.StatusCode.CANCELLED}
        over.set()
        assert client.infer(asking(), timeout=5)


def test_a_call_without_a_message_is_refused(client):
    empty = client.channel.stream_unary(f"/{SERVICE}/ModelInfer")
    with pytest.raises(grpc.RpcError) as caught:
        empty(iter(()), timeout=5)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
