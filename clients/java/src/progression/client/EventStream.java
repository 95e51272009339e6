package progression.client;

import automation.v1.WatchEventsRequest;
import automation.v1.WatchEventsResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The account's events, each at least once, those of an athlete in order. When the connection is lost or the server ends
 * the stream, it connects again with backoff and goes on behind the last event. Ends by {@link #close}, from any thread,
 * or with an error that a new connection does not help against. Store the token of an answer once its event is dealt
 * with: a later stream with it goes on behind the event.
 */
public final class EventStream implements Iterator<WatchEventsResponse>, AutoCloseable {
  /** What gRPC says of a connection that is cut in the middle of a stream. */
  private static final Set<Status.Code> CUT =
      EnumSet.of(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.CANCELLED);

  private final ProgressionClient client;
  private final Consumer<Optional<StatusRuntimeException>> onReconnect;
  private final Context.CancellableContext context = Context.current().withCancellation();
  private final CountDownLatch closed = new CountDownLatch(1);
  private WatchEventsRequest request;
  private Iterator<WatchEventsResponse> answers;
  private WatchEventsResponse present;
  private int failures;

  public EventStream(ProgressionClient client, WatchEventsRequest request) {
    this(client, request, cause -> {});
  }

  /** @param onReconnect gets what ended the last connection; empty: the server ended the stream */
  public EventStream(ProgressionClient client, WatchEventsRequest request,
      Consumer<Optional<StatusRuntimeException>> onReconnect) {
    this.client = client;
    this.request = request;
    this.onReconnect = onReconnect;
  }

  @Override
  public boolean hasNext() {
    while (present == null && !isClosed()) {
      try {
        receive();
      } catch (StatusRuntimeException error) {
        if (isClosed()) {
          return false;
        }
        if (!mayReconnect(ErrorDetails.read(error))) {
          throw error;
        }
        reconnect(Optional.of(error));
      }
    }
    return present != null;
  }

  @Override
  public WatchEventsResponse next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    WatchEventsResponse answer = present;
    present = null;
    return answer;
  }

  @Override
  public void close() {
    closed.countDown();
    context.cancel(null);
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void receive() {
    if (answers == null) {
      Context before = context.attach();
      try {
        answers = client.events.watchEvents(request);
      } finally {
        context.detach(before);
      }
    }
    if (!answers.hasNext()) {
      reconnect(Optional.empty());
      return;
    }
    WatchEventsResponse answer = answers.next();
    failures = 0;
    request = request.toBuilder().setResumeToken(answer.getResumeToken()).setFromBeginning(false).build();
    if (answer.hasEvent()) {
      present = answer;
    }
  }

  private void reconnect(Optional<StatusRuntimeException> cause) {
    answers = null;
    failures += 1;
    Duration least = cause.flatMap(error -> ErrorDetails.read(error).retryAfter).orElse(Duration.ZERO);
    try {
      if (!closed.await(least.plus(Retries.DEFAULT.backoff(failures)).toMillis(), TimeUnit.MILLISECONDS)) {
        onReconnect.accept(cause);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      close();
    }
  }

  private static boolean mayReconnect(ErrorDetails error) {
    return Retries.mayRetry(error) || (error.reason.isEmpty() && CUT.contains(error.code));
  }
}
