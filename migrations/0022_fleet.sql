-- +goose Up
-- What those who run the platform are shown of all tenants at once is counted along indexes. These do not begin with tenant_id: they are of
-- all tenants.
CREATE INDEX messages_given_up ON messages (finished_at) WHERE state <> 'queued' AND state <> 'sent' AND state <> 'void';
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints (tenant_id) WHERE failing_since IS NOT NULL;
CREATE INDEX webhook_endpoints_disabled ON webhook_endpoints (tenant_id) WHERE disabled_why <> '';
CREATE INDEX signing_keys_last ON signing_keys (created_at) WHERE retires_at IS NULL;
CREATE INDEX signing_keys_retiring ON signing_keys (retires_at) WHERE retires_at IS NOT NULL;

-- When a key was due that could not be given its successor, and whose due_at says when that is tried again.
ALTER TABLE signing_keys ADD COLUMN overdue_since TIMESTAMPTZ;
CREATE INDEX signing_keys_overdue ON signing_keys (tenant_id) WHERE overdue_since IS NOT NULL;
