package flows

// SearchKeys are the prefixes by which a user is looked for who is known as q: as an address, a username and a number. What q cannot be
// is "".
func SearchKeys(q string) (email, username, phone string) {
	q = trim(q)
	if a, ok := parseAddress(q); ok {
		email = string(a)
	} else if isASCII(q) {
		email = lowerASCII(q)
	}
	username = usernameKey(q)
	if len(q) > 0 && q[0] == '+' {
		phone = numberOf(q)
	}
	return email, username, phone
}

// numberOf is a number as it is kept, of one that people have put spaces and dashes into.
func numberOf(q string) string {
	out := make([]byte, 0, len(q))
	for i := range len(q) {
		switch c := q[i]; {
		case c == '+' || (c >= '0' && c <= '9'):
			out = append(out, c)
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '.':
		default:
			return ""
		}
	}
	return string(out)
}
