"""Request IDs: what makes a write safe to send again."""
import uuid

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions

HEADER = "idempotency-key"


def new_request_id() -> str:
    """A request ID, for one intention. Store it with what it is about when a crash must not forget it."""
    return str(uuid.uuid4())


def with_request_id(request_id: str) -> list[tuple[str, str]]:
    """Metadata with this request ID, a UUID: client.progressions.LogSets(request, metadata=with_request_id(id))."""
    return [(HEADER, request_id)]


def needs_request_id(path: str) -> bool:
    """Whether the method at a path such as `/progression.v1.UserService/GetUser` writes."""
    service, method = path.strip("/").split("/")
    descriptor = descriptor_pool.Default().FindServiceByName(service).FindMethodByName(method)
    return descriptor.GetOptions().idempotency_level != MethodOptions.NO_SIDE_EFFECTS
