package progression.client;

import automation.v1.EventServiceGrpc;
import automation.v1.TriggerServiceGrpc;
import automation.v1.WorkflowServiceGrpc;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;
import progression.v1.AuditServiceGrpc;
import progression.v1.ProgramServiceGrpc;
import progression.v1.ProgressionServiceGrpc;
import progression.v1.UserServiceGrpc;

/**
 * One object with a stub for each service, which share credentials, request IDs and retries. Every writing call gets a
 * request ID, unless it has one ({@link RequestIds#with}), and keeps it in all its attempts: a write is applied once,
 * however often it is sent. Calls fail with StatusRuntimeException; {@link ErrorDetails#read} tells the errors apart.
 */
public final class ProgressionClient implements AutoCloseable {
  public final ProgressionServiceGrpc.ProgressionServiceBlockingStub progressions;
  public final ProgramServiceGrpc.ProgramServiceBlockingStub programs;
  public final UserServiceGrpc.UserServiceBlockingStub users;
  public final AuditServiceGrpc.AuditServiceBlockingStub audit;
  public final WorkflowServiceGrpc.WorkflowServiceBlockingStub workflows;
  public final TriggerServiceGrpc.TriggerServiceBlockingStub triggers;
  public final EventServiceGrpc.EventServiceBlockingStub events;

  private static final long CLOSING_SECONDS = 5;
  private final ManagedChannel connection;
  private final Channel channel;

  /** Over a channel of one's own, with TLS for example; the client closes it. */
  public ProgressionClient(ManagedChannelBuilder<?> builder, ClientOptions options) {
    // The client makes attempts itself: it heeds the server's RetryInfo, and gRPC's own retries do not.
    connection = builder.disableRetry().build();
    channel = ClientInterceptors.intercept(connection, new Conventions(options));
    progressions = ProgressionServiceGrpc.newBlockingStub(channel);
    programs = ProgramServiceGrpc.newBlockingStub(channel);
    users = UserServiceGrpc.newBlockingStub(channel);
    audit = AuditServiceGrpc.newBlockingStub(channel);
    workflows = WorkflowServiceGrpc.newBlockingStub(channel);
    triggers = TriggerServiceGrpc.newBlockingStub(channel);
    events = EventServiceGrpc.newBlockingStub(channel);
  }

  /** A client in clear text of the service at `target`, host:port. */
  public static ProgressionClient connect(String target, ClientOptions options) {
    return new ProgressionClient(ManagedChannelBuilder.forTarget(target).usePlaintext(), options);
  }

  /** What the stubs call over, for stubs of one's own. */
  public Channel channel() {
    return channel;
  }

  /** Ends the connection, after the calls that run. */
  @Override
  public void close() {
    connection.shutdown();
    try {
      connection.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    connection.shutdownNow();
  }
}
