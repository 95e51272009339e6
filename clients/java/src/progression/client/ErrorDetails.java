package progression.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RequestInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The details of a failed call. */
public final class ErrorDetails {
  public final Status.Code code;
  /** For developers; texts may change, so branch on the reason. */
  public final String message;
  /** One of {@link Reasons}, or one that this version lacks; empty when the error did not come from the service. */
  public final String reason;
  /** The ids and limits that the error is about. */
  public final Map<String, String> metadata;
  /** Each with its path, such as session.lifts_performed[2], what is allowed and what was sent. */
  public final List<BadRequest.FieldViolation> violations;
  /** The same call may succeed after this delay. Empty: something has to change first. */
  public final Optional<Duration> retryAfter;
  /** Finds the call in the service's log. */
  public final String callId;

  private ErrorDetails(Status status, ErrorInfo info, List<BadRequest.FieldViolation> violations,
      Optional<Duration> retryAfter, String callId) {
    this.code = status.getCode();
    this.message = status.getDescription() == null ? "" : status.getDescription();
    this.reason = info.getReason();
    this.metadata = info.getMetadataMap();
    this.violations = violations;
    this.retryAfter = retryAfter;
    this.callId = callId;
  }

  public static ErrorDetails read(StatusRuntimeException error) {
    return read(error.getStatus(), error.getTrailers());
  }

  /** Whether a call failed for this reason, one of {@link Reasons}. */
  public static boolean hasReason(StatusRuntimeException error, String reason) {
    return read(error).reason.equals(reason);
  }

  static ErrorDetails read(Status status, Metadata trailers) {
    com.google.rpc.Status answer = StatusProto.fromStatusAndTrailers(status, trailers);
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    List<BadRequest.FieldViolation> violations = new ArrayList<>();
    Optional<Duration> retryAfter = Optional.empty();
    String callId = "";
    try {
      for (Any detail : answer.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          info = detail.unpack(ErrorInfo.class);
        } else if (detail.is(BadRequest.class)) {
          violations.addAll(detail.unpack(BadRequest.class).getFieldViolationsList());
        } else if (detail.is(RetryInfo.class)) {
          com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retryAfter = Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
        } else if (detail.is(RequestInfo.class)) {
          callId = detail.unpack(RequestInfo.class).getRequestId();
        }
      }
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalArgumentException("the details of the error cannot be read", malformed);
    }
    return new ErrorDetails(status, info, violations, retryAfter, callId);
  }
}
