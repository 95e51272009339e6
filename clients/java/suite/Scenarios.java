import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import progression.client.ClientOptions;
import progression.client.ErrorDetails;
import progression.client.ProgressionClient;
import progression.client.Reasons;
import progression.client.RequestIds;
import progression.client.Retries;
import progression.v1.CreateUserRequest;
import progression.v1.GetLiftMaxRequest;
import progression.v1.GetUserRequest;
import progression.v1.GetUserResponse;
import progression.v1.HandleSessionCompleteRequest;
import progression.v1.MaxType;
import progression.v1.ProgressionServiceGrpc.ProgressionServiceBlockingStub;
import progression.v1.Session;

/** Scenarios of single calls. */
final class Scenarios {
  static final Map<String, Suite.Check> ALL = new LinkedHashMap<>();

  static {
    ALL.put("a replay has the stored answer", Scenarios::replay);
    ALL.put("a write without a request ID gets one of its own", () ->
        Suite.check(!complete(null).logId.equals(complete(null).logId), "both have one log row"));
    ALL.put("a request ID with another payload conflicts", Scenarios::conflict);
    ALL.put("a deadline ends a call", () -> Cases.refusedAs(
        () -> Suite.client.progressions.withDeadlineAfter(300, TimeUnit.MILLISECONDS)
            .handleSessionComplete(session("heldUserId")),
        json("{code: DEADLINE_EXCEEDED}")));
    ALL.put("a cancelled call ends at once", Scenarios::cancelled);
    ALL.put("a fresh token is asked for before every attempt", Scenarios::freshTokens);
    ALL.put("an unavailable service is called four times, under one request ID", () -> createInVain(Retries.DEFAULT, "4"));
    ALL.put("with one attempt no call is made again", () ->
        createInVain(new Retries(1, Duration.ZERO, Duration.ZERO), "1"));
    ALL.put("a call during an outage is answered after it", Scenarios::outage);
    ALL.put("a restart of the service loses no call and applies none twice", Scenarios::restart);
    ALL.put("of 20 duplicates at once one is applied", Scenarios::duplicates);
    ALL.put("errors are told apart by their reasons", Scenarios::reasons);
  }

  private Scenarios() {}

  static JsonElement json(String text) {
    return JsonParser.parseString(text);
  }

  static HandleSessionCompleteRequest session(String athlete) {
    return HandleSessionCompleteRequest.newBuilder()
        .setUserId(Suite.part(athlete))
        .setSession(Session.newBuilder()
            .setSessionId(RequestIds.create())
            .setDaySlug("a")
            .setWeekNumber(1)
            .addLiftsPerformed(Suite.part("liftId")))
        .build();
  }

  static final class Completed {
    String logId;
    boolean isReplay;
    int applied;
  }

  private static Completed complete(String requestId) {
    return complete(requestId, session("userId"));
  }

  private static Completed complete(String requestId, HandleSessionCompleteRequest request) {
    AtomicReference<Metadata> headers = new AtomicReference<>();
    ProgressionServiceBlockingStub stub = Suite.client.progressions.withInterceptors(
        MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
    var answer = (requestId == null ? stub : RequestIds.with(stub, requestId)).handleSessionComplete(request);
    Completed completed = new Completed();
    completed.logId = answer.getOutcome().getResults(0).getLogId();
    completed.applied = answer.getOutcome().getTotalApplied();
    completed.isReplay = "true".equals(headers.get().get(
        Metadata.Key.of("idempotency-replayed", Metadata.ASCII_STRING_MARSHALLER)));
    return completed;
  }

  private static void replay() {
    String requestId = RequestIds.create();
    HandleSessionCompleteRequest request = session("userId");
    Completed one = complete(requestId, request);
    Completed other = complete(requestId, request);
    Suite.equal(other.logId, one.logId);
    Suite.equal(List.of(one.isReplay, other.isReplay), List.of(false, true));
  }

  private static void conflict() throws Exception {
    String requestId = RequestIds.create();
    complete(requestId);
    Cases.refusedAs(
        () -> RequestIds.with(Suite.client.progressions, requestId).handleSessionComplete(session("userId")),
        json("{code: ALREADY_EXISTS, reason: REQUEST_ID_REUSED, retryable: false}"));
  }

  private static void cancelled() throws Exception {
    Context.CancellableContext context = Context.current().withCancellation();
    ExecutorService later = Executors.newSingleThreadExecutor();
    later.submit(() -> {
      Thread.sleep(100);
      return context.cancel(null);
    });
    Cases.refusedAs(
        () -> context.call(() -> Suite.client.progressions.handleSessionComplete(session("heldUserId"))),
        json("{code: CANCELED}"));
    later.shutdown();
  }

  private static void freshTokens() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    ClientOptions options = ClientOptions.DEFAULT
        .withRetries(new Retries(3, Duration.ofMillis(1), Duration.ofSeconds(1)))
        .withToken(() -> "token-" + asked.incrementAndGet());
    try (ProgressionClient lost = Suite.connect("unavailableUrl", options)) {
      Cases.refusedAs(() -> getUser(lost, "userId"), json("{code: UNAVAILABLE}"));
    }
    Suite.equal(asked.get(), 3);
  }

