-- +goose Up
-- email repeats the primary address, so that a session check reads two tables and not three.
-- epoch counts the changes that end every session that was made before.
CREATE TABLE users (
    tenant_id     UUID        NOT NULL,
    id            UUID        NOT NULL,
    username      TEXT,
    username_key  TEXT,
    email         TEXT        NOT NULL,
    name          TEXT        NOT NULL,
    password      TEXT        NOT NULL,
    active        BOOLEAN     NOT NULL,
    epoch         BIGINT      NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_username ON users (tenant_id, username_key);

-- email is what the user wrote and what mail goes to; email_key is what addresses are compared by.
-- An exclusive address belongs to one account. It is not exclusive where the tenant lets accounts share addresses, and
-- under strict prevention of enumeration, until it is verified.
CREATE TABLE emails (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    user_id    UUID        NOT NULL,
    email      TEXT        NOT NULL,
    email_key  TEXT        NOT NULL,
    verified   BOOLEAN     NOT NULL,
    is_primary BOOLEAN     NOT NULL,
    exclusive  BOOLEAN     NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX emails_of_user ON emails (tenant_id, user_id, email_key);
CREATE UNIQUE INDEX emails_primary ON emails (tenant_id, user_id) WHERE is_primary;
CREATE UNIQUE INDEX emails_exclusive ON emails (tenant_id, email_key) WHERE exclusive;
CREATE INDEX emails_key ON emails (tenant_id, email_key);
