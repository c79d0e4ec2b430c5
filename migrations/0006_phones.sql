-- +goose Up
-- A user has one phone number at most, in E.164 form. Nobody else of the tenant can have the same one, verified or not.
ALTER TABLE users ADD COLUMN phone TEXT;
ALTER TABLE users ADD COLUMN phone_verified BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX users_phone ON users (tenant_id, phone);
