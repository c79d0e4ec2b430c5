package flows

// Identity is who somebody is, for servers that take the word of this one.
type Identity struct {
	UserID    string
	SessionID string // opens nothing, as the sid of an access token
	Email     string // "" unless the user has proved it
	Username  string // "" where there is none
	Name      string // likewise; the user has written it
}

// Identity is who is signed in, and whether somebody is: a login that waits is nobody's yet. The visit must have been opened with
// Origin.Identity.
func (v *Visit) Identity() (who Identity, ok bool) {
	if v.user == nil {
		return Identity{}, false
	}
	who = Identity{UserID: v.user.ID, SessionID: v.session.ID, Username: v.user.Username, Name: v.user.Name}
	if v.user.EmailVerified {
		who.Email = v.user.Email
	}
	return who, true
}
