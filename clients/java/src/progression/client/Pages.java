package progression.client;

import com.google.protobuf.Message;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;

/** Lists as iterables: pages are asked for as they are needed. */
public final class Pages {
  private Pages() {}

  /**
   * Every item of a list, page by page. The request's page size is that of the pages, its page token where to begin:
   * {@code listAll(client.users::listUsers, request, ListUsersResponse::getUsersList)}.
   */
  public static <Q extends Message, A extends Message, T> Iterable<T> listAll(
      Function<Q, A> method, Q request, Function<A, ? extends Iterable<T>> itemsOf) {
    return () -> new Iterator<T>() {
      private Q page = request;
      private Iterator<T> items = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        while (!items.hasNext() && page != null) {
          A answer = method.apply(page);
          items = itemsOf.apply(answer).iterator();
          String token = (String) answer.getField(answer.getDescriptorForType().findFieldByName("next_page_token"));
          page = token.isEmpty() ? null : withToken(page, token);
        }
        return items.hasNext();
      }

      @Override
      public T next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return items.next();
      }
    };
  }

  /** A builder builds the type of the message that it comes from. */
  @SuppressWarnings("unchecked")
  private static <Q extends Message> Q withToken(Q request, String token) {
    return (Q) request.toBuilder()
        .setField(request.getDescriptorForType().findFieldByName("page_token"), token)
        .build();
  }
}
