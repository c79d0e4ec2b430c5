package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestMailIsTriedOutAndFollowed(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	acme := testkit.AddTenant(t, st, "acme", "")
	api := &adminapi.API{Token: admin.NewToken(token), Admin: admin.New(admin.Options{
		Store: st, Keys: testkit.Keys(t),
		TestMail: func(_ context.Context, _ *tenants.Tenant, to string, _ time.Time) *admin.MailTest {
			r := &admin.MailTest{Server: "smtp://mail.example:587", From: "no-reply@acme.example", Sent: strings.HasPrefix(to, "ann@")}
			if !r.Sent {
				r.Step, r.Code, r.EnhancedCode, r.Words = "rcpt", 550, "5.1.1", "no such user \x1b[31m"
			}
			return r
		},
	})}
	server := httptest.NewServer(api.Handler())
	defer server.Close()
	b := &bench{t: t, env: map[string]string{"VESTIBULE_ADMIN_URL": server.URL, "VESTIBULE_ADMIN_TOKEN": token}}
	if out, _ := b.run(0, "mail", "test", "--tenant", "acme", "--to", "ann@example.org"); !strings.Contains(out, "Sent    yes") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := b.run(1, "mail", "test", "--tenant", "acme", "--to", "bob@example.org"); !strings.Contains(out, "Step    rcpt\nCode    550 5.1.1\nWords   no such user \\x1b[31m\n") {
		t.Errorf("printed\n%s", out)
	}
	m := store.Message{ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: testkit.Start, DueAt: testkit.Start, Body: []byte("sealed")}
	m.Recipient = acme.Keys.Seal(secret.ForRecipient, m.ID, []byte("ann@example.org"))
	if err := st.For(acme).One(func(tx *store.Tx) error { return tx.AddMessage(t.Context(), &m) }); err != nil {
		t.Fatal(err)
	}
	leased, err := st.LeaseMessages(t.Context(), testkit.Start, testkit.Start.Add(time.Minute), 1)
	if err != nil || len(leased) != 1 {
		t.Fatal(leased, err)
	}
	if err := st.FailMessage(t.Context(), leased[0], testkit.Start, "send: rcpt: 550", true); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"log", "--state", "failed"}, {"show", m.ID}} {
		if out, _ := b.run(0, append([]string{"mail"}, append(args, "--tenant", "acme")...)...); !strings.Contains(out, m.ID+"  login_code  mail     ann@example.org  failed") {
			t.Errorf("%v printed\n%s", args, out)
		}
	}
	if out, _ := b.run(0, "mail", "log", "--tenant", "acme", "--channel", "sms"); strings.Count(out, "\n") != 1 {
		t.Errorf("printed\n%s", out)
	}
	if out, _ := b.run(0, "mail", "retry", m.ID, "--tenant", "acme"); !strings.Contains(out, "queued") {
		t.Errorf("printed\n%s", out)
	}
	if _, complaints := b.run(1, "mail", "retry", m.ID, "--tenant", "acme"); !strings.Contains(complaints, "on its way already") {
		t.Errorf("complains\n%s", complaints)
	}
	if _, complaints := b.run(2, "mail", "test", "--tenant", "acme"); !strings.Contains(complaints, `"to"`) {
		t.Errorf("complains\n%s", complaints)
	}
}
