"""The client of the progression service; see Client."""
from .client import Client
from .errors import ErrorDetails, FieldViolation, has_reason, read_error
from .paging import list_all
from .reasons import REASONS
from .request_id import new_request_id, with_request_id
from .retries import Retries
from .watch import EventStream, WatchedEvent, watch_events

__all__ = [
    "REASONS",
    "Client",
    "ErrorDetails",
    "EventStream",
    "FieldViolation",
    "Retries",
    "WatchedEvent",
    "has_reason",
    "list_all",
    "new_request_id",
    "read_error",
    "watch_events",
    "with_request_id",
]
