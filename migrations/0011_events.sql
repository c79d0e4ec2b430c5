-- +goose Up
-- Who did it (a user, an operator, an API token, the emergency token, the server by itself, or somebody unknown), what else than a
-- user it is about, and in which request.
ALTER TABLE audit_events ADD COLUMN actor_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN actor_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN actor_name TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN target TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN request_id TEXT NOT NULL DEFAULT '';

-- An event gets its number in the tenant's chain soon after it was written. digest is two MACs of what may have to be erased, mac that
-- of the event and the mac before it. Without a number an event is new: nobody has chained, counted or told of it.
ALTER TABLE audit_events ADD COLUMN number BIGINT;
ALTER TABLE audit_events ADD COLUMN digest BYTEA;
ALTER TABLE audit_events ADD COLUMN mac BYTEA;
CREATE UNIQUE INDEX audit_events_number ON audit_events (tenant_id, number);
CREATE INDEX audit_events_new ON audit_events (tenant_id, id) WHERE number IS NULL;
CREATE INDEX audit_events_time ON audit_events (tenant_id, at, id);
CREATE INDEX audit_events_action ON audit_events (tenant_id, action, at, id);

CREATE INDEX audit_events_session ON audit_events (tenant_id, session_id, at, id) WHERE session_id IS NOT NULL;
-- These three do not begin with tenant_id: whoever runs the platform looks for what happened anywhere. The ids that they are looked up
-- by are unique by themselves.
CREATE INDEX audit_events_everywhere ON audit_events (at, id);
CREATE INDEX audit_events_request ON audit_events (request_id) WHERE request_id <> '';
CREATE INDEX audit_events_operator ON audit_events (actor_id, at, id) WHERE actor_id <> '' AND actor_kind <> 'user';

-- Where a tenant's chain begins and ends. What came before first_number was removed when it had been kept long enough; before is the
-- mac of the last of that, last that of the latest event. seal is the MAC of all four, so that nobody without the tenant's key can set
-- the end back. due_at is when it is to be looked whether events have been kept long enough.
CREATE TABLE audit_chains (
    tenant_id    UUID        NOT NULL,
    first_number BIGINT      NOT NULL,
    before       BYTEA       NOT NULL,
    last_number  BIGINT      NOT NULL,
    last         BYTEA       NOT NULL,
    seal         BYTEA       NOT NULL,
    due_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id)
);
CREATE INDEX audit_chains_due ON audit_chains (due_at);
