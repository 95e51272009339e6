"""Reads the details of a failed call."""
import dataclasses
import pathlib
from typing import Optional

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DETAILS = "grpc-status-details-bin"


@dataclasses.dataclass(frozen=True)
class FieldViolation:
    # A path such as `session.lifts_performed[2]`; empty for the message as a whole.
    field: str
    # What is allowed, and what was sent.
    description: str


@dataclasses.dataclass(frozen=True)
class ErrorDetails:
    code: grpc.StatusCode
    # For developers; texts may change, so branch on the reason.
    message: str
    # One of REASONS, or one that this version lacks; None when the error did not come from the service.
    reason: Optional[str] = None
    # The ids and limits that the error is about.
    metadata: dict = dataclasses.field(default_factory=dict)
    violations: tuple = ()
    # In seconds: the same call may succeed after this delay. None: something has to change first.
    retry_after: Optional[float] = None


def read_error(error: grpc.RpcError) -> ErrorDetails:
    """The details of an error that a call raised."""
    trailers = dict(error.trailing_metadata() or ())
    details = _unpack(trailers[DETAILS]) if DETAILS in trailers else {}
    info = details.get("ErrorInfo")
    bad_request = details.get("BadRequest")
    retry = details.get("RetryInfo")
    return ErrorDetails(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason if info else None,
        metadata=dict(info.metadata) if info else {},
        violations=tuple(
            FieldViolation(each.field, each.description) for each in bad_request.field_violations
        )
        if bad_request
        else (),
        retry_after=retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9 if retry else None,
    )


def has_reason(error: grpc.RpcError, reason: str) -> bool:
    """Whether a call failed for this reason, one of REASONS."""
    return read_error(error).reason == reason


def _load_messages() -> dict:
    """The messages of google.rpc, from a pool of their own: the program may have another copy of these files."""
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(
        pathlib.Path(__file__).with_name("google_rpc.binpb").read_bytes()
    )
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    # GetMessageClass is there from protobuf 4.22 on, and GetPrototype until 5.
    get = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    names = [f"google.rpc.{message.name}" for file in files.file if file.package == "google.rpc" for message in file.message_type]
    return {name: get(pool.FindMessageTypeByName(name)) for name in names}


_MESSAGES = _load_messages()


def _unpack(serialized: bytes) -> dict:
    """The details of a google.rpc.Status, by the names of their types."""
    status = _MESSAGES["google.rpc.Status"].FromString(serialized)
    known = [each for each in status.details if each.TypeName() in _MESSAGES]
    return {each.TypeName().split(".")[-1]: _MESSAGES[each.TypeName()].FromString(each.value) for each in known}
