package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/headless/headlesstest"
)

// witness stands before the server, and holds every answer that passes to what the server's own document says of it.
type witness struct {
	*httptest.Server
	mu     sync.Mutex
	passed int
	faults []string
}

// witnessBefore is a witness before the server at that URL. It has to be closed.
func witnessBefore(server string) (*witness, error) {
	to, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	w := &witness{}
	w.Server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			// What was asked is what is answered, also where it is odd: the host, which names the tenant, and what proxies take away.
			r.Out.Host, r.Out.Header, r.Out.URL.RawQuery = r.In.Host, r.In.Header.Clone(), r.In.URL.RawQuery
		},
		ModifyResponse: w.look,
	})
	return w, nil
}

func (w *witness) look(answer *http.Response) error {
	asked := answer.Request
	if asked.Method == http.MethodHead {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	fault := headlesstest.Conforms(asked.Method, asked.URL.Path, answer.StatusCode, answer.Header, body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed++
	if fault != nil {
		w.faults = append(w.faults, fault.Error())
	}
	return nil
}

// saw is how many answers have passed since it was last asked, and those that were not as they are described.
func (w *witness) saw() (passed int, faults []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	passed, faults = w.passed, w.faults
	w.passed, w.faults = 0, nil
	return passed, faults
}
