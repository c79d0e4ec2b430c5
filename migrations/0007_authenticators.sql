-- +goose Up
-- data is sealed: a TOTP seed, recovery codes, or a WebAuthn credential. version is counted up by every save, so that of two
-- uses of one code at once one finds the row changed. A user has one authenticator of each type, but any number of keys.
CREATE TABLE authenticators (
    tenant_id     UUID        NOT NULL,
    id            UUID        NOT NULL,
    user_id       UUID        NOT NULL,
    type          TEXT        NOT NULL,
    name          TEXT        NOT NULL,
    credential_id BYTEA,
    data          BYTEA       NOT NULL,
    version       BIGINT      NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    last_used_at  TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX authenticators_single ON authenticators (tenant_id, user_id, type) WHERE type <> 'webauthn';
CREATE UNIQUE INDEX authenticators_credential ON authenticators (tenant_id, credential_id);
CREATE INDEX authenticators_of_user ON authenticators (tenant_id, user_id);

-- factors says which types of authenticator a user has, as bits: 1 TOTP, 2 WebAuthn, 4 recovery codes. factor_epoch counts the
-- changes that end the trust in every browser. Sessions repeat factors by the trigger of 0008.
ALTER TABLE users ADD COLUMN factors BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN factor_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN factors BIGINT NOT NULL DEFAULT 0;

-- What happened that somebody may have to look into. It outlives the user whom it is about.
CREATE TABLE audit_events (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    action     TEXT        NOT NULL,
    user_id    UUID,
    session_id UUID,
    ip         TEXT        NOT NULL,
    user_agent TEXT        NOT NULL,
    details    TEXT        NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_events_of_user ON audit_events (tenant_id, user_id, at);
