"""The account's events as they are evaluated, across cut connections and restarted servers."""
import dataclasses
import threading
from typing import Any, Callable, Iterator, Optional, Sequence

import grpc

from automation.v1 import event_service_pb2

from .errors import read_error
from .retries import Retries, may_retry


@dataclasses.dataclass(frozen=True)
class WatchedEvent:
    # An automation.v1.Event.
    event: Any
    # Store it once the event is dealt with: a later watch with it goes on behind the event.
    resume_token: str


class EventStream:
    """Iterates over events, each at least once, those of an athlete in order; see watch_events."""

    def __init__(self, client, request, on_reconnect):
        self._client = client
        self._request = request
        self._on_reconnect = on_reconnect
        self._cancelled = threading.Event()
        self._call = None

    def cancel(self) -> None:
        """Ends the iteration, without an error; from any thread."""
        self._cancelled.set()
        if self._call is not None:
            self._call.cancel()

    def __iter__(self) -> Iterator[WatchedEvent]:
        request = event_service_pb2.WatchEventsRequest()
        request.CopyFrom(self._request)
        failures = 0
        while not self._cancelled.is_set():
            cause = None
            try:
                self._call = self._client.events.WatchEvents(request)
                for answer in self._call:
                    failures = 0
                    request.resume_token = answer.resume_token
                    request.from_beginning = False
                    if answer.HasField("event"):
                        yield WatchedEvent(answer.event, answer.resume_token)
            except grpc.RpcError as error:
                if self._cancelled.is_set():
                    return
                if not _may_reconnect(error):
                    raise
                cause = error
            failures += 1
            after = read_error(cause).retry_after or 0 if cause else 0
            if self._cancelled.wait(after + Retries().backoff(failures)):
                return
            if self._on_reconnect:
                self._on_reconnect(cause)


def watch_events(
    client,
    *,
    types: Sequence[str] = (),
    resume_token: str = "",
    from_beginning: bool = False,
    on_reconnect: Optional[Callable[[Optional[grpc.RpcError]], None]] = None,
) -> EventStream:
    """Watches the account's events. When the connection is lost or the server ends the stream, it connects again with
    backoff and goes on behind the last event. Ends only by cancel(), or with an error that a new connection does not
    help against. `on_reconnect` gets what ended the last connection; None: the server ended the stream.
    """
    request = event_service_pb2.WatchEventsRequest(
        types=types, resume_token=resume_token, from_beginning=from_beginning
    )
    return EventStream(client, request, on_reconnect)


# What gRPC says of a connection that is cut in the middle of a stream.
_CUT = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED)


def _may_reconnect(error: grpc.RpcError) -> bool:
    details = read_error(error)
    return may_retry(details) or (details.reason is None and details.code in _CUT)
