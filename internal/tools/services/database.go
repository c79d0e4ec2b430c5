package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/lib/pq"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// databaseVariable says where the command's own database is.
const databaseVariable = "VESTIBULE_TEST_DATABASE_URL"

// makeDatabase makes an empty database on the PostgreSQL at a URL, for the command alone. Unless it is to be durable, no commit waits for
// the disk. The caller drops it.
func makeDatabase(ctx context.Context, server string, durable bool) (at string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errors.New("the URL of PostgreSQL cannot be read") // the error would repeat the password
	}
	name := "vestibule_own_" + hex.EncodeToString(secret.Bytes(6))
	if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database: %w", err)
	}
	u.Path = "/" + name
	drop = func() error {
		// Also after a signal, which ends the context.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop the database %s: %w", name, err)
		}
		return nil
	}
	if !durable {
		if err := execute(ctx, server, "ALTER DATABASE "+name+" SET synchronous_commit = off"); err != nil {
			return "", nil, errors.Join(fmt.Errorf("set up the database: %w", err), drop())
		}
	}
	return u.String(), drop, nil
}

func execute(ctx context.Context, server, statement string) error {
	connector, err := pq.NewConnector(server)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}
