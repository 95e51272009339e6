package progressionclient

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

type page interface {
	proto.Message
	GetNextPageToken() string
}

// List iterates over every item of a list, page by page; see ListAll.
type List[Item any] struct {
	next  func() ([]Item, bool, error)
	items []Item
	isEnd bool
	err   error
}

// ListAll lists every item, and asks for a page when it is needed. The request's page size is that of the pages, its
// page token where to begin:
//
//	users := ListAll(ctx, client.Users.ListUsers, &progressionv1.ListUsersRequest{},
//		(*progressionv1.ListUsersResponse).GetUsers)
//	for users.Next() { use(users.Item()) }
//	err := users.Err()
func ListAll[Request proto.Message, Page page, Item any](
	ctx context.Context,
	method func(context.Context, Request, ...grpc.CallOption) (Page, error),
	request Request,
	itemsOf func(Page) []Item,
) *List[Item] {
	request = proto.Clone(request).(Request)
	token := request.ProtoReflect().Descriptor().Fields().ByName("page_token")
	return &List[Item]{next: func() ([]Item, bool, error) {
		answer, err := method(ctx, request)
		if err != nil {
			return nil, true, err
		}
		next := answer.GetNextPageToken()
		request.ProtoReflect().Set(token, protoreflect.ValueOfString(next))
		return itemsOf(answer), next == "", nil
	}}
}

// Next goes to the next item; false: there is none, or Err says why it could not be read.
func (list *List[Item]) Next() bool {
	if len(list.items) > 0 {
		list.items = list.items[1:]
	}
	for len(list.items) == 0 && !list.isEnd {
		list.items, list.isEnd, list.err = list.next()
	}
	return len(list.items) > 0
}

// Item is the present item, after a Next that returned true.
func (list *List[Item]) Item() Item { return list.items[0] }

// Err is the error that ended the list; nil at its end.
func (list *List[Item]) Err() error { return list.err }
