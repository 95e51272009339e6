"""The suite in a generated Python client: client.py PARTS, the parts as JSON; prints one line for each case."""
import json
import os
import sys
import time
import uuid

import grpc

# Generated code has a package `grpc` of its own, for reflection, beside the library of that name.
grpc.__path__.extend(os.path.join(path, "grpc") for path in sys.path)

from google.rpc import error_details_pb2, status_pb2
from grpc.reflection.v1 import reflection_pb2, reflection_pb2_grpc
from health.v1 import health_pb2, health_pb2_grpc
from progression.v1 import common_pb2, progression_service_pb2 as api, progression_service_pb2_grpc
from progression.v1 import user_service_pb2, user_service_pb2_grpc

PARTS = json.loads(sys.argv[1])
SERVICE_CONFIG = "proto/progression/v1/service_config.json"
PATIENCE_S = 10

channel = grpc.insecure_channel(PARTS["address"])
progressions = progression_service_pb2_grpc.ProgressionServiceStub(channel)
users = user_service_pb2_grpc.UserServiceStub(channel)


def metadata(request_id=None):
    entries = [("x-account-id", PARTS["accountId"])]
    return entries + [("idempotency-key", request_id)] if request_id else entries


def new_id():
    return str(uuid.uuid4())


def session(user_id, **changes):
    fields = {"session_id": new_id(), "day_slug": "a", "week_number": 1, "lifts_performed": [PARTS["liftId"]]}
    return api.HandleSessionCompleteRequest(user_id=user_id, session=api.Session(**{**fields, **changes}))


def complete(request, request_id, timeout=PATIENCE_S):
    return progressions.HandleSessionComplete(request, timeout=timeout, metadata=metadata(request_id))


def complete_in_bytes(request, request_id):
    """The answer as it came over the wire, and whether it is a replay."""
    method = channel.unary_unary("/progression.v1.ProgressionService/HandleSessionComplete")
    answer, call = method.with_call(
        request.SerializeToString(), timeout=PATIENCE_S, metadata=metadata(request_id)
    )
    return answer, ("idempotency-replayed", "true") in call.initial_metadata()


def refusal_of(work):
    """The code of a failed call and its details, by the names of their types."""
    try:
        work()
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata() or [])
        status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        details = {}
        for packed in status.details:
            name = packed.TypeName().split(".")[-1]
            details[name] = getattr(error_details_pb2, name)()
            assert packed.Unpack(details[name])
        return error.code(), details
    raise AssertionError("the call was answered")


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def call():
    outcome = complete(session(PARTS["userId"]), new_id()).outcome
    equal(outcome.trigger_type, common_pb2.TRIGGER_TYPE_AFTER_SESSION)
    equal((outcome.total_applied, outcome.total_skipped), (1, 0))
    [result] = outcome.results
    equal((result.applied, result.delta, result.lift_id), (True, "2.5", PARTS["liftId"]))
    equal(result.HasField("applied_at"), True)


def replay():
    request, request_id = session(PARTS["userId"]), new_id()
    first, first_replayed = complete_in_bytes(request, request_id)
    second, second_replayed = complete_in_bytes(request, request_id)
    equal(second, first)
    equal((first_replayed, second_replayed), (False, True))


def conflict():
    request_id = new_id()
    complete(session(PARTS["userId"]), request_id)
    code, details = refusal_of(lambda: complete(session(PARTS["userId"]), request_id))
    equal(code, grpc.StatusCode.ALREADY_EXISTS)
    info = details["ErrorInfo"]
    equal((info.reason, info.domain), ("REQUEST_ID_REUSED", "progression-service"))
    equal("RetryInfo" in details, False)


def deadline():
    started_at = time.monotonic()
    code, _ = refusal_of(lambda: complete(session(PARTS["heldUserId"]), new_id(), timeout=0.3))
    equal(code, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert time.monotonic() - started_at < 3


def not_found():
    user_id = new_id()
    request = user_service_pb2.GetUserRequest(user_id=user_id)
    code, details = refusal_of(lambda: users.GetUser(request, timeout=PATIENCE_S, metadata=metadata()))
    equal(code, grpc.StatusCode.NOT_FOUND)
    equal((details["ErrorInfo"].reason, details["ErrorInfo"].metadata["userId"]), ("USER_NOT_FOUND", user_id))


def invalid_argument():
    code, details = refusal_of(lambda: complete(session("x", day_slug="", lifts_performed=["y"]), new_id()))
    equal(code, grpc.StatusCode.INVALID_ARGUMENT)
    equal(details["ErrorInfo"].reason, "VALIDATION_FAILED")
    fields = [violation.field for violation in details["BadRequest"].field_violations]
    equal(fields, ["user_id", "session.day_slug", "session.lifts_performed[0]"])


def get_user_in_vain(request_id, options=()):
    """A call to the service that has lost its database."""
    with grpc.insecure_channel(PARTS["unavailableAddress"], options) as lost:
        stub = user_service_pb2_grpc.UserServiceStub(lost)
        request = user_service_pb2.GetUserRequest(user_id=PARTS["userId"])
        return refusal_of(lambda: stub.GetUser(request, timeout=PATIENCE_S, metadata=metadata(request_id)))


def retry_info():
    code, details = get_user_in_vain(new_id())
    equal(code, grpc.StatusCode.UNAVAILABLE)
    equal(details["ErrorInfo"].reason, "DATABASE_UNAVAILABLE")
    equal(details["RetryInfo"].retry_delay.ToMilliseconds(), 1000)


def service_config():
    """How often the call arrived, the service's log says."""
    with open(SERVICE_CONFIG, encoding="utf-8") as file:
        code, _ = get_user_in_vain(PARTS["retriedRequestId"], [("grpc.service_config", file.read())])
    equal(code, grpc.StatusCode.UNAVAILABLE)


def health():
    def check(service, on=channel):
        request = health_pb2.HealthCheckRequest(service=service)
        return health_pb2_grpc.HealthStub(on).Check(request, timeout=PATIENCE_S).status

    equal(check(""), health_pb2.HealthCheckResponse.SERVING)
    equal(check("progression.v1.ProgressionService"), health_pb2.HealthCheckResponse.SERVING)
    code, _ = refusal_of(lambda: check("no.such.Service"))
    equal(code, grpc.StatusCode.NOT_FOUND)
    with grpc.insecure_channel(PARTS["unavailableAddress"]) as lost:
        equal(check("", lost), health_pb2.HealthCheckResponse.NOT_SERVING)


def reflection():
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = stub.ServerReflectionInfo(iter([question]), timeout=PATIENCE_S)
    names = {service.name for service in answer.list_services_response.service}
    wanted = {"grpc.health.v1.Health", "progression.v1.ProgressionService", "progression.v1.UserService"}
    equal(wanted - names, set())


CASES = [
    call, replay, conflict, deadline, not_found, invalid_argument,
    retry_info, service_config, health, reflection,
]  # fmt: skip

for case in CASES:
    name = case.__name__.replace("_", " ")
    try:
        case()
        print(f"ok {name}", flush=True)
    except Exception as error:
        print(f"FAILED {name}: {type(error).__name__}: {error}".replace("\n", " "), flush=True)
