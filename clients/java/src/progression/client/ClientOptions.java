package progression.client;

import java.time.Duration;
import java.util.function.Supplier;

/** What all calls of a client have in common; each `with…` gives a copy. */
public final class ClientOptions {
  /** No credential, ten seconds for a call, the default retries. */
  public static final ClientOptions DEFAULT =
      new ClientOptions(null, null, null, Duration.ofSeconds(10), Retries.DEFAULT);

  final String accountId;
  final Supplier<String> token;
  final String actor;
  final Duration timeout;
  final Retries retries;

  private ClientOptions(
      String accountId, Supplier<String> token, String actor, Duration timeout, Retries retries) {
    this.accountId = accountId;
    this.token = token;
    this.actor = actor;
    this.timeout = timeout;
    this.retries = retries;
  }

  /** A UUID. Without it: the credential's account, without a credential the server's demo account. */
  public ClientOptions withAccount(String id) {
    return new ClientOptions(id, token, actor, timeout, retries);
  }

  /** A bearer token; it is asked for before every attempt. */
  public ClientOptions withToken(Supplier<String> fresh) {
    return new ClientOptions(accountId, fresh, actor, timeout, retries);
  }

  /** Who the audit trail names when calls have no credential. */
  public ClientOptions withActor(String name) {
    return new ClientOptions(accountId, token, name, timeout, retries);
  }

  /** For all attempts of a call together, where the stub has no deadline; the server's limit is 30 s. */
  public ClientOptions withTimeout(Duration longest) {
    return new ClientOptions(accountId, token, actor, longest, retries);
  }

  public ClientOptions withRetries(Retries policy) {
    return new ClientOptions(accountId, token, actor, timeout, policy);
  }
}
