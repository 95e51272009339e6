"""One object with a stub for each service, which share credentials, request IDs and retries."""
import collections
import time
from typing import Callable, Optional, Union

import grpc

from automation.v1 import event_service_pb2_grpc, trigger_service_pb2_grpc, workflow_service_pb2_grpc
from progression.v1 import (
    audit_service_pb2_grpc,
    program_service_pb2_grpc,
    progression_service_pb2_grpc,
    user_service_pb2_grpc,
)

from .request_id import HEADER, needs_request_id, new_request_id, with_request_id
from .retries import Retries


_CHANNEL_OPTIONS = (
    # The client makes attempts itself: it heeds the server's RetryInfo, and gRPC's own retries do not.
    ("grpc.enable_retries", 0),
    # A lost connection is made anew within the time that a call has.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


class Client:
    """A client of the service at `address`, `host:port`. Use it in a `with` statement, or close it.

    Every writing call gets a request ID, unless it has one, and keeps it in all its attempts: a write is applied once,
    however often it is sent. Calls fail with grpc.RpcError; read_error and has_reason tell the errors apart.

    address      host and port
    account_id   a UUID; None: the credential's account, without a credential the server's demo account
    token        a bearer token, or a function that gives a fresh one; it is asked before every attempt
    actor        who the audit trail names when calls have no credential
    timeout      for all attempts of a call together, in seconds; the server's limit is 30
    retries      a Retries
    credentials  grpc.ChannelCredentials for TLS; None: clear text
    options      further options of the channel
    """

    def __init__(
        self,
        address: str,
        *,
        account_id: Optional[str] = None,
        token: Union[str, Callable[[], str], None] = None,
        actor: Optional[str] = None,
        timeout: float = 10.0,
        retries: Retries = Retries(),
        credentials: Optional[grpc.ChannelCredentials] = None,
        options: tuple = (),
    ):
        options = (*_CHANNEL_OPTIONS, *options)
        self._channel = (
            grpc.secure_channel(address, credentials, options)
            if credentials
            else grpc.insecure_channel(address, options)
        )
        conventions = _Conventions(account_id, token, actor, timeout, retries)
        channel = grpc.intercept_channel(self._channel, conventions)
        self.progressions = progression_service_pb2_grpc.ProgressionServiceStub(channel)
        self.programs = program_service_pb2_grpc.ProgramServiceStub(channel)
        self.users = user_service_pb2_grpc.UserServiceStub(channel)
        self.audit = audit_service_pb2_grpc.AuditServiceStub(channel)
        self.workflows = workflow_service_pb2_grpc.WorkflowServiceStub(channel)
        self.triggers = trigger_service_pb2_grpc.TriggerServiceStub(channel)
        self.events = event_service_pb2_grpc.EventServiceStub(channel)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()


class _Conventions(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def __init__(self, account_id, token, actor, timeout, retries):
        self._token = token
        self._timeout = timeout
        self._retries = retries
        self._usual = [("x-account-id", account_id), ("x-actor", actor)]

    def intercept_unary_unary(self, continuation, details, request):
        metadata = list(details.metadata or ())
        if needs_request_id(details.method) and HEADER not in dict(metadata):
            metadata += with_request_id(new_request_id())
        end_at = time.monotonic() + (self._timeout if details.timeout is None else details.timeout)
        made = 0
        while True:
            made += 1
            left = max(0.001, end_at - time.monotonic())
            # A further attempt waits for a connection: without one it would fail at once.
            call = continuation(self._complete(details, metadata, left, wait_for_ready=made > 1), request)
            if call.code() is grpc.StatusCode.OK or made >= self._retries.attempts:
                return call
            delay = self._retries.delay_after(call, made)
            if delay is None or time.monotonic() + delay > end_at:
                return call
            time.sleep(delay)

    def intercept_unary_stream(self, continuation, details, request):
        metadata = list(details.metadata or ())
        return continuation(self._complete(details, metadata, details.timeout, wait_for_ready=False), request)

    def _complete(self, details, metadata, timeout, wait_for_ready):
        given = dict(metadata)
        metadata = metadata + [(name, value) for name, value in self._usual if value and name not in given]
        if self._token and "authorization" not in given:
            token = self._token() if callable(self._token) else self._token
            metadata.append(("authorization", f"Bearer {token}"))
        return _CallDetails(
            details.method,
            timeout,
            metadata,
            details.credentials,
            wait_for_ready or getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )


class _CallDetails(
    collections.namedtuple(
        "CallDetails", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")
    ),
    grpc.ClientCallDetails,
):
    pass
