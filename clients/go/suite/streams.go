package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	client "progression-service/clients/go"
	automationv1 "progression-service/clients/go/automation/v1"
	progressionv1 "progression-service/clients/go/progression/v1"
)

var streamScenarios = []scenario{
	{"a list is read page by page, each item once", wholeList},
	{"a list that is left early asks for no further page", leftList},
	{"events are watched as they are evaluated", watched},
	{"a stream that is cut goes on behind the last event", cutStream},
	{"a cancelled context ends a stream without an error", cancelledStream},
}

func wholeList() error {
	ctx, names, seen := context.Background(), []string{}, map[string]int{}
	for index := 0; index < 7; index++ {
		name := fmt.Sprintf("page-%d-%s", index, client.NewRequestID())
		names = append(names, name)
		if _, err := caller.Users.CreateUser(ctx, &progressionv1.CreateUserRequest{Name: name}); err != nil {
			return err
		}
	}
	users := client.ListAll(ctx, caller.Users.ListUsers, &progressionv1.ListUsersRequest{PageSize: 3},
		(*progressionv1.ListUsersResponse).GetUsers)
	for users.Next() {
		seen[users.Item().GetName()]++
	}
	for _, name := range names {
		if seen[name] != 1 {
			return fmt.Errorf("%s is there %d times", name, seen[name])
		}
	}
	return users.Err()
}

func leftList() error {
	pages := 0
	list := func(ctx context.Context, request *progressionv1.ListUsersRequest, options ...grpc.CallOption) (*progressionv1.ListUsersResponse, error) {
		pages++
		return caller.Users.ListUsers(ctx, request, options...)
	}
	users := client.ListAll(context.Background(), list, &progressionv1.ListUsersRequest{PageSize: 2},
		(*progressionv1.ListUsersResponse).GetUsers)
	return first(equal(users.Next(), true), equal(pages, 1))
}

func publish(count int) []string {
	request, ids := &automationv1.PublishEventsRequest{}, []string{}
	for index := 0; index < count; index++ {
		data, err := structpb.NewStruct(fields{"amount": 1, "currency": "EUR"})
		must(err)
		ids = append(ids, client.NewRequestID())
		request.Events = append(request.Events, &automationv1.PublishedEvent{
			Id: ids[index], Type: "payment_received", UserId: parts.UserID, Data: data,
		})
	}
	_, err := caller.Events.PublishEvents(context.Background(), request)
	must(err)
	return ids
}

func watchPayments(ctx context.Context) *client.EventStream {
	return caller.WatchEvents(ctx, &automationv1.WatchEventsRequest{
		Types: []string{"payment_received"}, FromBeginning: true,
	})
}

// collect gives the ids of watched events, each once, until all that are wanted are there.
func collect(watching *client.EventStream, wanted func() []string, onFirst func()) ([]string, error) {
	seen, isSeen := []string{}, map[string]bool{}
	hasAll := func() bool {
		for _, id := range wanted() {
			if !isSeen[id] {
				return false
			}
		}
		return true
	}
	for watching.Next() {
		id := watching.Event().GetId()
		if !isSeen[id] {
			seen, isSeen[id] = append(seen, id), true
		}
		if len(seen) == 1 {
			onFirst()
			onFirst = func() {}
		}
		if hasAll() {
			return seen, nil
		}
	}
	return seen, fmt.Errorf("the stream ended: %v", watching.Err())
}

func watched() error {
	control("release")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ids := publish(3)
	_, err := collect(watchPayments(ctx), func() []string { return ids }, func() {})
	return err
}

func cutStream() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ids, reconnects := publish(3), 0
	wanted := func() []string { return ids }
	watching := watchPayments(ctx)
	watching.OnReconnect = func(error) { reconnects++ }
	seen, err := collect(watching, wanted, func() {
		control("cut")
		ids = append(ids, publish(2)...)
	})
	if err != nil {
		return err
	}
	later, err := collect(watchPayments(ctx), wanted, func() {})
	for index, id := range seen {
		if err == nil && later[index] != id {
			return fmt.Errorf("event %d is %s, not %s", index, id, later[index])
		}
	}
	return first(err, equal(reconnects > 0, true))
}

func cancelledStream() error {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	watching := caller.WatchEvents(ctx, &automationv1.WatchEventsRequest{Types: []string{"appointment_booked"}})
	return first(equal(watching.Next(), false), watching.Err())
}
