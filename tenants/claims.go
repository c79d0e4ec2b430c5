package tenants

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	syntax "text/template/parse"

	"github.com/vestibule-auth/vestibule/internal/token"
)

// maxClaims is how much room the claims of a tenant's own may take, in bytes of JSON: a token goes along with every request.
const maxClaims = 4 << 10

// ClaimUser is the user that claims are about.
type ClaimUser struct{ ID, Email, Username, Name string }

// claimFacts are what the templates of claims may name.
type claimFacts struct {
	User   ClaimUser
	Tenant struct{ Slug string }
}

// claimFields are the same, as templates write them.
var claimFields = []string{".Tenant.Slug", ".User.Email", ".User.ID", ".User.Name", ".User.Username"}

// claimFunctions are what the templates of claims may call. All of them take time and room in proportion to the template.
var claimFunctions = []string{"and", "or", "not", "eq", "ne"}

// claims are compiled jwt_claims.
type claims struct {
	fixed map[string]json.RawMessage // those that are the same for everybody
	made  map[string]any             // the others, with templates in the place of texts
	err   error                      // why there are none: settings of another version, which were checked by other rules
}

// Claims are the tenant's own claims about a user, by their names, each as JSON. An error says that a template cannot be
// filled in, or comes to more than there is room for: no token must be made then.
func (t *Tenant) Claims(u ClaimUser) (map[string]json.RawMessage, error) {
	c := t.view().claims
	switch {
	case c.err != nil:
		return nil, c.err
	case len(c.made) == 0:
		return c.fixed, nil
	}
	facts := claimFacts{User: u}
	facts.Tenant.Slug = t.Slug
	return c.fill(facts)
}

func (c *claims) fill(facts claimFacts) (map[string]json.RawMessage, error) {
	all := maps.Clone(c.fixed)
	room := maxClaims
	for _, text := range all {
		room -= len(text)
	}
	for name, value := range c.made {
		filled, err := fillClaim(value, facts)
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", name, err)
		}
		text, err := json.Marshal(filled)
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", name, err)
		}
		if room -= len(text); room < 0 {
			return nil, fmt.Errorf("the claims take more than %d bytes", maxClaims)
		}
		all[name] = text
	}
	return all, nil
}

// fillClaim is a value with its templates filled in.
func fillClaim(value any, facts claimFacts) (any, error) {
	switch v := value.(type) {
	case *template.Template:
		out := bounded{left: maxClaims}
		if err := v.Execute(&out, facts); err != nil {
			return nil, fmt.Errorf("fill in a template: %w", err)
		}
		return out.String(), nil
	case []any:
		filled := make([]any, len(v))
		for i, one := range v {
			var err error
			if filled[i], err = fillClaim(one, facts); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key, one := range v {
			var err error
			if filled[key], err = fillClaim(one, facts); err != nil {
				return nil, err
			}
		}
		return filled, nil
	default:
		return v, nil
	}
}

// bounded takes so much and no more.
type bounded struct {
	strings.Builder
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("it comes to too much")
	}
	return b.Builder.Write(p)
}

// sample is a user such as there are many, for whom claims must have room.
var sample = claimFacts{
	User: ClaimUser{
		ID: "01234567-89ab-7cde-8f01-23456789abcd", Email: "somebody.with.a.long.name@department.example.org",
		Username: "somebody.with.a.long.name", Name: "Somebody With A Long Name",
	},
	Tenant: struct{ Slug string }{"some-tenant-of-the-house"},
}

// compileClaims makes jwt_claims ready, or is a *ConfigError of everything that is wrong with them.
func compileClaims(given map[string]any) (claims, error) {
	var f faults
	c := claims{fixed: map[string]json.RawMessage{}, made: map[string]any{}}
	for name, value := range given {
		path := pathText([]string{"headless", "jwt_claims", name})
		if slices.Contains(token.Reserved(), name) {
			f.add(path, "is set by the server")
		}
		if !token.ValidName(name) {
			f.add(path, "must be named with letters, digits and _ . : / -, and begin with a letter or _")
		}
		compiled, templates := compileClaim(&f, path, value)
		if templates {
			c.made[name] = compiled
			continue
		}
		text, err := json.Marshal(compiled)
		if err != nil {
			f.add(path, "cannot be written as JSON")
		}
		c.fixed[name] = text
	}
	if len(f) == 0 {
		if _, err := c.fill(sample); err != nil {
			f.add("headless.jwt_claims", "cannot be filled in for a user such as there are many: %s", err.Error())
		}
		room := maxClaims
		for name, text := range c.fixed {
			room -= len(name) + len(text)
		}
		if room < 0 {
			f.add("headless.jwt_claims", "must take no more than %d bytes", maxClaims)
		}
	}
	return c, f.err()
}

// compileClaim is a value with templates in the place of texts that are not fixed, and whether there are any.
func compileClaim(f *faults, path string, value any) (compiled any, templates bool) {
	switch v := value.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v, false
		}
		t, err := compileText(v)
		if err != nil {
			f.add(path, "%s", err.Error())
		}
		return t, true
	case []any:
		all := make([]any, len(v))
		for i, one := range v {
			made, some := compileClaim(f, fmt.Sprintf("%s[%d]", path, i), one)
			all[i], templates = made, templates || some
		}
		return all, templates
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, one := range v {
			made, some := compileClaim(f, path+"."+pathText([]string{key}), one)
			all[key], templates = made, templates || some
		}
		return all, templates
	default:
		return v, false
	}
}

// compileText makes a template of a text. The template language has loops, recursion, variables and printf; with them a few
// dozen bytes keep a processor busy for hours or fill the memory, at every login. So of the language there are fields,
// conditions and a few functions, and what they do is bounded by the template's own length.
func compileText(source string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, fmt.Errorf("is not a Go template: %s", templateFault(err))
	}
	if len(t.Templates()) > 1 {
		return nil, errors.New("has define or block, which are not available")
	}
	return t, harmless(t.Root)
}

// harmless is what in a template is not available, or nil.
func harmless(n syntax.Node) error {
	var inside []syntax.Node
	switch n := n.(type) {
	case *syntax.ListNode:
		if n != nil {
			inside = n.Nodes
		}
	case *syntax.TextNode, *syntax.CommentNode, *syntax.StringNode, *syntax.NumberNode, *syntax.BoolNode:
	case *syntax.FieldNode:
		if !slices.Contains(claimFields, n.String()) {
			return fmt.Errorf("names {{%.60s}}; what it may name is %s", n, strings.Join(claimFields, ", "))
		}
	case *syntax.ActionNode:
		inside = []syntax.Node{n.Pipe}
	case *syntax.IfNode:
		inside = []syntax.Node{n.Pipe, n.List, n.ElseList}
	case *syntax.PipeNode:
		if len(n.Decl) > 0 {
			return errors.New("sets a variable, which is not available")
		}
		for _, c := range n.Cmds {
			inside = append(inside, c)
		}
	case *syntax.CommandNode:
		inside = n.Args
	case *syntax.IdentifierNode:
		if !slices.Contains(claimFunctions, n.Ident) {
			return fmt.Errorf("calls %s, which is not available; %s are", n.Ident, strings.Join(claimFunctions, ", "))
		}
	default:
		return fmt.Errorf("has %.40s, which is not available", n)
	}
	for _, one := range inside {
		if err := harmless(one); err != nil {
			return err
		}
	}
	return nil
}
