"""The suite of the Python client: suite.py PARTS CASES, the parts as JSON and the path of cases.json.

Uses the installed package, and prints one line for each case: `ok NAME` or `FAILED NAME: WHY`.
"""
import concurrent.futures
import importlib
import json
import sys
import threading
import time
import urllib.request

import grpc
from google.protobuf import descriptor_pool, json_format
from google.protobuf.struct_pb2 import Struct

from automation.v1 import event_service_pb2
from progression.v1 import common_pb2, progression_service_pb2, user_service_pb2
from progression_client import (
    Client,
    Retries,
    has_reason,
    list_all,
    new_request_id,
    read_error,
    watch_events,
    with_request_id,
)

PARTS = json.loads(sys.argv[1])
ADDRESS, LOST_ADDRESS = (PARTS[name].removeprefix("http://") for name in ("url", "unavailableUrl"))
ACCOUNT_ID, USER_ID, LIFT_ID = (PARTS[name] for name in ("accountId", "userId", "liftId"))
STUBS = {
    "progression.v1.ProgressionService": "progressions",
    "progression.v1.ProgramService": "programs",
    "progression.v1.UserService": "users",
    "progression.v1.AuditService": "audit",
    "automation.v1.WorkflowService": "workflows",
    "automation.v1.TriggerService": "triggers",
    "automation.v1.EventService": "events",
}

client = Client(ADDRESS, account_id=ACCOUNT_ID)


def fill(value):
    """Replaces `$newId`, `$long:N` and the names of parts in a case."""
    if isinstance(value, str) and value.startswith("$"):
        name, _, length = value[1:].partition(":")
        return new_request_id() if name == "newId" else "x" * int(length) if name == "long" else PARTS[name]
    if isinstance(value, list):
        return [fill(each) for each in value]
    return {key: fill(each) for key, each in value.items()} if isinstance(value, dict) else value


