import automation.v1.PublishEventsRequest;
import automation.v1.PublishedEvent;
import automation.v1.WatchEventsRequest;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicInteger;
import progression.client.EventStream;
import progression.client.Pages;
import progression.client.RequestIds;
import progression.v1.CreateUserRequest;
import progression.v1.ListUsersRequest;
import progression.v1.ListUsersResponse;
import progression.v1.User;

/** Scenarios of lists and events. */
final class Streams {
  static final Map<String, Suite.Check> ALL = new LinkedHashMap<>();
  private static final String TYPE = "payment_received";

  static {
    ALL.put("a list is read page by page, each item once", Streams::wholeList);
    ALL.put("a list that is left early asks for no further page", Streams::leftList);
    ALL.put("events are watched as they are evaluated", Streams::watched);
    ALL.put("a stream that is cut goes on behind the last event", Streams::cut);
    ALL.put("a closed stream ends without an error", Streams::closed);
  }

  private Streams() {}

  private static void wholeList() {
    List<String> names = new ArrayList<>();
    for (int index = 0; index < 7; index++) {
      names.add("page-" + index + "-" + RequestIds.create());
      Suite.client.users.createUser(CreateUserRequest.newBuilder().setName(names.get(index)).build());
    }
    ListUsersRequest request = ListUsersRequest.newBuilder().setPageSize(3).build();
    List<String> ids = new ArrayList<>();
    List<String> seen = new ArrayList<>();
    for (User user : Pages.listAll(Suite.client.users::listUsers, request, ListUsersResponse::getUsersList)) {
      ids.add(user.getId());
      seen.add(user.getName());
    }
    Suite.equal(new LinkedHashSet<>(ids).size(), ids.size());
    Suite.check(seen.containsAll(names), "some are missing");
  }

  private static void leftList() {
    AtomicInteger pages = new AtomicInteger();
    ListUsersRequest request = ListUsersRequest.newBuilder().setPageSize(2).build();
    Pages.listAll((ListUsersRequest page) -> {
      pages.incrementAndGet();
      return Suite.client.users.listUsers(page);
    }, request, ListUsersResponse::getUsersList).iterator().next();
    Suite.equal(pages.get(), 1);
  }

  private static List<String> publish(int count) {
    PublishEventsRequest.Builder request = PublishEventsRequest.newBuilder();
    List<String> ids = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      ids.add(RequestIds.create());
      request.addEvents(PublishedEvent.newBuilder()
          .setId(ids.get(index))
          .setType(TYPE)
          .setUserId(Suite.part("userId"))
          .setData(Struct.newBuilder()
              .putFields("amount", Value.newBuilder().setNumberValue(1).build())
              .putFields("currency", Value.newBuilder().setStringValue("EUR").build())));
    }
    Suite.client.events.publishEvents(request.build());
    return ids;
  }

  private static WatchEventsRequest payments() {
    return WatchEventsRequest.newBuilder().addTypes(TYPE).setFromBeginning(true).build();
  }

  /** The ids of watched events, each once, until all that are wanted are there. */
  private static List<String> collect(EventStream stream, Collection<String> wanted, Suite.Check onFirst)
      throws Exception {
    LinkedHashSet<String> seen = new LinkedHashSet<>();
    boolean isFirst = true;
    try (stream) {
      while (!seen.containsAll(wanted) && stream.hasNext()) {
        seen.add(stream.next().getEvent().getId());
        if (isFirst) {
          isFirst = false;
          onFirst.run();
        }
      }
    }
    return new ArrayList<>(seen);
  }

  private static void watched() throws Exception {
    Suite.control("release");
    List<String> ids = publish(3);
    Suite.check(collect(new EventStream(Suite.client, payments()), ids, () -> {}).containsAll(ids), "some are missing");
  }

  private static void cut() throws Exception {
    List<String> ids = publish(3);
    AtomicInteger reconnects = new AtomicInteger();
    EventStream stream = new EventStream(Suite.client, payments(), cause -> reconnects.incrementAndGet());
    List<String> seen = collect(stream, ids, () -> {
      Suite.control("cut");
      ids.addAll(publish(2));
    });
    List<String> later = collect(new EventStream(Suite.client, payments()), ids, () -> {});
    Suite.check(reconnects.get() > 0, "it was not cut");
    Suite.equal(seen, later.subList(0, seen.size()));
  }

  private static void closed() {
    WatchEventsRequest request = WatchEventsRequest.newBuilder().addTypes("appointment_booked").build();
    EventStream stream = new EventStream(Suite.client, request);
    Timer timer = new Timer(true);
    timer.schedule(new TimerTask() {
      @Override
      public void run() {
        stream.close();
      }
    }, 300);
    Suite.check(!stream.hasNext(), "an event of another type");
  }
}
