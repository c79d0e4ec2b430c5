// Package migrations holds the SQL that makes and changes the tables.
//
// A file is NNNN_noun.sql, in goose's format, and its text runs on both engines: the words TEXT, UUID, BIGINT, BOOLEAN,
// BYTEA and TIMESTAMPTZ work on both, and ids, times and JSON come from Go. (To SQLite a UUID is a text; to PostgreSQL it is
// 16 bytes, whose comparison does not depend on the database's collation, and every key begins with one.) Where an engine needs other words, a file
// NNNN_noun.postgres.sql or NNNN_noun.sqlite.sql takes the shared file's place on that engine.
//
// Migrations only go up, and each one leaves a schema that the version before it can still work with: add first, move,
// and remove a version later. That is what lets replicas of two versions share a database during an upgrade.
//
// No table refers to tenants by a foreign key: every signup and login would then lock the tenant's one row. A tenant's
// rows are removed by the purge that removes the tenant, table by table.
package migrations

import "embed"

// Files are the migrations.
//
//go:embed *.sql
var Files embed.FS
