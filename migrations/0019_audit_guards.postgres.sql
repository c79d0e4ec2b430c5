-- +goose Up
-- The log is added to, and not changed: an event gets its number once, and what is personal in it may be made blank. Events go when
-- they have been kept long enough, which moves the chain's beginning first, and with their tenant. It guards against mistakes: whoever
-- may drop a trigger can change everything, which the chain then shows.
-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_change BEFORE UPDATE ON audit_events FOR EACH ROW
WHEN (NOT (
        NEW.tenant_id = OLD.tenant_id AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.action = OLD.action
    AND NEW.actor_kind = OLD.actor_kind AND NEW.actor_id = OLD.actor_id AND NEW.user_id IS NOT DISTINCT FROM OLD.user_id
    AND NEW.target = OLD.target AND NEW.session_id IS NOT DISTINCT FROM OLD.session_id AND NEW.request_id = OLD.request_id
    AND (NEW.number IS NOT DISTINCT FROM OLD.number AND NEW.digest IS NOT DISTINCT FROM OLD.digest AND NEW.mac IS NOT DISTINCT FROM OLD.mac
         OR OLD.number IS NULL AND NEW.number IS NOT NULL AND NEW.digest IS NOT NULL AND NEW.mac IS NOT NULL)
    AND (NEW.ip = OLD.ip AND NEW.user_agent = OLD.user_agent AND NEW.details = OLD.details AND NEW.actor_name = OLD.actor_name
         OR NEW.ip = '' AND NEW.user_agent = '' AND NEW.details = '{}' AND NEW.actor_name IN ('', OLD.actor_name))))
EXECUTE FUNCTION audit_refuse('the audit log is not changed');

-- +goose StatementBegin
CREATE FUNCTION audit_events_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tenants t WHERE t.id = OLD.tenant_id AND t.deleted_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM audit_chains c WHERE c.tenant_id = OLD.tenant_id AND OLD.number < c.first_number) THEN
        RAISE EXCEPTION 'the audit log is not cut';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_removal BEFORE DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_events_removal();
CREATE TRIGGER audit_events_emptying BEFORE TRUNCATE ON audit_events EXECUTE FUNCTION audit_refuse('the audit log is not cut');

CREATE TRIGGER audit_chains_change BEFORE UPDATE ON audit_chains FOR EACH ROW
WHEN (NEW.tenant_id <> OLD.tenant_id OR NEW.first_number < OLD.first_number OR NEW.last_number < OLD.last_number
      OR NEW.first_number > NEW.last_number + 1)
EXECUTE FUNCTION audit_refuse('a chain is not set back');

-- +goose StatementBegin
CREATE FUNCTION audit_chains_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tenants t WHERE t.id = OLD.tenant_id AND t.deleted_at IS NULL) THEN
        RAISE EXCEPTION 'a chain is not removed';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_chains_removal BEFORE DELETE ON audit_chains FOR EACH ROW EXECUTE FUNCTION audit_chains_removal();
CREATE TRIGGER audit_chains_emptying BEFORE TRUNCATE ON audit_chains EXECUTE FUNCTION audit_refuse('a chain is not removed');
