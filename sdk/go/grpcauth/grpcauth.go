// Package grpcauth protects gRPC services whose users sign in through a Vestibule server.
//
//	v, err := vestibule.New(…)
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(grpcauth.Unary(v)),
//		grpc.ChainStreamInterceptor(grpcauth.Stream(v)),
//	)
//
// Calls show an access token in the metadata "authorization: Bearer …". A method finds out who calls with vestibule.From(ctx). A call
// without a token, or with one that is not accepted, ends with the code Unauthenticated; one that cannot be decided, since the server is
// away, with Unavailable, on which clients try again. A stream is checked when it begins, and goes on when the token has expired.
package grpcauth

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// Option changes what is protected.
type Option func(*guard)

// Open leaves methods open to everybody, by their full names, as "/grpc.health.v1.Health/Check".
func Open(methods ...string) Option {
	return func(g *guard) {
		for _, m := range methods {
			g.open[m] = true
		}
	}
}

type guard struct {
	verifier *vestibule.Verifier
	open     map[string]bool
}

func newGuard(v *vestibule.Verifier, options []Option) *guard {
	g := &guard{v, map[string]bool{}}
	for _, o := range options {
		o(g)
	}
	return g
}

// Unary is the interceptor of calls that are answered once.
func Unary(v *vestibule.Verifier, options ...Option) grpc.UnaryServerInterceptor {
	g := newGuard(v, options)
	return func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		ctx, err := g.admit(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return next(ctx, in)
	}
}

// Stream is the interceptor of streams.
func Stream(v *vestibule.Verifier, options ...Option) grpc.StreamServerInterceptor {
	g := newGuard(v, options)
	return func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		ctx, err := g.admit(stream.Context(), info.FullMethod)
		if err != nil {
			return err
		}
		return next(service, known{stream, ctx})
	}
}

// known is a stream of somebody who is known.
type known struct {
	grpc.ServerStream
	ctx context.Context
}

func (k known) Context() context.Context { return k.ctx }

// admit is the context of a call that may go on.
func (g *guard) admit(ctx context.Context, method string) (context.Context, error) {
	if g.open[method] {
		return ctx, nil
	}
	sent := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(sent) == 0 {
		return ctx, status.Error(codes.Unauthenticated, "send an access token: authorization: Bearer …")
	}
	scheme, token, _ := strings.Cut(sent[0], " ")
	if len(sent) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return ctx, errRefused
	}
	id, err := g.verifier.Verify(ctx, strings.TrimLeft(token, " "))
	switch {
	case err == nil:
		return vestibule.With(ctx, id), nil
	case errors.Is(err, vestibule.ErrInvalid):
		return ctx, errRefused
	}
	if ctx.Err() != nil { // the caller has gone, or has waited for long enough
		return ctx, status.FromContextError(ctx.Err()).Err()
	}
	return ctx, status.Error(codes.Unavailable, "it cannot be told now who you are; try again in a moment")
}

var errRefused = status.Error(codes.Unauthenticated, "the access token is not accepted, or no longer: get a new one")
