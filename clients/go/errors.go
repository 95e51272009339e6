package progressionclient

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Reason is why the service refused a call; the constants of this package list all that this version knows.
type Reason string

// FieldViolation is one fault of a request.
type FieldViolation struct {
	// Field is a path such as session.lifts_performed[2]; empty for the message as a whole.
	Field string
	// Description says what is allowed, and what was sent.
	Description string
}

// ErrorDetails are those of a failed call.
type ErrorDetails struct {
	Code codes.Code
	// Message is for developers; texts may change, so branch on the reason.
	Message string
	// Reason is empty when the error did not come from the service.
	Reason Reason
	// Metadata has the ids and limits that the error is about.
	Metadata   map[string]string
	Violations []FieldViolation
	// IsRetryable says that the same call may succeed after RetryAfter. Otherwise something has to change first.
	IsRetryable bool
	RetryAfter  time.Duration
	// CallID finds the call in the service's log.
	CallID string
}

// ReadError gives the details of an error that a call returned.
func ReadError(err error) ErrorDetails {
	answer := status.Convert(err)
	details := ErrorDetails{Code: answer.Code(), Message: answer.Message()}
	for _, detail := range answer.Details() {
		switch typed := detail.(type) {
		case *errdetails.ErrorInfo:
			details.Reason, details.Metadata = Reason(typed.GetReason()), typed.GetMetadata()
		case *errdetails.BadRequest:
			for _, each := range typed.GetFieldViolations() {
				details.Violations = append(details.Violations, FieldViolation{each.GetField(), each.GetDescription()})
			}
		case *errdetails.RetryInfo:
			delay := typed.GetRetryDelay()
			details.IsRetryable = true
			details.RetryAfter = time.Duration(delay.GetSeconds())*time.Second + time.Duration(delay.GetNanos())
		case *errdetails.RequestInfo:
			details.CallID = typed.GetRequestId()
		}
	}
	return details
}

// HasReason says whether a call failed for this reason.
func HasReason(err error, reason Reason) bool {
	return err != nil && ReadError(err).Reason == reason
}
