-- +goose Up
-- Every change to a tenant leaves the tenant as it became, with who did it and why. settings are those of the tenants table, sealed as
-- there, so that they die with the same key. act is the action of the event that was written with it.
CREATE TABLE tenant_versions (
    tenant_id  UUID        NOT NULL,
    version    BIGINT      NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    act        TEXT        NOT NULL,
    actor_kind TEXT        NOT NULL,
    actor_id   TEXT        NOT NULL,
    actor_name TEXT        NOT NULL,
    name       TEXT        NOT NULL,
    hosts      TEXT        NOT NULL,
    state      TEXT        NOT NULL,
    settings   TEXT        NOT NULL,
    note       TEXT        NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

-- A deleted tenant is purged when it has been deleted for long enough: its key first (state purging), then its rows (purged). The row
-- that stays says that there was a tenant of that id.
CREATE INDEX tenants_deleted ON tenants (deleted_at, id) WHERE deleted_at IS NOT NULL AND state <> 'purged';

-- What tenants are found by, compared byte by byte whatever the collation of the database. name_key is the name in lower case. The columns
-- that were there keep their collation: statements that a running server has prepared would fail where it changed.
ALTER TABLE tenants ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE tenants SET name_key = LOWER(name);
CREATE INDEX tenants_state ON tenants (state, slug COLLATE "C") WHERE deleted_at IS NULL;
CREATE INDEX tenants_name ON tenants (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tenants_state_name ON tenants (state, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX tenants_slug_bytes ON tenants (slug COLLATE "C") WHERE deleted_at IS NULL;
CREATE INDEX tenant_hosts_bytes ON tenant_hosts (host COLLATE "C");
