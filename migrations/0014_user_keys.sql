-- +goose Up
-- A key of the user's own, sealed under the tenant's: what is secret of a user is sealed under it, and is lost when the row is. NULL
-- for a user from before there were any, whose authenticators are sealed under the tenant's keys until they are next saved.
ALTER TABLE users ADD COLUMN data_key BYTEA;