def contains(actual, expected, path=""):
    if isinstance(expected, dict):
        assert isinstance(actual, dict), f"{path} is {actual!r}"
        for key, value in expected.items():
            contains(actual.get(key), value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert isinstance(actual, list) and len(actual) >= len(expected), f"{path} is {actual!r}"
        for index, value in enumerate(expected):
            contains(actual[index], value, f"{path}[{index}]")
    else:
        assert actual == expected, f"{path} is {actual!r}, not {expected!r}"


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def refusal_of(work):
    try:
        work()
    except grpc.RpcError as error:
        details = read_error(error)
        return {
            "code": details.code.name,
            "reason": details.reason,
            "metadata": details.metadata,
            "fields": [each.field for each in details.violations],
            "retryable": details.retry_after is not None,
            "retryAfter": details.retry_after,
        }
    raise AssertionError("the call was answered")


def run_case(case):
    service_name, method_name = case["method"].split("/")
    method = descriptor_pool.Default().FindServiceByName(service_name).FindMethodByName(method_name)
    module = importlib.import_module(method.input_type.file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    request = json_format.ParseDict(fill(case["request"]), getattr(module, method.input_type.name)())
    stub = getattr(getattr(client, STUBS[service_name]), method_name)
    metadata = list(fill(case.get("headers", {})).items())
    if "error" in case:
        contains(refusal_of(lambda: stub(request, metadata=metadata)), fill(case["error"]))
    else:
        contains(json_format.MessageToDict(stub(request, metadata=metadata)), fill(case["answer"]))


def session(user_id=USER_ID):
    return progression_service_pb2.HandleSessionCompleteRequest(
        user_id=user_id,
        session=progression_service_pb2.Session(
            session_id=new_request_id(), day_slug="a", week_number=1, lifts_performed=[LIFT_ID]
        ),
    )


def complete(request, request_id=None, **options):
    metadata = with_request_id(request_id) if request_id else None
    return client.progressions.HandleSessionComplete(request, metadata=metadata, **options)


def complete_with_replay(request, request_id):
    """The answer, and whether it is a replay."""
    answer, call = client.progressions.HandleSessionComplete.with_call(
        request, metadata=with_request_id(request_id)
    )
    return answer, ("idempotency-replayed", "true") in call.initial_metadata()


def control(what):
    with urllib.request.urlopen(f"{PARTS['controlUrl']}/{what}", timeout=20) as answer:
        return answer.read().decode()


def create_user(of, name, request_id=None):
    metadata = with_request_id(request_id) if request_id else None
    return of.users.CreateUser(user_service_pb2.CreateUserRequest(name=name), metadata=metadata)


def get_user(of, user_id):
    return of.users.GetUser(user_service_pb2.GetUserRequest(user_id=user_id))


def get_version():
    request = progression_service_pb2.GetLiftMaxRequest(
        user_id=USER_ID, lift_id=LIFT_ID, max_type=common_pb2.MAX_TYPE_TRAINING_MAX
    )
    return client.progressions.GetLiftMax(request).lift_max.version


def publish(count):
    ids = [new_request_id() for _ in range(count)]
    data = Struct()
    data.update({"amount": 1, "currency": "EUR"})
    events = [
        event_service_pb2.PublishedEvent(id=each, type="payment_received", user_id=USER_ID, data=data)
        for each in ids
    ]
    client.events.PublishEvents(event_service_pb2.PublishEventsRequest(events=events))
    return ids


def collect(stream, wanted, on_first=lambda: None):
    """The ids of watched events, until all that are wanted are there."""
    seen = []
    for watched in stream:
        seen.append(watched.event.id)
        if set(wanted) <= set(seen):
            return seen
        if len(seen) == 1:
            on_first()
    return seen


def a_replay_has_the_stored_answer():
    request, request_id = session(), new_request_id()
    (first, first_replayed), (second, second_replayed) = (
        complete_with_replay(request, request_id),
        complete_with_replay(request, request_id),
    )
    equal(second, first)
    equal((first_replayed, second_replayed), (False, True))


def a_write_without_a_request_id_gets_one_of_its_own():
    first, second = (complete(session()).outcome.results[0].log_id for _ in range(2))
    assert first != second


def a_request_id_with_another_payload_conflicts():
    request_id = new_request_id()
    complete(session(), request_id)
    refusal = refusal_of(lambda: complete(session(), request_id))
    contains(refusal, {"code": "ALREADY_EXISTS", "reason": "REQUEST_ID_REUSED", "retryable": False})


def a_deadline_ends_a_call():
    started_at = time.monotonic()
    contains(
        refusal_of(lambda: complete(session(PARTS["heldUserId"]), timeout=0.3)), {"code": "DEADLINE_EXCEEDED"}
    )
    assert time.monotonic() - started_at < 3


def a_fresh_token_is_asked_for_before_every_attempt():
    tokens = []

    def make_token():
        tokens.append(len(tokens))
        return f"token-{len(tokens)}"

    retries = Retries(attempts=3, first_delay=0.01)
    with Client(LOST_ADDRESS, account_id=ACCOUNT_ID, token=make_token, retries=retries) as lost:
        refusal_of(lambda: get_user(lost, USER_ID))
    equal(len(tokens), 3)


def an_unavailable_service_is_called_four_times_under_one_request_id():
    request_id = new_request_id()
    with Client(LOST_ADDRESS, account_id=ACCOUNT_ID) as lost:
        refusal = refusal_of(lambda: create_user(lost, "Ada", request_id))
    contains(refusal, {"code": "UNAVAILABLE", "reason": "DATABASE_UNAVAILABLE", "retryAfter": 1.0})
    equal(control(f"attempts?requestId={request_id}"), "4")


def with_one_attempt_no_call_is_made_again():
    request_id = new_request_id()
    with Client(LOST_ADDRESS, account_id=ACCOUNT_ID, retries=Retries(attempts=1)) as lost:
        refusal_of(lambda: create_user(lost, "Ada", request_id))
    equal(control(f"attempts?requestId={request_id}"), "1")


def a_call_during_an_outage_is_answered_after_it():
    control("refuse")
    equal(get_user(client, USER_ID).user.id, USER_ID)


def a_restart_of_the_service_loses_no_call_and_applies_none_twice():
    before = get_version()
    with concurrent.futures.ThreadPoolExecutor(11) as pool:
        calls = [pool.submit(complete, session()) for _ in range(10)]
        pool.submit(control, "restart").result()
        answers = [call.result() for call in calls]
    assert all(answer.outcome.total_applied == 1 for answer in answers)
    equal(get_version() - before, 10)


def of_20_duplicates_at_once_one_is_applied():
    request, request_id = session(), new_request_id()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: complete_with_replay(request, request_id), range(20)))
    equal(len({answer.outcome.results[0].log_id for answer, _ in answers}), 1)
    equal(sum(is_replayed for _, is_replayed in answers), 19)


