package progressionclient

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	automationv1 "progression-service/clients/go/automation/v1"
)

// EventStream iterates over events, each at least once, those of an athlete in order; see WatchEvents.
type EventStream struct {
	// OnReconnect is called before each new connection with what ended the last one; nil: the server ended the stream.
	OnReconnect func(cause error)

	ctx      context.Context
	events   automationv1.EventServiceClient
	request  *automationv1.WatchEventsRequest
	stream   automationv1.EventService_WatchEventsClient
	answer   *automationv1.WatchEventsResponse
	failures int
	err      error
}

// WatchEvents watches the account's events. When the connection is lost or the server ends the stream, it connects
// again with backoff and goes on behind the last event. Ends only when ctx does, without an error, or with an error
// that a new connection does not help against:
//
//	watching := client.WatchEvents(ctx, &automationv1.WatchEventsRequest{ResumeToken: stored})
//	for watching.Next() { handle(watching.Event()); store(watching.ResumeToken()) }
//	err := watching.Err()
func (client *Client) WatchEvents(ctx context.Context, request *automationv1.WatchEventsRequest) *EventStream {
	return &EventStream{
		ctx:     ctx,
		events:  client.Events,
		request: proto.Clone(request).(*automationv1.WatchEventsRequest),
	}
}

// Next waits for the next event; false: the context ended, or Err says what ended the stream.
func (watching *EventStream) Next() bool {
	for watching.ctx.Err() == nil {
		answer, err := watching.receive()
		if err == nil {
			watching.failures = 0
			watching.request.ResumeToken, watching.request.FromBeginning = answer.GetResumeToken(), false
			if answer.GetEvent() != nil {
				watching.answer = answer
				return true
			}
			continue
		}
		watching.stream = nil
		if watching.ctx.Err() != nil {
			return false
		}
		if !watching.reconnect(err) {
			watching.err = err
			return false
		}
	}
	return false
}

// Event is the present event, after a Next that returned true.
func (watching *EventStream) Event() *automationv1.Event { return watching.answer.GetEvent() }

// ResumeToken of the present event: store it once the event is dealt with, and a later watch goes on behind it.
func (watching *EventStream) ResumeToken() string { return watching.answer.GetResumeToken() }

// Err is the error that ended the stream; nil when the context did.
func (watching *EventStream) Err() error { return watching.err }

func (watching *EventStream) receive() (*automationv1.WatchEventsResponse, error) {
	if watching.stream == nil {
		stream, err := watching.events.WatchEvents(watching.ctx, watching.request)
		if err != nil {
			return nil, err
		}
		watching.stream = stream
	}
	return watching.stream.Recv()
}

// reconnect waits before a new connection; false: a new connection does not help.
func (watching *EventStream) reconnect(err error) bool {
	cause := err
	details := ErrorDetails{}
	if errors.Is(err, io.EOF) {
		cause = nil
	} else if details = ReadError(err); !details.mayReconnect() {
		return false
	}
	watching.failures++
	if wait(watching.ctx, details.RetryAfter+DefaultRetries.backoff(watching.failures)) && watching.OnReconnect != nil {
		watching.OnReconnect(cause)
	}
	return true
}

// mayReconnect includes what gRPC says of a connection that is cut in the middle of a stream.
func (details ErrorDetails) mayReconnect() bool {
	if details.mayRetry() {
		return true
	}
	switch details.Code {
	case codes.Internal, codes.Unknown, codes.Canceled:
		return details.Reason == ""
	default:
		return false
	}
}
