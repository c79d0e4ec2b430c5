-- +goose Up
-- A job that brings users in from elsewhere. Its chunks are uploaded first; once it runs, they are applied in their order. next_chunk
-- and next_row say from which row on, and first_line which line of the whole file next_chunk begins with: they change in the transaction
-- that applies the rows before. Whoever works on it has leased it until due_at, and attempts counts the leases.
CREATE TABLE imports (
    tenant_id   UUID        NOT NULL,
    id          UUID        NOT NULL,
    format      TEXT        NOT NULL,
    on_conflict TEXT        NOT NULL,
    dry_run     BOOLEAN     NOT NULL,
    state       TEXT        NOT NULL,
    header      TEXT        NOT NULL,
    expected    BIGINT,
    total       BIGINT      NOT NULL,
    chunks      BIGINT      NOT NULL,
    next_chunk  BIGINT      NOT NULL,
    next_row    BIGINT      NOT NULL,
    first_line  BIGINT      NOT NULL,
    created     BIGINT      NOT NULL,
    skipped     BIGINT      NOT NULL,
    failed      BIGINT      NOT NULL,
    attempts    BIGINT      NOT NULL,
    due_at      TIMESTAMPTZ NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    touched_at  TIMESTAMPTZ NOT NULL,
    started_at  TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX imports_due ON imports (due_at) WHERE state = 'running';
CREATE INDEX imports_touched ON imports (touched_at);

-- A part of an import's file: whole rows, sealed. mac is a MAC of what it holds, by which a second upload is known to be the same.
-- It is removed in the transaction that applies its last row.
CREATE TABLE import_chunks (
    tenant_id UUID    NOT NULL,
    import_id UUID    NOT NULL,
    number    BIGINT  NOT NULL,
    body      BYTEA   NOT NULL,
    mac       BYTEA   NOT NULL,
    rows      BIGINT  NOT NULL,
    whole     BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, import_id, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);

-- What became of rows that were not imported. number tells those of one line apart.
CREATE TABLE import_errors (
    tenant_id UUID   NOT NULL,
    import_id UUID   NOT NULL,
    line      BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    outcome   TEXT   NOT NULL,
    path      TEXT   NOT NULL,
    message   TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, import_id, line, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);

-- With a condition, each of these indexes is a way to what it is for and to nothing else. Where PostgreSQL has not counted the rows of a
-- table yet, it takes whichever index begins with tenant_id for as good as any other, and would read all users of a tenant to find one by
-- its id.
DROP INDEX users_phone;
CREATE UNIQUE INDEX users_phone ON users (tenant_id, phone) WHERE phone IS NOT NULL;
DROP INDEX users_username;
CREATE UNIQUE INDEX users_username ON users (tenant_id, username_key) WHERE username_key IS NOT NULL;
DROP INDEX users_created;
CREATE INDEX users_created ON users (tenant_id, created_at, id) WHERE created_at IS NOT NULL;
