package httpd

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestAProfileEndsWhenTheServerStops(t *testing.T) {
	begun := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		Profiles().ServeHTTP(w, r)
	})
	s, err := Listen(t.Context(), ServerOptions{Name: "test", Addr: "127.0.0.1:0", RequestTimeout: patience, Handler: Standard(h, Options{RequestTimeout: time.Second})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	drain, cut := context.WithTimeout(context.Background(), patience)
	defer cut()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, drain) }()
	type result struct {
		size int
		err  error
	}
	got := make(chan result, 1)
	go func() {
		resp, err := http.Get("http://" + s.Addr().String() + ProfilesPath + "trace?seconds=120")
		if err != nil {
			got <- result{err: err}
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		got <- result{len(b), err}
	}()
	<-begun
	stop()
	if err := <-served; err != nil {
		t.Errorf("the stop was held up: %v", err)
	}
	if r := <-got; r.err != nil || r.size == 0 {
		t.Errorf("%d bytes of the profile came, %v", r.size, r.err)
	}
}
