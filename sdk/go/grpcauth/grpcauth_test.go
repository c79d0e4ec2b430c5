package grpcauth_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
	"github.com/vestibule-auth/vestibule/sdk/go/grpcauth"
	"github.com/vestibule-auth/vestibule/sdk/go/vestibuletest"
)

// service is a service of which everything is known: the health check. It notes who called.
type service struct {
	*health.Server
	callers chan string
}

func (s service) note(ctx context.Context) {
	name := "a stranger"
	if id, ok := vestibule.From(ctx); ok {
		name = id.Subject
	}
	s.callers <- name
}

func (s service) Check(ctx context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	s.note(ctx)
	return s.Server.Check(ctx, in)
}

func (s service) Watch(_ *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	s.note(stream.Context())
	return stream.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING})
}

// serve runs the service behind the interceptors.
func serve(t *testing.T, v *vestibule.Verifier, options ...grpcauth.Option) (healthpb.HealthClient, <-chan string) {
	t.Helper()
	s := grpc.NewServer(grpc.ChainUnaryInterceptor(grpcauth.Unary(v, options...)), grpc.ChainStreamInterceptor(grpcauth.Stream(v, options...)))
	callers := make(chan string, 10)
	healthpb.RegisterHealthServer(s, service{health.NewServer(), callers})
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }() // it ends with Stop
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthpb.NewHealthClient(conn), callers
}

// call calls once in each way, and says how it ended.
func call(ctx context.Context, c healthpb.HealthClient) map[string]codes.Code {
	_, unary := c.Check(ctx, &healthpb.HealthCheckRequest{})
	stream, err := c.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err == nil {
		_, err = stream.Recv()
	}
	return map[string]codes.Code{"unary": status.Code(unary), "stream": status.Code(err)}
}

func TestWhoMayCall(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	c, callers := serve(t, issuer.Verifier(t))
	good := issuer.Token(t, vestibuletest.Claims{Subject: "ann"})
	for name, test := range map[string]struct {
		sent []string
		want codes.Code
	}{
		"a token":         {[]string{"Bearer " + good}, codes.OK},
		"nothing":         {nil, codes.Unauthenticated},
		"a refresh token": {[]string{"Bearer " + issuer.Token(t, vestibuletest.Claims{Use: "refresh"})}, codes.Unauthenticated},
		"garbage":         {[]string{"Bearer x"}, codes.Unauthenticated},
		"another scheme":  {[]string{"Basic " + good}, codes.Unauthenticated},
		"two tokens":      {[]string{"Bearer " + good, "Bearer " + good}, codes.Unauthenticated},
	} {
		ctx := t.Context()
		for _, value := range test.sent {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
		}
		for how, code := range call(ctx, c) {
			if code != test.want {
				t.Errorf("%s, %s: %v, want %v", name, how, code, test.want)
			}
			if code == codes.OK {
				if who := <-callers; who != "ann" {
					t.Errorf("%s, %s: it is %q", name, how, who)
				}
			}
		}
	}
	if len(callers) > 0 {
		t.Errorf("%q got through", <-callers)
	}
	issuer.Down(true)
	issuer.Rotate(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+issuer.Token(t, vestibuletest.Claims{}))
	for how, code := range call(ctx, c) {
		if code != codes.Unavailable {
			t.Errorf("while nobody can tell, %s: %v", how, code)
		}
	}
}

func TestMethodsThatAreOpen(t *testing.T) {
	issuer := vestibuletest.NewIssuer(t)
	c, callers := serve(t, issuer.Verifier(t), grpcauth.Open("/grpc.health.v1.Health/Check"))
	codesOf := call(t.Context(), c)
	if codesOf["unary"] != codes.OK || codesOf["stream"] != codes.Unauthenticated {
		t.Errorf("%v", codesOf)
	}
	if who := <-callers; who != "a stranger" {
		t.Errorf("it is %q", who)
	}
}
