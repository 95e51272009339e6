package progressionclient

import (
	"context"
	"math/rand"
	"time"

	"google.golang.org/grpc/codes"
)

// RetryPolicy makes an attempt again when the same call may succeed: exponential backoff with jitter, within one
// timeout.
type RetryPolicy struct {
	// Attempts in all; 1 makes none again.
	Attempts int
	// FirstDelay is before the second attempt; doubled before each further one.
	FirstDelay time.Duration
	// LongestDelay bounds the doubled delay.
	LongestDelay time.Duration
}

// DefaultRetries are those of the service config that is published for gRPC clients.
var DefaultRetries = RetryPolicy{Attempts: 4, FirstDelay: 100 * time.Millisecond, LongestDelay: 2 * time.Second}

// run calls attempt until it succeeds, its error says that no retry helps, or attempts or time are used up.
func (policy RetryPolicy) run(ctx context.Context, attempt func(made int) error) error {
	for made := 1; ; made++ {
		err := attempt(made)
		if err == nil || made >= policy.Attempts {
			return err
		}
		details := ReadError(err)
		if !details.mayRetry() {
			return err
		}
		// The server's RetryInfo is the least delay.
		delay := details.RetryAfter + policy.backoff(made)
		if endAt, has := ctx.Deadline(); has && time.Now().Add(delay).After(endAt) {
			return err
		}
		if !wait(ctx, delay) {
			return err
		}
	}
}

// backoff has full jitter: a random share of the delay, so that calls that failed together do not retry together.
func (policy RetryPolicy) backoff(made int) time.Duration {
	delay := policy.FirstDelay << uint(made-1)
	if delay > policy.LongestDelay || delay < policy.FirstDelay {
		delay = policy.LongestDelay
	}
	return time.Duration(rand.Float64() * float64(delay))
}

func (details ErrorDetails) mayRetry() bool {
	return details.IsRetryable || details.Code == codes.Unavailable
}

// wait reports whether the delay passed before the context ended.
func wait(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
