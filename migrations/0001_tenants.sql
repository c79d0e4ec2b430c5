-- +goose Up
-- A deleted tenant keeps its row, so that its id is never given out again; its slug and hosts become free.
CREATE TABLE tenants (
    id         UUID        NOT NULL PRIMARY KEY,
    slug       TEXT        NOT NULL,
    name       TEXT        NOT NULL,
    state      TEXT        NOT NULL,
    hosts      TEXT        NOT NULL,
    settings   TEXT        NOT NULL,
    data_key   BYTEA       NOT NULL,
    version    BIGINT      NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX tenants_slug ON tenants (slug) WHERE deleted_at IS NULL;
CREATE INDEX tenants_version ON tenants (version);

CREATE TABLE tenant_hosts (
    host      TEXT NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenants (id)
);
CREATE INDEX tenant_hosts_tenant ON tenant_hosts (tenant_id);

-- One row. Every change to a tenant takes the next number as the tenant's version while it holds the row, so that
-- versions are seen in order and no two tenants, nor a tenant and one made later in its place, ever have the same.
CREATE TABLE tenant_changes (
    id     BIGINT NOT NULL PRIMARY KEY,
    latest BIGINT NOT NULL
);
INSERT INTO tenant_changes (id, latest) VALUES (1, 0);
