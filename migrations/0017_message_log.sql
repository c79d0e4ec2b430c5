-- +goose Up
-- recipient is sealed, for the log; it goes with the message's user. expires_at is when there is no use in the message any more: the body of
-- one that failed, which is kept so that it can be sent again, is erased then.
ALTER TABLE messages ADD COLUMN recipient BYTEA;
ALTER TABLE messages ADD COLUMN expires_at TIMESTAMPTZ;
CREATE INDEX messages_unsent ON messages (tenant_id, id) WHERE state <> 'sent' AND state <> 'void';
CREATE INDEX messages_spent ON messages (expires_at) WHERE state = 'failed' AND body IS NOT NULL;
