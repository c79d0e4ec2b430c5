-- +goose Up
-- Operators are users of the system tenant. What they may do, and what API tokens may do, is in their grants: a role with one tenant
-- or, where with_tenant is empty, with the platform and every tenant.
CREATE TABLE operator_grants (
    subject_id  UUID        NOT NULL,
    with_tenant TEXT        NOT NULL,
    role        TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subject_id, with_tenant)
);

-- digest is the SHA-256 of the token. One that an operator made may never do more than that operator: owner_id. One that a token made
-- ends with it: parent_id. scopes narrows it further, as a JSON list of permissions; NULL does not.
CREATE TABLE api_tokens (
    id           UUID        NOT NULL PRIMARY KEY,
    digest       BYTEA       NOT NULL,
    name         TEXT        NOT NULL,
    owner_id     UUID,
    parent_id    UUID,
    scopes       TEXT,
    created_by   TEXT        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    last_used_ip TEXT        NOT NULL,
    revoked_at   TIMESTAMPTZ
);
CREATE UNIQUE INDEX api_tokens_digest ON api_tokens (digest);
CREATE INDEX api_tokens_owner ON api_tokens (owner_id) WHERE revoked_at IS NULL;
CREATE INDEX api_tokens_parent ON api_tokens (parent_id) WHERE revoked_at IS NULL;
