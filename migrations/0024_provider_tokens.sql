-- +goose Up
-- What a provider handed out to speak to it in the user's name, sealed under the user's key. NULL where the tenant keeps none. The refresh
-- token is in a column of its own, since it outlives the access token: most providers hand it out once.
ALTER TABLE provider_accounts ADD COLUMN access_token BYTEA;
ALTER TABLE provider_accounts ADD COLUMN refresh_token BYTEA;
