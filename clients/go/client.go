// Package progressionclient is the client of the progression service: request IDs that all attempts share, retries
// within one timeout, typed reasons of errors, lists by page, and event streams that resume.
package progressionclient

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	automationv1 "progression-service/clients/go/automation/v1"
	progressionv1 "progression-service/clients/go/progression/v1"
)

// DefaultTimeout is for all attempts of a call together.
const DefaultTimeout = 10 * time.Second

// A lost connection is made anew within the time that a call has.
var reconnects = grpc.ConnectParams{
	Backoff: backoff.Config{
		BaseDelay:  100 * time.Millisecond,
		Multiplier: 2,
		Jitter:     0.2,
		MaxDelay:   2 * time.Second,
	},
	MinConnectTimeout: 2 * time.Second,
}

// Options of a client. The zero value calls in clear text, without credentials, with the default retries.
type Options struct {
	// AccountID is a UUID. Empty: the credential's account, without a credential the server's demo account.
	AccountID string
	// Token gives a bearer token; it is asked before every attempt.
	Token func(context.Context) (string, error)
	// Actor is who the audit trail names when calls have no credential.
	Actor string
	// Timeout of calls whose context has no deadline; 0: DefaultTimeout. The server's limit is 30 s.
	Timeout time.Duration
	// Retries; the zero value: DefaultRetries.
	Retries RetryPolicy
	// Credentials for TLS. Nil: clear text.
	Credentials credentials.TransportCredentials
	// DialOptions are added to the channel's own.
	DialOptions []grpc.DialOption
}

// Client has one stub for each service, which share credentials, request IDs and retries. Every writing call gets a
// request ID, unless its context has one, and keeps it in all its attempts. Safe for concurrent use.
type Client struct {
	Progressions progressionv1.ProgressionServiceClient
	Programs     progressionv1.ProgramServiceClient
	Users        progressionv1.UserServiceClient
	Audit        progressionv1.AuditServiceClient
	Workflows    automationv1.WorkflowServiceClient
	Triggers     automationv1.TriggerServiceClient
	Events       automationv1.EventServiceClient

	connection *grpc.ClientConn
}

// New makes a client of the service at address, host:port. It connects with the first call.
func New(address string, options Options) (*Client, error) {
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Retries == (RetryPolicy{}) {
		options.Retries = DefaultRetries
	}
	security := grpc.WithInsecure()
	if options.Credentials != nil {
		security = grpc.WithTransportCredentials(options.Credentials)
	}
	dialOptions := append([]grpc.DialOption{
		security,
		// The client makes attempts itself: it heeds the server's RetryInfo, and gRPC's own retries do not.
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(reconnects),
		grpc.WithUnaryInterceptor(options.interceptUnary),
		grpc.WithStreamInterceptor(options.interceptStream),
	}, options.DialOptions...)
	connection, err := grpc.Dial(address, dialOptions...)
	if err != nil {
		return nil, err
	}
	return &Client{
		Progressions: progressionv1.NewProgressionServiceClient(connection),
		Programs:     progressionv1.NewProgramServiceClient(connection),
		Users:        progressionv1.NewUserServiceClient(connection),
		Audit:        progressionv1.NewAuditServiceClient(connection),
		Workflows:    automationv1.NewWorkflowServiceClient(connection),
		Triggers:     automationv1.NewTriggerServiceClient(connection),
		Events:       automationv1.NewEventServiceClient(connection),
		connection:   connection,
	}, nil
}

// Connection is what the stubs call over, for stubs of one's own.
func (client *Client) Connection() grpc.ClientConnInterface { return client.connection }

// Close ends the connection and the calls that run.
func (client *Client) Close() error { return client.connection.Close() }

func (options Options) interceptUnary(
	ctx context.Context, method string, request, reply interface{}, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, callOptions ...grpc.CallOption,
) error {
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, options.Timeout)
		defer cancel()
	}
	if needsRequestID(method) && !hasMetadata(ctx, requestIDHeader) {
		ctx = WithRequestID(ctx, NewRequestID())
	}
	return options.Retries.run(ctx, func(made int) error {
		attempt, err := options.complete(ctx)
		if err != nil {
			return err
		}
		// A further attempt waits for a connection: without one it would fail at once.
		return invoke(attempt, method, request, reply, connection,
			append([]grpc.CallOption{grpc.WaitForReady(made > 1)}, callOptions...)...)
	})
}

func (options Options) interceptStream(
	ctx context.Context, description *grpc.StreamDesc, connection *grpc.ClientConn, method string,
	stream grpc.Streamer, callOptions ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, err := options.complete(ctx)
	if err != nil {
		return nil, err
	}
	return stream(ctx, description, connection, method, callOptions...)
}

// complete adds the metadata that every call has; that of the call itself wins.
func (options Options) complete(ctx context.Context) (context.Context, error) {
	for name, value := range map[string]string{"x-account-id": options.AccountID, "x-actor": options.Actor} {
		if value != "" && !hasMetadata(ctx, name) {
			ctx = metadata.AppendToOutgoingContext(ctx, name, value)
		}
	}
	if options.Token == nil || hasMetadata(ctx, "authorization") {
		return ctx, nil
	}
	token, err := options.Token(ctx)
	if err != nil {
		return nil, err
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
}

func hasMetadata(ctx context.Context, name string) bool {
	given, _ := metadata.FromOutgoingContext(ctx)
	return len(given.Get(name)) > 0
}
