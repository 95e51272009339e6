"""Completes a session of a demo athlete: complete_session.py HOST:PORT, with the generated stubs in PYTHONPATH."""
import sys
import uuid

import grpc

from google.rpc import error_details_pb2, status_pb2
from progression.v1 import progression_service_pb2 as api, progression_service_pb2_grpc

DEMO_NOVICE = "38807cda-b5b8-5140-9f25-fc8d1f97f6b9"
SQUAT = "99837dea-e8ad-5782-aceb-7d636a8fd9c0"


def details_of(error):
    """The error details of a failed call, by the names of their types."""
    trailers = dict(error.trailing_metadata() or [])
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    details = {}
    for packed in status.details:
        name = packed.TypeName().removeprefix("google.rpc.")
        details[name] = getattr(error_details_pb2, name)()
        packed.Unpack(details[name])
    return details


with open("proto/progression/v1/service_config.json", encoding="utf-8") as file:
    channel = grpc.insecure_channel(sys.argv[1], [("grpc.service_config", file.read())])
service = progression_service_pb2_grpc.ProgressionServiceStub(channel)

# Made once, when the session ends, and kept with it until there is an answer: then a retry cannot double it.
request_id = str(uuid.uuid4())
request = api.HandleSessionCompleteRequest(
    user_id=DEMO_NOVICE,
    session=api.Session(
        session_id=str(uuid.uuid4()), day_slug="day-a", week_number=1, lifts_performed=[SQUAT]
    ),
)
try:
    answer = service.HandleSessionComplete(request, timeout=5, metadata=[("idempotency-key", request_id)])
except grpc.RpcError as error:
    reason = details_of(error).get("ErrorInfo", error_details_pb2.ErrorInfo()).reason
    sys.exit(f"{error.code().name} {reason}: {error.details()}")
for result in answer.outcome.results:
    if result.applied:
        print(f"squat: {result.previous_value} -> {result.new_value}")
