package post

import (
	"strings"
	"text/template/parse"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// BuiltIn are the built-in templates of a kind, as a tenant's own could be written: what they share with others is put in its place. What
// belongs to a channel that the kind does not go by is empty.
func BuiltIn(kind string) (own tenants.MailTemplate, ok bool) {
	k, ok := kindNamed(kind)
	if !ok {
		return own, false
	}
	if k.goesBy(store.Mail) {
		own.Subject = strings.TrimSpace(inlined(builtin(kind, "subject")))
		own.Text = inlined(builtin("layout", "txt") + builtin(kind, "txt"))
		own.HTML = inlined(builtin("layout", "html") + builtin(kind, "html"))
	}
	if k.goesBy(store.SMS) {
		own.SMS = strings.TrimSpace(inlined(builtin(kind, "sms")))
	}
	return own, true
}

// inlined is a template without definitions: each stands where it was named. A later definition takes an earlier one's place.
func inlined(source string) string {
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", set); err != nil {
		panic("post: " + err.Error()) // a test does this to every part of every kind
	}
	inlineList(tree.Root, set)
	return strings.TrimSpace(tree.Root.String()) + "\n"
}

func inlineList(l *parse.ListNode, set map[string]*parse.Tree) {
	if l == nil {
		return
	}
	var nodes []parse.Node
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TemplateNode: // always with the dot that is there
			if named := set[n.Name]; named != nil && named.Root != nil {
				body := named.Root.CopyList()
				inlineList(body, set)
				nodes = append(nodes, body.Nodes...)
			}
			continue
		case *parse.IfNode:
			inlineList(n.List, set)
			inlineList(n.ElseList, set)
		case *parse.WithNode:
			inlineList(n.List, set)
			inlineList(n.ElseList, set)
		}
		nodes = append(nodes, n)
	}
	l.Nodes = nodes
}
