package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// mostInPage is how many the API lists at once.
const mostInPage = 200

// pageFlags are those of a list that may stop before its end.
type pageFlags struct {
	limit  int
	cursor string
}

// add gives a command the flags.
func (p *pageFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.limit, "limit", 50, "how many to list at most, up to 200")
	p.cursorFlag(cmd)
}

func (p *pageFlags) cursorFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.cursor, "cursor", "", "where to go on, as the list before said")
}

// query is what the flags ask of the API.
func (p *pageFlags) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(p.limit)}}
	if p.cursor != "" {
		q.Set("cursor", p.cursor)
	}
	return q
}

// more says how a list goes on that stopped before its end.
func (t *tool) more(cursor string) error {
	if cursor == "" {
		return nil
	}
	_, err := fmt.Fprintf(t.complaints, "there may be more: --cursor %s\n", cursor)
	return err
}

// everyPage reads a list to its end.
func (t *tool) everyPage(ctx context.Context, f *apiFlags, path string, q url.Values) ([]json.RawMessage, error) {
	all, _, err := t.pages(ctx, f, path, q, 0)
	return all, err
}

// pages reads a list to its end or, where most is not 0, until it has so many, and says where it goes on.
func (t *tool) pages(ctx context.Context, f *apiFlags, path string, q url.Values, most int) (all []json.RawMessage, next string, err error) {
	for all = []json.RawMessage{}; ; q.Set("cursor", next) {
		n := mostInPage
		if most > 0 {
			n = min(n, most-len(all))
		}
		q.Set("limit", strconv.Itoa(n))
		var page struct {
			Items      []json.RawMessage `json:"items"`
			NextCursor string            `json:"next_cursor"`
		}
		if err := t.look(ctx, f, path+"?"+q.Encode(), &page); err != nil {
			return nil, "", err
		}
		all, next = append(all, page.Items...), page.NextCursor
		if next == "" || most > 0 && len(all) >= most {
			return all, next, nil
		}
	}
}

// itemsOf are the items of a list.
func itemsOf[T any](all []json.RawMessage) ([]T, error) {
	items := make([]T, len(all))
	for i, raw := range all {
		if err := json.Unmarshal(raw, &items[i]); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
	}
	return items, nil
}
