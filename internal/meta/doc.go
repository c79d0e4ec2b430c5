// Package meta holds the tree to its own rules: tests that read the source rather than run it.
//
// Floors: every package has a row in the table of imports (depguard, in .golangci.yml), no row points upwards, and every
// package keeps to its row. Statements: every SQL statement is in package store, lists its columns, and names the tenant
// whose rows it touches. Migrations: their numbers have no gaps, and an engine's own file stands for a shared one. Words:
// every package teaches, and nothing is left for later or speaks of a developer's machine. Pages: links and tests that they
// name are there.
//
// A rule with exceptions lists them beside it, each with its reason; an exception that nothing needs any more fails too.
package meta
