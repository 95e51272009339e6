// Completes a session of the demo account's first athlete: go run ./example localhost:8080
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	client "progression-service/clients/go"
	progressionv1 "progression-service/clients/go/progression/v1"
)

func main() {
	service, err := client.New(os.Args[1], client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()

	ctx := context.Background()
	users := client.ListAll(ctx, service.Users.ListUsers, &progressionv1.ListUsersRequest{},
		(*progressionv1.ListUsersResponse).GetUsers)
	if !users.Next() {
		log.Fatalf("no athlete: %v", users.Err())
	}
	// One request ID for each intention, stored with it: after a crash, the same call gives the stored answer.
	ctx = client.WithRequestID(ctx, client.NewRequestID())
	answer, err := service.Progressions.HandleSessionComplete(ctx, &progressionv1.HandleSessionCompleteRequest{
		UserId:  users.Item().GetId(),
		Session: &progressionv1.Session{SessionId: client.NewRequestID(), DaySlug: "a", WeekNumber: 1},
	})
	if client.HasReason(err, client.ReasonNotEnrolled) {
		fmt.Println("the athlete is in no program")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range answer.GetOutcome().GetResults() {
		fmt.Println(result.GetLiftId(), result.GetPreviousValue(), result.GetNewValue())
	}
}
