-- +goose Up
-- How often what happened, in hours, days and months (UTC), counted as events are chained. rolled is how much of n is in platform_stats by
-- now, and rolled_before how much was before the last time.
CREATE TABLE stats (
    tenant_id     UUID        NOT NULL,
    span          TEXT        NOT NULL,
    at            TIMESTAMPTZ NOT NULL,
    name          TEXT        NOT NULL,
    n             BIGINT      NOT NULL,
    rolled        BIGINT      NOT NULL,
    rolled_before BIGINT      NOT NULL,
    PRIMARY KEY (tenant_id, span, at, name)
);
-- These do not begin with tenant_id: they are of all tenants.
CREATE INDEX stats_new ON stats (at) WHERE n <> rolled;
CREATE INDEX stats_top ON stats (span, name, at, n);
CREATE INDEX stats_old ON stats (at);

-- The same of all tenants together.
CREATE TABLE platform_stats (
    span TEXT        NOT NULL,
    at   TIMESTAMPTZ NOT NULL,
    name TEXT        NOT NULL,
    n    BIGINT      NOT NULL,
    PRIMARY KEY (span, at, name)
);

-- Which users were active on a day or in a month, each once. Rows are of use only for as long as the same may be noted again. counted
-- says that they are in stats.
CREATE TABLE active_users (
    tenant_id UUID        NOT NULL,
    span      TEXT        NOT NULL,
    at        TIMESTAMPTZ NOT NULL,
    user_id   UUID        NOT NULL,
    counted   BOOLEAN     NOT NULL,
    PRIMARY KEY (tenant_id, span, at, user_id)
);
CREATE INDEX active_users_new ON active_users (tenant_id, span, at) WHERE NOT counted;
CREATE INDEX active_users_old ON active_users (span, at);

-- Whoever uses a session is active: the first use on a day is noted by whatever moves seen_at, without a statement of its own.
-- +goose StatementBegin
CREATE FUNCTION sessions_to_active_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO active_users (tenant_id, span, at, user_id, counted)
    VALUES (NEW.tenant_id, 'day', date_trunc('day', NEW.seen_at, 'UTC'), NEW.user_id, FALSE),
           (NEW.tenant_id, 'month', date_trunc('month', NEW.seen_at, 'UTC'), NEW.user_id, FALSE)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER sessions_to_active_users AFTER UPDATE OF seen_at ON sessions FOR EACH ROW
WHEN (NEW.user_id IS NOT NULL AND NOT NEW.pending AND date_trunc('day', NEW.seen_at, 'UTC') <> date_trunc('day', OLD.seen_at, 'UTC'))
EXECUTE FUNCTION sessions_to_active_users();
