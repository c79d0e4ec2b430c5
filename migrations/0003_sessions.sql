-- +goose Up
-- token is the SHA-256 of what the client holds. A pending session belongs to a user who has not finished logging in.
-- methods is the list of proofs that the user gave, as JSON in the form of the wire, so that a session check passes it on
-- unread; state is the rest, for the flows.
-- alive says that the user may still use the session. It, and what repeats the user's row (username, email, name,
-- has_password), follow that row by the trigger of 0005. So a session check reads one row, and no change to a user can
-- forget the user's sessions.
CREATE TABLE sessions (
    tenant_id    UUID        NOT NULL,
    id           UUID        NOT NULL,
    token        BYTEA       NOT NULL,
    client       TEXT        NOT NULL,
    user_id      UUID,
    pending      BOOLEAN     NOT NULL,
    epoch        BIGINT      NOT NULL,
    alive        BOOLEAN     NOT NULL,
    username     TEXT        NOT NULL,
    email        TEXT        NOT NULL,
    name         TEXT        NOT NULL,
    has_password BOOLEAN     NOT NULL,
    methods      TEXT        NOT NULL,
    state        TEXT        NOT NULL,
    version      BIGINT      NOT NULL,
    ip           TEXT        NOT NULL,
    user_agent   TEXT        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    seen_at      TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
-- These two do not begin with tenant_id: they are looked up by values that are unique by themselves, and a planner that
-- has not counted the rows yet must not take them for a way to all sessions of a tenant.
CREATE UNIQUE INDEX sessions_token ON sessions (token);
CREATE INDEX sessions_of_user ON sessions (user_id, tenant_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
