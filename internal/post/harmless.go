package post

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"
)

// functions are what a tenant's templates may call. All of them take time and room in proportion to the template.
var functions = []string{"and", "or", "not", "eq", "ne", "len", "html", "urlquery"}

// harmless says what is wrong with a tenant's template: that it names what is not among the variables, or that it may not
// end soon. The template language has loops, recursion, variables and
// printf; with them a few dozen bytes keep a processor busy for hours or fill the memory. A mail needs none of these:
// fields, conditions and the functions above are enough, and what they do is bounded by the template's own length.
func harmless(source string, vars map[string]string) error {
	if len(source) > maxSource {
		return fmt.Errorf("is longer than %d bytes", maxSource)
	}
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", set); err != nil {
		return fmt.Errorf("cannot be read: %s", strings.TrimPrefix(err.Error(), "template: template:"))
	}
	if len(set) > 1 {
		return errors.New("has define or block, which are not available")
	}
	return harmlessNode(tree.Root, vars)
}

func harmlessNode(n parse.Node, vars map[string]string) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Nodes {
			if err := harmlessNode(c, vars); err != nil {
				return err
			}
		}
	case *parse.TextNode, *parse.CommentNode, *parse.DotNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode,
		*parse.NilNode:
	case *parse.FieldNode:
		if _, ok := vars[n.Ident[0]]; !ok {
			return fmt.Errorf("names {{.%.40s}}; what it may name is %s", n.Ident[0], strings.Join(slices.Sorted(maps.Keys(vars)), ", "))
		}
	case *parse.ActionNode:
		return harmlessNode(n.Pipe, vars)
	case *parse.IfNode:
		return harmlessBranch(&n.BranchNode, vars)
	case *parse.WithNode:
		return harmlessBranch(&n.BranchNode, vars)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return errors.New("sets a variable, which is not available")
		}
		for _, c := range n.Cmds {
			if err := harmlessNode(c, vars); err != nil {
				return err
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			if err := harmlessNode(a, vars); err != nil {
				return err
			}
		}
	case *parse.IdentifierNode:
		if !slices.Contains(functions, n.Ident) {
			return fmt.Errorf("calls %s, which is not available; %s are", n.Ident, strings.Join(functions, ", "))
		}
	default:
		return fmt.Errorf("has %.40s, which is not available", n)
	}
	return nil
}

func harmlessBranch(n *parse.BranchNode, vars map[string]string) error {
	if err := harmlessNode(n.Pipe, vars); err != nil {
		return err
	}
	if err := harmlessNode(n.List, vars); err != nil {
		return err
	}
	if n.ElseList == nil {
		return nil
	}
	return harmlessNode(n.ElseList, vars)
}
