"""Makes an attempt again when the same call may succeed: exponential backoff with jitter, within one timeout."""
import dataclasses
import random
from typing import Optional

import grpc

from .errors import ErrorDetails, read_error


@dataclasses.dataclass(frozen=True)
class Retries:
    """The defaults are those of the service config that is published for gRPC clients."""

    # Attempts in all; 1 makes none again.
    attempts: int = 4
    # Before the second attempt, in seconds; doubled before each further one.
    first_delay: float = 0.1
    longest_delay: float = 2.0

    def backoff(self, made: int) -> float:
        """Full jitter: a random share of the delay, so that calls that failed together do not retry together."""
        return random.random() * min(self.longest_delay, self.first_delay * 2 ** (made - 1))

    def delay_after(self, error: grpc.RpcError, made: int) -> Optional[float]:
        """In seconds; None when the same call will fail again. The server's RetryInfo is the least delay."""
        details = read_error(error)
        if not may_retry(details):
            return None
        return (details.retry_after or 0) + self.backoff(made)


def may_retry(details: ErrorDetails) -> bool:
    return details.retry_after is not None or details.code == grpc.StatusCode.UNAVAILABLE
