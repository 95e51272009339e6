package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	client "progression-service/clients/go"
)

func runCase(each Case) error {
	var sent interface{}
	must(json.Unmarshal(each.Request, &sent))
	text, err := json.Marshal(fill(sent))
	must(err)
	name := protoreflect.FullName(strings.ReplaceAll(each.Method, "/", "."))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	must(err)
	method := found.(protoreflect.MethodDescriptor)
	request, answer := newMessage(method.Input()), newMessage(method.Output())
	must(protojson.Unmarshal(text, request))
	ctx := context.Background()
	for header, value := range each.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, header, fillText(value))
	}
	err = caller.Connection().Invoke(ctx, "/"+each.Method, request, answer)
	if each.Error != nil {
		return refusedAs(err, fill(each.Error))
	}
	if err != nil {
		return err
	}
	return contains(asJSON(answer), fill(each.Answer), "")
}

func newMessage(descriptor protoreflect.MessageDescriptor) protoreflect.ProtoMessage {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	must(err)
	return kind.New().Interface()
}

func asJSON(message protoreflect.ProtoMessage) interface{} {
	text, err := protojson.Marshal(message)
	must(err)
	var value interface{}
	must(json.Unmarshal(text, &value))
	return value
}

var upper = regexp.MustCompile("([a-z])([A-Z])")

// refusedAs compares the details of an error with those that are expected, as cases.json has them.
func refusedAs(err error, expected interface{}) error {
	if err == nil {
		return errors.New("the call was answered")
	}
	details := client.ReadError(err)
	fields := []interface{}{}
	for _, each := range details.Violations {
		fields = append(fields, each.Field)
	}
	known := map[string]interface{}{}
	for key, value := range details.Metadata {
		known[key] = value
	}
	actual := map[string]interface{}{
		"code":         strings.ToUpper(upper.ReplaceAllString(details.Code.String(), "${1}_${2}")),
		"reason":       string(details.Reason),
		"metadata":     known,
		"fields":       fields,
		"retryable":    details.IsRetryable,
		"retryAfterMs": float64(details.RetryAfter.Milliseconds()),
	}
	return contains(actual, expected, "")
}

func equal(actual, expected interface{}) error {
	if actual != expected {
		return fmt.Errorf("%v is not %v", actual, expected)
	}
	return nil
}

func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}
