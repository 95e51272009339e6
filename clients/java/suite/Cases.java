import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import automation.v1.EventServiceGrpc;
import automation.v1.TriggerServiceGrpc;
import automation.v1.WorkflowServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import progression.client.ErrorDetails;
import progression.v1.AuditServiceGrpc;
import progression.v1.ProgramServiceGrpc;
import progression.v1.ProgressionServiceGrpc;
import progression.v1.UserServiceGrpc;

/** The cases of cases.json. */
final class Cases {
  private static final Map<String, MethodDescriptor<?, ?>> METHODS = new HashMap<>();

  static {
    for (ServiceDescriptor service : List.of(
        ProgressionServiceGrpc.getServiceDescriptor(), ProgramServiceGrpc.getServiceDescriptor(),
        UserServiceGrpc.getServiceDescriptor(), AuditServiceGrpc.getServiceDescriptor(),
        WorkflowServiceGrpc.getServiceDescriptor(), TriggerServiceGrpc.getServiceDescriptor(),
        EventServiceGrpc.getServiceDescriptor())) {
      service.getMethods().forEach(method -> METHODS.put(method.getFullMethodName(), method));
    }
  }

  private Cases() {}

  /** The generated methods take and give messages. */
  @SuppressWarnings("unchecked")
  static void run(JsonObject described) throws Exception {
    MethodDescriptor<Message, Message> method =
        (MethodDescriptor<Message, Message>) METHODS.get(described.get("method").getAsString());
    Message.Builder request = ((MethodDescriptor.PrototypeMarshaller<Message>) method.getRequestMarshaller())
        .getMessagePrototype().newBuilderForType();
    JsonFormat.parser().merge(Suite.fill(described.get("request")).toString(), request);
    Channel channel = ClientInterceptors.intercept(Suite.client.channel(),
        MetadataUtils.newAttachHeadersInterceptor(headersOf(described)));
    Call call = () -> ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request.build());
    if (described.has("error")) {
      refusedAs(call, Suite.fill(described.get("error")));
    } else {
      JsonElement answer = JsonParser.parseString(JsonFormat.printer().print(call.run()));
      Suite.contains(answer, Suite.fill(described.get("answer")), "");
    }
  }

  interface Call {
    Message run() throws Exception;
  }

  private static Metadata headersOf(JsonObject described) {
    Metadata headers = new Metadata();
    if (described.has("headers")) {
      described.getAsJsonObject("headers").entrySet().forEach(each -> headers.put(
          Metadata.Key.of(each.getKey(), Metadata.ASCII_STRING_MARSHALLER),
          Suite.fillText(each.getValue().getAsString())));
    }
    return headers;
  }

  /** Compares the details of an error with those that are expected, as cases.json has them. */
  static void refusedAs(Call call, JsonElement expected) throws Exception {
    ErrorDetails details;
    try {
      call.run();
      throw new AssertionError("the call was answered");
    } catch (StatusRuntimeException error) {
      details = ErrorDetails.read(error);
    }
    JsonObject actual = new JsonObject();
    // One l, as the cases and the JSON of errors have it.
    actual.addProperty("code", details.code.name().replace("CANCELLED", "CANCELED"));
    actual.addProperty("reason", details.reason);
    JsonObject metadata = new JsonObject();
    details.metadata.forEach(metadata::addProperty);
    actual.add("metadata", metadata);
    JsonArray fields = new JsonArray();
    details.violations.forEach(each -> fields.add(each.getField()));
    actual.add("fields", fields);
    actual.addProperty("retryable", details.retryAfter.isPresent());
    details.retryAfter.ifPresent(delay -> actual.addProperty("retryAfterMs", delay.toMillis()));
    Suite.contains(actual, expected, "");
  }
}
