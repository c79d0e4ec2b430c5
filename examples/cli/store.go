package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// store is a client.TokenStore in a file, which its owner alone can read. Whoever has the tokens is signed in as its owner: an app on a
// phone keeps them in the platform's keychain.
type store struct{ path string }

// storeFor is the store of one server in a folder: tokens of one server are not shown to another.
func storeFor(folder, server string) store {
	return store{filepath.Join(folder, url.QueryEscape(strings.TrimRight(server, "/"))+".json")}
}

// Load is what was saved last, and nothing where nobody is signed in.
func (s store) Load(context.Context) (tokens client.Tokens, err error) {
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return tokens, nil
	}
	if err != nil {
		return tokens, err
	}
	if err := json.Unmarshal(raw, &tokens); err != nil {
		return tokens, fmt.Errorf("%s cannot be read; remove it and sign in again: %w", s.path, err)
	}
	return tokens, nil
}

// Save puts a new file in the place of the old one, in one step: whoever reads has all of either, also after a crash.
func (s store) Save(_ context.Context, tokens client.Tokens) (err error) {
	if tokens == (client.Tokens{}) {
		if err := os.Remove(s.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	raw, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	folder := filepath.Dir(s.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "new-*") // 0600, and the rename keeps it
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
