package limit

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/vestibule-auth/vestibule/internal/trace"
)

// Traced has a client's commands be told of in traces: which command it was, and how many in a pipeline. Keys and arguments are not in
// them, since a key may be made of somebody's address. A client that is not traced has nothing between itself and Redis.
func Traced(client redis.UniversalClient) { client.AddHook(hook{}) }

type hook struct{}

// DialHook tells of connections: where one is slow, they often are why.
func (hook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, span := begin(ctx, "connect")
		conn, err := next(ctx, network, addr)
		end(span, err)
		return conn, err
	}
}

// ProcessHook tells of a command.
func (hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, span := begin(ctx, strings.ToUpper(cmd.Name()))
		err := next(ctx, cmd)
		end(span, err)
		return err
	}
}

// ProcessPipelineHook tells of several at once.
func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, span := begin(ctx, "PIPELINE")
		span.Set(trace.Int("db.operation.batch.size", len(cmds)))
		err := next(ctx, cmds)
		end(span, err)
		return err
	}
}

func begin(ctx context.Context, name string) (context.Context, trace.Span) {
	if !trace.Of(ctx).On() {
		return ctx, trace.Span{}
	}
	return trace.Begin(ctx, name, trace.Client, trace.String("db.system.name", "redis"), trace.String("db.operation.name", name))
}

// end ends a span with the class of an error. That Redis does not know a script yet is its way of asking for it.
func end(span trace.Span, err error) {
	if !span.On() {
		return
	}
	var (
		reply   redis.Error
		network net.Error
	)
	switch {
	case err == nil, errors.Is(err, redis.Nil), redis.HasErrorPrefix(err, "NOSCRIPT"):
	case errors.Is(err, context.Canceled):
		span.Fail("gave_up_waiting")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		span.Fail("timeout")
	case errors.As(err, &reply):
		word, _, _ := strings.Cut(reply.Error(), " ") // such as READONLY; what follows may quote an argument
		if len(word) > 20 || strings.ToUpper(word) != word {
			word = "_OTHER"
		}
		span.Set(trace.String("db.response.status_code", word))
		span.Fail(word)
	default:
		span.Fail("unavailable")
	}
	span.End()
}
