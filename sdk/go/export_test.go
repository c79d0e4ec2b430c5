package vestibule

// Knows reports whether a key of an issuer is known, without having it fetched.
func (v *Verifier) Knows(issuer, kid string) bool {
	s := v.keysOf(v.issuers[issuer])
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[kid] != nil
}

// Fetching reports whether an issuer's keys are being fetched.
func (v *Verifier) Fetching(issuer string) bool {
	s := v.keysOf(v.issuers[issuer])
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running != nil
}

// Check is what checks signatures of a key that is known.
func (v *Verifier) Check(issuer, kid string) func(signed, signature []byte) bool {
	s := v.keysOf(v.issuers[issuer])
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[kid].verify
}
