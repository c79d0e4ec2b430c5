package post

import (
	"fmt"
	"slices"
	"text/template/parse"
)

// functions are what a tenant's templates may call. All of them take time and room in proportion to the template.
var functions = []string{"and", "or", "not", "eq", "ne", "len", "html", "urlquery"}

// harmless reports whether a tenant's template ends soon. The template language has loops, recursion, variables and
// printf; with them a few dozen bytes keep a processor busy for hours or fill the memory. A mail needs none of these:
// fields, conditions and the functions above are enough, and what they do is bounded by the template's own length.
func harmless(source string) error {
	if len(source) > maxSource {
		return fmt.Errorf("%w: it is longer than %d bytes", ErrTemplate, maxSource)
	}
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", set); err != nil {
		return fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	if len(set) > 1 {
		return fmt.Errorf("%w: define and block are not available", ErrTemplate)
	}
	return harmlessNode(tree.Root)
}

func harmlessNode(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Nodes {
			if err := harmlessNode(c); err != nil {
				return err
			}
		}
	case *parse.TextNode, *parse.CommentNode, *parse.FieldNode, *parse.DotNode, *parse.StringNode, *parse.NumberNode,
		*parse.BoolNode, *parse.NilNode:
	case *parse.ActionNode:
		return harmlessNode(n.Pipe)
	case *parse.IfNode:
		return harmlessBranch(&n.BranchNode)
	case *parse.WithNode:
		return harmlessBranch(&n.BranchNode)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return fmt.Errorf("%w: variables are not available", ErrTemplate)
		}
		for _, c := range n.Cmds {
			if err := harmlessNode(c); err != nil {
				return err
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			if err := harmlessNode(a); err != nil {
				return err
			}
		}
	case *parse.IdentifierNode:
		if !slices.Contains(functions, n.Ident) {
			return fmt.Errorf("%w: the function %s is not available", ErrTemplate, n.Ident)
		}
	default:
		return fmt.Errorf("%w: %.40s is not available", ErrTemplate, n)
	}
	return nil
}

func harmlessBranch(n *parse.BranchNode) error {
	if err := harmlessNode(n.Pipe); err != nil {
		return err
	}
	if err := harmlessNode(n.List); err != nil {
		return err
	}
	if n.ElseList == nil {
		return nil
	}
	return harmlessNode(n.ElseList)
}