def a_list_is_read_page_by_page_each_item_once():
    names = [f"page-{index}-{new_request_id()}" for index in range(7)]
    for name in names:
        create_user(client, name)
    request = user_service_pb2.ListUsersRequest(page_size=3)
    ids = [user.id for user in list_all(client.users.ListUsers, request, "users")]
    equal(len(set(ids)), len(ids))
    seen = {user.name for user in list_all(client.users.ListUsers, request, "users")}
    assert set(names) <= seen


def a_list_that_is_left_early_asks_for_no_further_page():
    pages = []

    def list_users(request):
        pages.append(request)
        return client.users.ListUsers(request)

    next(list_all(list_users, user_service_pb2.ListUsersRequest(page_size=2), "users"))
    equal(len(pages), 1)


def events_are_watched_as_they_are_evaluated():
    control("release")
    stream = watch_events(client, types=["payment_received"], from_beginning=True)
    ids = publish(3)
    assert set(ids) <= set(collect(stream, ids))


def a_stream_that_is_cut_goes_on_behind_the_last_event():
    ids = publish(3)
    reconnects = []
    stream = watch_events(
        client, types=["payment_received"], from_beginning=True, on_reconnect=reconnects.append
    )

    def cut_and_publish():
        control("cut")
        ids.extend(publish(2))

    seen = list(dict.fromkeys(collect(stream, ids, cut_and_publish)))
    later = collect(watch_events(client, types=["payment_received"], from_beginning=True), ids)
    assert reconnects
    equal(seen, later[: len(seen)])


def a_cancel_ends_a_stream_without_an_error():
    stream = watch_events(client, types=["appointment_booked"])
    threading.Timer(0.3, stream.cancel).start()
    equal(list(stream), [])


def errors_are_told_apart_by_their_reasons():
    try:
        get_user(client, PARTS["unknownId"])
        raise AssertionError("the call was answered")
    except grpc.RpcError as error:
        assert has_reason(error, "USER_NOT_FOUND")
        assert not has_reason(error, "LIFT_NOT_FOUND")


SCENARIOS = [
    a_replay_has_the_stored_answer,
    a_write_without_a_request_id_gets_one_of_its_own,
    a_request_id_with_another_payload_conflicts,
    a_deadline_ends_a_call,
    a_fresh_token_is_asked_for_before_every_attempt,
    an_unavailable_service_is_called_four_times_under_one_request_id,
    with_one_attempt_no_call_is_made_again,
    a_call_during_an_outage_is_answered_after_it,
    a_restart_of_the_service_loses_no_call_and_applies_none_twice,
    of_20_duplicates_at_once_one_is_applied,
    a_list_is_read_page_by_page_each_item_once,
    a_list_that_is_left_early_asks_for_no_further_page,
    events_are_watched_as_they_are_evaluated,
    a_stream_that_is_cut_goes_on_behind_the_last_event,
    a_cancel_ends_a_stream_without_an_error,
    errors_are_told_apart_by_their_reasons,
]


def report(name, run):
    try:
        run()
        print(f"ok {name}", flush=True)
    except Exception as error:
        print(f"FAILED {name}: {type(error).__name__}: {error}".replace("\n", " "), flush=True)


with open(sys.argv[2], encoding="utf-8") as file:
    for each in json.load(file):
        report(each["name"], lambda: run_case(each))
for scenario in SCENARIOS:
    report(scenario.__name__.replace("_", " "), scenario)
client.close()
