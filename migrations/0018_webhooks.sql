-- +goose Up
-- Where a tenant wants to be told of events. secret and old_secret are sealed; both sign until old_until. due_at is when something is to
-- be sent there, and NULL where nothing waits; nothing is sent before paused_until, and by nobody else before leased_until.
CREATE TABLE webhook_endpoints (
    tenant_id     UUID        NOT NULL,
    id            UUID        NOT NULL,
    url           TEXT        NOT NULL,
    description   TEXT        NOT NULL,
    events        TEXT        NOT NULL,
    enabled       BOOLEAN     NOT NULL,
    disabled_why  TEXT        NOT NULL,
    secret        BYTEA       NOT NULL,
    old_secret    BYTEA,
    old_until     TIMESTAMPTZ,
    version       BIGINT      NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    due_at        TIMESTAMPTZ,
    lease         BIGINT      NOT NULL,
    leased_until  TIMESTAMPTZ,
    failures      BIGINT      NOT NULL,
    failing_since TIMESTAMPTZ,
    paused_until  TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhook_endpoints_due ON webhook_endpoints (due_at) WHERE due_at IS NOT NULL;

-- One event on its way to one endpoint. body and answer are sealed, and erased when they have been kept long enough. attempts numbers the
-- leases, tries counts those since it was queued or replayed.
CREATE TABLE webhook_deliveries (
    tenant_id    UUID        NOT NULL,
    id           UUID        NOT NULL,
    endpoint_id  UUID        NOT NULL,
    event_id     UUID        NOT NULL,
    user_id      UUID,
    type         TEXT        NOT NULL,
    body         BYTEA,
    state        TEXT        NOT NULL,
    attempts     BIGINT      NOT NULL,
    tries        BIGINT      NOT NULL,
    status       BIGINT      NOT NULL,
    answer       BYTEA,
    last_error   TEXT        NOT NULL,
    took_ms      BIGINT      NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    due_at       TIMESTAMPTZ NOT NULL,
    attempted_at TIMESTAMPTZ,
    finished_at  TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (tenant_id, endpoint_id, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, due_at) WHERE state = 'queued';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (tenant_id, endpoint_id, state, id);
CREATE INDEX webhook_deliveries_user ON webhook_deliveries (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX webhook_deliveries_body ON webhook_deliveries (created_at) WHERE body IS NOT NULL;
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);
