-- +goose Up
-- Whom an identity provider knows as uid. A provider's account belongs to one user of the tenant; a user may have any number.
CREATE TABLE provider_accounts (
    tenant_id    UUID        NOT NULL,
    provider     TEXT        NOT NULL,
    uid          TEXT        NOT NULL,
    user_id      UUID        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, provider, uid),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX provider_accounts_of_user ON provider_accounts (tenant_id, user_id);
