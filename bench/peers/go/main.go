// A service that reports a session by hand: grpc-go, pgx, the seven statements of the floor. No checks, no rules, no
// accounts. Prints `ready on <url>`; its database must have what bench/fixture.ts and keepRowSizes leave there.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	progressionv1 "progression-service/clients/go/progression/v1"
)

const connections = 16

type statements struct {
	Lock, Ledger, Apply, Outbox, Record string
}

type service struct {
	progressionv1.UnimplementedProgressionServiceServer
	pool      *pgxpool.Pool
	accountID string
	texts     statements
	answer    *progressionv1.HandleSessionCompleteResponse
}

func (s *service) HandleSessionComplete(
	ctx context.Context, request *progressionv1.HandleSessionCompleteRequest,
) (*progressionv1.HandleSessionCompleteResponse, error) {
	user, session := request.GetUserId(), request.GetSession().GetSessionId()
	err := s.pool.BeginFunc(ctx, func(tx pgx.Tx) error {
		for _, statement := range []struct {
			text string
			args []interface{}
		}{
			{s.texts.Lock, []interface{}{s.accountID, user}},
			{s.texts.Ledger, []interface{}{s.accountID, user, session}},
			{s.texts.Apply, []interface{}{s.accountID, user, session}},
			{s.texts.Outbox, []interface{}{s.accountID, user}},
			{s.texts.Record, []interface{}{s.accountID, user, session}},
		} {
			if _, err := tx.Exec(ctx, statement.text, statement.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return s.answer, err
}

func main() {
	ctx := context.Background()
	s := &service{accountID: os.Getenv("ACCOUNT_ID"), answer: &progressionv1.HandleSessionCompleteResponse{}}
	must(json.Unmarshal([]byte(os.Getenv("STATEMENTS")), &s.texts))
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	must(err)
	config.MaxConns = connections
	s.pool, err = pgxpool.ConnectConfig(ctx, config)
	must(err)
	var answer []byte
	must(s.pool.QueryRow(ctx, "select response from bench_sizes").Scan(&answer))
	must(proto.Unmarshal(answer, s.answer))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := grpc.NewServer()
	progressionv1.RegisterProgressionServiceServer(server, s)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		server.GracefulStop()
	}()
	fmt.Printf("ready on http://%s\n", listener.Addr())
	must(server.Serve(listener))
	s.pool.Close()
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
