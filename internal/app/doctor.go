package app

import (
	"net/netip"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/httpd"
)

// watch shows package admin what package httpd has seen.
type watch struct{ *httpd.Watch }

func (w watch) Seen(probe string) (*admin.Sight, bool) {
	s, known := w.Watch.Seen(probe)
	if s == nil {
		return nil, known
	}
	seen := &admin.Sight{
		Host: s.Host, Peer: addressText(s.Peer), ClientIP: addressText(s.ClientIP), ForwardedFor: s.ForwardedFor, Header: s.Header, Scheme: s.Scheme, Tenant: s.Tenant,
	}
	if seen.ForwardedFor == nil {
		seen.ForwardedFor = []string{}
	}
	if seen.Header == nil {
		seen.Header = []string{}
	}
	return seen, known
}

func (w watch) Clients(tenant string) admin.Clients {
	c := w.Watch.Clients(tenant)
	return admin.Clients{Requests: c.Requests, Distinct: c.Distinct, Most: addressText(c.Most), FromMost: c.FromMost, Forwarded: c.Forwarded}
}

// addressText is an address as text, or "" where there is none.
func addressText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}
