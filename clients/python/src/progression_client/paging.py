"""Lists as iterators: pages are asked for as they are needed."""
from typing import Any, Callable, Iterator


def list_all(method: Callable[..., Any], request: Any, field: str, **call_options: Any) -> Iterator[Any]:
    """Every item of a list, page by page; `field` is the repeated field of the answer.

    `page_size` of the request is the size of the pages, and its `page_token` where to begin:

        for user in list_all(client.users.ListUsers, ListUsersRequest(), "users"): ...
    """
    page_request = type(request)()
    page_request.CopyFrom(request)
    while True:
        page = method(page_request, **call_options)
        yield from getattr(page, field)
        if not page.next_page_token:
            return
        page_request.page_token = page.next_page_token
