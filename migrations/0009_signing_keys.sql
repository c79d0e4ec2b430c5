-- +goose Up
-- What a tenant's tokens are signed with. kid is what tokens name the key by; of a shared secret, which they do not name, it is
-- a MAC. private is sealed. Keys have numbers in the order in which they follow each other.
-- What a key does follows from its times, which every server knows long before they come: it is published at once, signs
-- from signs_from until its successor does (retires_at), and is known until the longest token that it signed has died
-- (longest, in seconds, later). due_at is when it is to have a successor; NULL for never by itself.
-- Whoever changes a tenant's keys takes the tenant's next change number, which is the tenant's version, in the same transaction.
CREATE TABLE signing_keys (
    tenant_id   UUID        NOT NULL,
    kid         TEXT        NOT NULL,
    number      BIGINT      NOT NULL,
    algorithm   TEXT        NOT NULL,
    private     BYTEA       NOT NULL,
    origin      TEXT        NOT NULL,
    longest     BIGINT      NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    signs_from  TIMESTAMPTZ NOT NULL,
    retires_at  TIMESTAMPTZ,
    known_until TIMESTAMPTZ,
    due_at      TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, kid)
);
CREATE UNIQUE INDEX signing_keys_number ON signing_keys (tenant_id, number);
CREATE INDEX signing_keys_known ON signing_keys (known_until) WHERE known_until IS NOT NULL;
CREATE INDEX signing_keys_due ON signing_keys (due_at) WHERE due_at IS NOT NULL;
