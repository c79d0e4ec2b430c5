-- +goose Up
-- What those who run the platform are shown of all tenants at once is counted along indexes. These do not begin with tenant_id: they are of
-- all tenants.
CREATE INDEX messages_given_up ON messages (finished_at, tenant_id, state) WHERE state IN ('failed', 'expired');
CREATE INDEX messages_tried_again ON messages (tenant_id) WHERE state = 'queued' AND attempts >= 3;
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints (failing_since, tenant_id) WHERE failing_since IS NOT NULL;
CREATE INDEX signing_keys_last ON signing_keys (created_at) WHERE retires_at IS NULL;
CREATE INDEX signing_keys_retiring ON signing_keys (retires_at) WHERE retires_at IS NOT NULL;

-- When the server disabled a webhook; updated_at moves on with whatever an operator changes afterwards.
ALTER TABLE webhook_endpoints ADD COLUMN disabled_at TIMESTAMPTZ;
UPDATE webhook_endpoints SET disabled_at = updated_at WHERE disabled_why <> '';
CREATE INDEX webhook_endpoints_disabled ON webhook_endpoints (disabled_at, tenant_id) WHERE disabled_at IS NOT NULL;

-- When a key was due that could not be given its successor, and whose due_at says when that is tried again.
ALTER TABLE signing_keys ADD COLUMN overdue_since TIMESTAMPTZ;
CREATE INDEX signing_keys_overdue ON signing_keys (tenant_id) WHERE overdue_since IS NOT NULL;