  private static void createInVain(Retries retries, String attempts) throws Exception {
    String requestId = RequestIds.create();
    try (ProgressionClient lost = Suite.connect("unavailableUrl", ClientOptions.DEFAULT.withRetries(retries))) {
      Cases.refusedAs(
          () -> RequestIds.with(lost.users, requestId)
              .createUser(CreateUserRequest.newBuilder().setName("Ada").build()),
          json("{code: UNAVAILABLE, reason: DATABASE_UNAVAILABLE, retryAfterMs: 1000}"));
    }
    Suite.equal(Suite.control("attempts?requestId=" + requestId), attempts);
  }

  private static GetUserResponse getUser(ProgressionClient caller, String athlete) {
    return caller.users.getUser(GetUserRequest.newBuilder().setUserId(Suite.part(athlete)).build());
  }

  private static void outage() throws Exception {
    Suite.control("refuse");
    Suite.equal(getUser(Suite.client, "userId").getUser().getId(), Suite.part("userId"));
  }

  private static int versionOfMax() {
    return (int) Suite.client.progressions.getLiftMax(GetLiftMaxRequest.newBuilder()
        .setUserId(Suite.part("userId"))
        .setLiftId(Suite.part("liftId"))
        .setMaxType(MaxType.MAX_TYPE_TRAINING_MAX)
        .build()).getLiftMax().getVersion();
  }

  private static void restart() throws Exception {
    int before = versionOfMax();
    List<Callable<Completed>> calls = new ArrayList<>();
    for (int index = 0; index < 10; index++) {
      calls.add(() -> complete(null));
    }
    calls.add(() -> {
      Suite.control("restart");
      return null;
    });
    for (Completed each : inParallel(calls)) {
      Suite.check(each == null || each.applied == 1, "a call was not applied");
    }
    Suite.equal(versionOfMax() - before, 10);
  }

  private static void duplicates() throws Exception {
    String requestId = RequestIds.create();
    HandleSessionCompleteRequest request = session("userId");
    List<Completed> all = inParallel(Collections.nCopies(20, () -> complete(requestId, request)));
    HashSet<String> ids = new HashSet<>();
    all.forEach(each -> ids.add(each.logId));
    Suite.equal(ids.size(), 1);
    Suite.equal(all.stream().filter(each -> each.isReplay).count(), 19L);
  }

  private static void reasons() {
    try {
      getUser(Suite.client, "unknownId");
      throw new AssertionError("the call was answered");
    } catch (StatusRuntimeException error) {
      Suite.check(ErrorDetails.hasReason(error, Reasons.USER_NOT_FOUND), "it has another reason");
      Suite.check(!ErrorDetails.hasReason(error, Reasons.LIFT_NOT_FOUND), "it has two reasons");
    }
  }

  private static <T> List<T> inParallel(List<Callable<T>> calls) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(calls.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> each : pool.invokeAll(calls)) {
        results.add(each.get());
      }
      return results;
    } finally {
      pool.shutdown();
    }
  }
}
