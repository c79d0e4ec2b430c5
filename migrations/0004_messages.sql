-- +goose Up
-- due_at is when a message may be taken: its creation, the end of a lease, or the next try. body is sealed, and erased
-- when the message is finished.
CREATE TABLE messages (
    tenant_id   UUID        NOT NULL,
    id          UUID        NOT NULL,
    kind        TEXT        NOT NULL,
    channel     TEXT        NOT NULL,
    body        BYTEA,
    state       TEXT        NOT NULL,
    attempts    BIGINT      NOT NULL,
    last_error  TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    due_at      TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'queued';
CREATE INDEX messages_finished ON messages (finished_at) WHERE state <> 'queued';
