package progression.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A call with one request and one answer, which makes as many attempts as help. */
final class RetryingCall<Q, A> extends ClientCall<Q, A> {
  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progression-client-retries");
        thread.setDaemon(true);
        return thread;
      });

  private final Conventions conventions;
  private final Retries retries;
  private final MethodDescriptor<Q, A> method;
  private final CallOptions options;
  private final Channel next;
  private final Context context = Context.current();
  private Listener<A> listener;
  private Metadata headers;
  private Q request;
  private volatile ClientCall<Q, A> attempt;
  private volatile boolean isCancelled;
  private int made;

  RetryingCall(Conventions conventions, Retries retries, MethodDescriptor<Q, A> method, CallOptions options,
      Channel next) {
    this.conventions = conventions;
    this.retries = retries;
    this.method = method;
    this.options = options;
    this.next = next;
  }

  @Override
  public void start(Listener<A> started, Metadata given) {
    listener = started;
    headers = new Metadata();
    headers.merge(given);
    if (RequestIds.needsOne(method) && !headers.containsKey(RequestIds.HEADER)) {
      headers.put(RequestIds.HEADER, RequestIds.create());
    }
  }

  /** Each attempt asks for its one answer itself. */
  @Override
  public void request(int count) {}

  @Override
  public void sendMessage(Q message) {
    request = message;
  }

  @Override
  public void halfClose() {
    makeAttempt();
  }

  @Override
  public void cancel(String message, Throwable cause) {
    isCancelled = true;
    if (attempt != null) {
      attempt.cancel(message, cause);
    }
  }

  private void makeAttempt() {
    made += 1;
    // A further attempt waits for a connection: without one it would fail at once.
    attempt = next.newCall(method, made > 1 ? options.withWaitForReady() : options);
    attempt.start(new Attempt(), conventions.complete(headers));
    attempt.request(2);
    attempt.sendMessage(request);
    attempt.halfClose();
  }

  private Optional<Duration> delayAfter(Status status, Metadata trailers) {
    if (status.isOk() || isCancelled || context.isCancelled() || made >= retries.attempts) {
      return Optional.empty();
    }
    long leftMs = options.getDeadline().timeRemaining(TimeUnit.MILLISECONDS);
    return retries.delayAfter(ErrorDetails.read(status, trailers), made)
        .filter(delay -> delay.toMillis() < leftMs);
  }

  private final class Attempt extends Listener<A> {
    private Metadata answerHeaders;
    private A answer;

    @Override
    public void onHeaders(Metadata received) {
      answerHeaders = received;
    }

    @Override
    public void onMessage(A received) {
      answer = received;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Optional<Duration> delay = delayAfter(status, trailers);
      if (delay.isPresent()) {
        Runnable again = context.wrap(RetryingCall.this::makeAttempt);
        TIMER.schedule(again, delay.get().toMillis(), TimeUnit.MILLISECONDS);
        return;
      }
      if (answerHeaders != null) {
        listener.onHeaders(answerHeaders);
      }
      if (answer != null) {
        listener.onMessage(answer);
      }
      listener.onClose(status, trailers);
    }
  }
}
