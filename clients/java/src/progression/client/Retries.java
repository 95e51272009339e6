package progression.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Makes an attempt again when the same call may succeed: exponential backoff with jitter, within one timeout. */
public final class Retries {
  /** Those of the service config that is published for gRPC clients. */
  public static final Retries DEFAULT = new Retries(4, Duration.ofMillis(100), Duration.ofSeconds(2));

  final int attempts;
  private final Duration firstDelay;
  private final Duration longestDelay;

  /**
   * @param attempts in all; 1 makes none again
   * @param firstDelay before the second attempt; doubled before each further one
   */
  public Retries(int attempts, Duration firstDelay, Duration longestDelay) {
    this.attempts = attempts;
    this.firstDelay = firstDelay;
    this.longestDelay = longestDelay;
  }

  /** Full jitter: a random share of the delay, so that calls that failed together do not retry together. */
  Duration backoff(int made) {
    long doubledMs = firstDelay.toMillis() << Math.min(made - 1, 20);
    double share = ThreadLocalRandom.current().nextDouble();
    return Duration.ofMillis(Math.round(share * Math.min(longestDelay.toMillis(), doubledMs)));
  }

  /** Empty when the same call will fail again. The server's RetryInfo is the least delay. */
  Optional<Duration> delayAfter(ErrorDetails error, int made) {
    return mayRetry(error)
        ? Optional.of(error.retryAfter.orElse(Duration.ZERO).plus(backoff(made)))
        : Optional.empty();
  }

  /** Also a connection that was lost: the service's own UNKNOWN has a reason. */
  static boolean mayRetry(ErrorDetails error) {
    return error.retryAfter.isPresent()
        || error.code == Status.Code.UNAVAILABLE
        || (error.code == Status.Code.UNKNOWN && error.reason.isEmpty());
  }
}
