package adminapi_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// upon is a writer that does something once, when the answer begins.
type upon struct {
	http.ResponseWriter
	do func()
}

func (u *upon) Write(b []byte) (int, error) {
	u.do()
	return u.ResponseWriter.Write(b)
}

// exported is an export of acme, of which the given context ends amid the answer: that of the request or that of the connection.
func (d *desk) exported(amid func(endRequest, endConnection func())) (body []byte, cut bool) {
	d.t.Helper()
	connection, hangUp := context.WithCancel(d.t.Context())
	defer hangUp()
	request, timeOut := context.WithCancel(connection)
	defer timeOut()
	d.api.Connection = func(*http.Request) context.Context { return connection }
	r := httptest.NewRequest(http.MethodGet, "/admin/v1/tenants/acme/export", http.NoBody).WithContext(request)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	defer func() {
		if err, ok := recover().(error); ok && errors.Is(err, http.ErrAbortHandler) {
			body, cut = w.Body.Bytes(), true
		}
	}()
	d.handler.ServeHTTP(&upon{w, func() { amid(timeOut, hangUp) }}, r)
	return w.Body.Bytes(), false
}

func TestAStreamLastsAsLongAsItsClient(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		d := newDesk(t, engine, nil)
		d.create("acme")
		d.want(d.do("POST", "/admin/v1/tenants/acme/users", `{"email":"ann@example.org","name":"A <b> & c"}`), http.StatusCreated)
		whole, cut := d.exported(func(_, _ func()) {})
		if cut || bytes.Count(whole, []byte("\n")) < 2 || !bytes.Contains(whole, []byte("A <b> & c")) {
			t.Errorf("the export is %s", whole)
		}
		late, cut := d.exported(func(timeOut, _ func()) { timeOut() })
		if cut || bytes.Count(late, []byte("\n")) != bytes.Count(whole, []byte("\n")) {
			t.Errorf("after the request's time it is %s", late)
		}
		if part, cut := d.exported(func(_, hangUp func()) { hangUp() }); !cut {
			t.Errorf("nobody is there, and it went on: %s", part)
		}
	})
}
