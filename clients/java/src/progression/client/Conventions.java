package progression.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.concurrent.TimeUnit;

/** What every call has: metadata, and for a single answer a deadline, a request ID and retries. */
final class Conventions implements ClientInterceptor {
  private final ClientOptions options;

  Conventions(ClientOptions options) {
    this.options = options;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions callOptions, Channel next) {
    if (method.getType() == MethodDescriptor.MethodType.UNARY) {
      CallOptions bounded = callOptions.getDeadline() == null
          ? callOptions.withDeadlineAfter(options.timeout.toMillis(), TimeUnit.MILLISECONDS)
          : callOptions;
      return new RetryingCall<>(this, options.retries, method, bounded, next);
    }
    return new SimpleForwardingClientCall<Q, A>(next.newCall(method, callOptions)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(listener, complete(headers));
      }
    };
  }

  /** A copy with what every attempt has; what the call itself has wins. */
  Metadata complete(Metadata given) {
    Metadata headers = new Metadata();
    headers.merge(given);
    put(headers, "x-account-id", options.accountId);
    put(headers, "x-actor", options.actor);
    put(headers, "authorization", options.token == null ? null : "Bearer " + options.token.get());
    return headers;
  }

  private static void put(Metadata headers, String name, String value) {
    Metadata.Key<String> key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    if (value != null && !headers.containsKey(key)) {
      headers.put(key, value);
    }
  }
}
