package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	client "progression-service/clients/go"
	progressionv1 "progression-service/clients/go/progression/v1"
)

type scenario struct {
	name string
	run  func() error
}

type fields = map[string]interface{}

var scenarios = append([]scenario{
	{"a replay has the stored answer", replay},
	{"a write without a request ID gets one of its own", ownRequestIDs},
	{"a request ID with another payload conflicts", conflict},
	{"a deadline ends a call", deadline},
	{"a cancelled call ends at once", cancelled},
	{"a fresh token is asked for before every attempt", freshTokens},
	{"an unavailable service is called four times, under one request ID", fourAttempts},
	{"with one attempt no call is made again", oneAttempt},
	{"a call during an outage is answered after it", outage},
	{"a restart of the service loses no call and applies none twice", restart},
	{"of 20 duplicates at once one is applied", duplicates},
	{"errors are told apart by their reasons", reasons},
}, streamScenarios...)

func session(userID string) *progressionv1.HandleSessionCompleteRequest {
	return &progressionv1.HandleSessionCompleteRequest{
		UserId: userID,
		Session: &progressionv1.Session{
			SessionId:      client.NewRequestID(),
			DaySlug:        "a",
			WeekNumber:     1,
			LiftsPerformed: []string{parts.LiftID},
		},
	}
}

// complete gives the first log id of the answer, and whether the answer is a replay.
func complete(ctx context.Context, request *progressionv1.HandleSessionCompleteRequest) (string, bool, error) {
	var header metadata.MD
	answer, err := caller.Progressions.HandleSessionComplete(ctx, request, grpc.Header(&header))
	if err != nil {
		return "", false, err
	}
	replayed := header.Get("idempotency-replayed")
	return answer.GetOutcome().GetResults()[0].GetLogId(), len(replayed) > 0 && replayed[0] == "true", nil
}

func withNewRequestID() context.Context {
	return client.WithRequestID(context.Background(), client.NewRequestID())
}

func replay() error {
	ctx, request := withNewRequestID(), session(parts.UserID)
	one, isOneReplayed, err := complete(ctx, request)
	other, isOtherReplayed, otherErr := complete(ctx, request)
	return first(err, otherErr, equal(other, one), equal(isOneReplayed, false), equal(isOtherReplayed, true))
}

func ownRequestIDs() error {
	one, _, err := complete(context.Background(), session(parts.UserID))
	other, _, otherErr := complete(context.Background(), session(parts.UserID))
	if one == other {
		return fmt.Errorf("both are %s", one)
	}
	return first(err, otherErr)
}

func conflict() error {
	ctx := withNewRequestID()
	_, _, err := complete(ctx, session(parts.UserID))
	_, _, refusal := complete(ctx, session(parts.UserID))
	return first(err, refusedAs(refusal, fields{"code": "ALREADY_EXISTS", "reason": "REQUEST_ID_REUSED", "retryable": false}))
}

func deadline() error {
	startedAt := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, _, err := complete(ctx, session(parts.HeldUserID))
	return first(refusedAs(err, fields{"code": "DEADLINE_EXCEEDED"}), equal(time.Since(startedAt) < 3*time.Second, true))
}

func cancelled() error {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, _, err := complete(ctx, session(parts.HeldUserID))
	return refusedAs(err, fields{"code": "CANCELED"})
}

func freshTokens() error {
	asked := 0
	lost := connect(parts.UnavailableURL, client.Options{
		Retries: client.RetryPolicy{Attempts: 3, FirstDelay: time.Millisecond, LongestDelay: time.Second},
		Token: func(context.Context) (string, error) {
			asked++
			return fmt.Sprintf("token-%d", asked), nil
		},
	})
	defer lost.Close()
	_, err := lost.Users.GetUser(context.Background(), &progressionv1.GetUserRequest{UserId: parts.UserID})
	return first(refusedAs(err, fields{"code": "UNAVAILABLE"}), equal(asked, 3))
}

func createUserInVain(retries client.RetryPolicy, attempts string) error {
	requestID := client.NewRequestID()
	lost := connect(parts.UnavailableURL, client.Options{Retries: retries})
	defer lost.Close()
	ctx := client.WithRequestID(context.Background(), requestID)
	_, err := lost.Users.CreateUser(ctx, &progressionv1.CreateUserRequest{Name: "Ada"})
	expected := fields{"code": "UNAVAILABLE", "reason": "DATABASE_UNAVAILABLE", "retryAfterMs": 1000.0}
	return first(refusedAs(err, expected), equal(control("attempts?requestId="+requestID), attempts))
}

func fourAttempts() error { return createUserInVain(client.DefaultRetries, "4") }

func oneAttempt() error { return createUserInVain(client.RetryPolicy{Attempts: 1}, "1") }

func outage() error {
	control("refuse")
	answer, err := caller.Users.GetUser(context.Background(), &progressionv1.GetUserRequest{UserId: parts.UserID})
	return first(err, equal(answer.GetUser().GetId(), parts.UserID))
}

func versionOfMax() (int32, error) {
	answer, err := caller.Progressions.GetLiftMax(context.Background(), &progressionv1.GetLiftMaxRequest{
		UserId: parts.UserID, LiftId: parts.LiftID, MaxType: progressionv1.MaxType_MAX_TYPE_TRAINING_MAX,
	})
	return int32(answer.GetLiftMax().GetVersion()), err
}

func restart() error {
	before, err := versionOfMax()
	if err != nil {
		return err
	}
	restarted := make(chan string)
	failures := inParallel(10, func(int) error {
		_, _, err := complete(context.Background(), session(parts.UserID))
		return err
	}, func() { restarted <- control("restart") })
	<-restarted
	after, err := versionOfMax()
	return first(append(failures, err, equal(after-before, int32(10)))...)
}

func duplicates() error {
	ctx, request := withNewRequestID(), session(parts.UserID)
	ids, replays := [20]string{}, [20]bool{}
	failures := inParallel(20, func(index int) (err error) {
		ids[index], replays[index], err = complete(ctx, request)
		return err
	}, func() {})
	distinct, replayed := map[string]bool{}, 0
	for index, id := range ids {
		distinct[id] = true
		if replays[index] {
			replayed++
		}
	}
	return first(append(failures, equal(len(distinct), 1), equal(replayed, 19))...)
}

func reasons() error {
	_, err := caller.Users.GetUser(context.Background(), &progressionv1.GetUserRequest{UserId: parts.UnknownID})
	return first(
		equal(client.HasReason(err, client.ReasonUserNotFound), true),
		equal(client.HasReason(err, client.ReasonLiftNotFound), false),
	)
}

// inParallel runs calls at once, and `meanwhile` beside them; what each call returned.
func inParallel(count int, run func(index int) error, meanwhile func()) []error {
	results := make([]error, count)
	var group sync.WaitGroup
	for index := 0; index < count; index++ {
		group.Add(1)
		go func(index int) {
			defer group.Done()
			results[index] = run(index)
		}(index)
	}
	go meanwhile()
	group.Wait()
	return results
}
