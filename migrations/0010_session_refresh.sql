-- +goose Up
-- refresh_number is the one number that a session's refresh token must have, counted up by every rotation at refreshed_at. 0 is
-- a session from before there were any. Whoever shows an earlier number shows a token that was spent.
ALTER TABLE sessions ADD COLUMN refresh_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refreshed_at TIMESTAMPTZ;
