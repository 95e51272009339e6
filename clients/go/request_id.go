package progressionclient

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

const requestIDHeader = "idempotency-key"

// NewRequestID makes a request ID, for one intention. Store it with what it is about when a crash must not forget it.
func NewRequestID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// WithRequestID gives the calls of a context this request ID, a UUID.
func WithRequestID(ctx context.Context, requestID string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, requestIDHeader, requestID)
}

// needsRequestID says whether the method at a path such as /progression.v1.UserService/GetUser writes.
func needsRequestID(path string) bool {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "."))
	method, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return true
	}
	options, isMethod := method.Options().(*descriptorpb.MethodOptions)
	return !isMethod || options.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
