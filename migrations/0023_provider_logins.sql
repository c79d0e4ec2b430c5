-- +goose Up
-- What people know an account with a provider by, such as an address, as the provider last told it; '' where nobody has come in by it yet.
ALTER TABLE provider_accounts ADD COLUMN display TEXT NOT NULL DEFAULT '';

-- Proofs that were used and are good once, such as ID tokens with a jti, by a digest. A row is of use until the proof runs out by itself.
CREATE TABLE provider_proofs (
    tenant_id  UUID        NOT NULL,
    digest     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX provider_proofs_expiry ON provider_proofs (expires_at);
