package progression.client;

import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.util.UUID;

/** Request IDs: what makes a write safe to send again. */
public final class RequestIds {
  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER);

  private RequestIds() {}

  /** For one intention. Store it with what it is about when a crash must not forget it. */
  public static String create() {
    return UUID.randomUUID().toString();
  }

  /** The stub, whose calls have this request ID, a UUID: {@code with(client.progressions, id).logSets(request)}. */
  public static <S extends AbstractStub<S>> S with(S stub, String requestId) {
    Metadata headers = new Metadata();
    headers.put(HEADER, requestId);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** Whether the method writes. */
  static boolean needsOne(MethodDescriptor<?, ?> method) {
    Object schema = method.getSchemaDescriptor();
    return !(schema instanceof ProtoMethodDescriptorSupplier)
        || ((ProtoMethodDescriptorSupplier) schema).getMethodDescriptor().getOptions().getIdempotencyLevel()
            != IdempotencyLevel.NO_SIDE_EFFECTS;
  }
}
