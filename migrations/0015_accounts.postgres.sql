-- +goose Up
-- The text for PostgreSQL. Names are looked for by how they begin, and listed, by their bytes, whatever the collation of the database.
CREATE INDEX users_username_bytes ON users (tenant_id, username_key COLLATE "C", id) WHERE username_key IS NOT NULL;
CREATE INDEX users_phone_bytes ON users (tenant_id, phone COLLATE "C", id) WHERE phone IS NOT NULL;
CREATE INDEX emails_key_bytes ON emails (tenant_id, email_key COLLATE "C", id);

-- JSON objects. What is private is for operators alone.
ALTER TABLE users ADD COLUMN metadata_public TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN metadata_private TEXT NOT NULL DEFAULT '{}';
CREATE INDEX users_created ON users (tenant_id, created_at, id);

-- Whom a message is for, so that what is still queued is not sent once the user is gone. NULL for somebody without an account.
ALTER TABLE messages ADD COLUMN user_id UUID;
CREATE INDEX messages_of_user ON messages (tenant_id, user_id) WHERE user_id IS NOT NULL;

-- A deleted user is in no other table: document has what was there, sealed under the user's own key. So nothing that looks for users
-- finds one that was deleted, and names are free at once. At erase_at the row goes, and the key with it.
CREATE TABLE deleted_users (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    data_key   BYTEA       NOT NULL,
    document   BYTEA       NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL,
    erase_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX deleted_users_latest ON deleted_users (tenant_id, deleted_at, id);
CREATE INDEX deleted_users_due ON deleted_users (erase_at);
