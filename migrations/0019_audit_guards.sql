-- +goose Up
-- The log is added to, and not changed: an event gets its number once, and what is personal in it may be made blank. Events go when
-- they have been kept long enough, which moves the chain's beginning first, and with their tenant. It guards against mistakes: whoever
-- may drop a trigger can change everything, which the chain then shows. This is the text for SQLite; PostgreSQL's is beside it.
-- +goose StatementBegin
CREATE TRIGGER audit_events_change BEFORE UPDATE ON audit_events
WHEN NOT (
        NEW.tenant_id = OLD.tenant_id AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.action = OLD.action
    AND NEW.actor_kind = OLD.actor_kind AND NEW.actor_id = OLD.actor_id AND NEW.user_id IS OLD.user_id AND NEW.target = OLD.target
    AND NEW.session_id IS OLD.session_id AND NEW.request_id = OLD.request_id
    AND (NEW.number IS OLD.number AND NEW.digest IS OLD.digest AND NEW.mac IS OLD.mac
         OR OLD.number IS NULL AND NEW.number IS NOT NULL AND NEW.digest IS NOT NULL AND NEW.mac IS NOT NULL)
    AND (NEW.ip = OLD.ip AND NEW.user_agent = OLD.user_agent AND NEW.details = OLD.details AND NEW.actor_name = OLD.actor_name
         OR NEW.ip = '' AND NEW.user_agent = '' AND NEW.details = '{}' AND NEW.actor_name IN ('', OLD.actor_name)))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_removal BEFORE DELETE ON audit_events
WHEN EXISTS (SELECT 1 FROM tenants t WHERE t.id = OLD.tenant_id AND t.deleted_at IS NULL)
     AND NOT EXISTS (SELECT 1 FROM audit_chains c WHERE c.tenant_id = OLD.tenant_id AND OLD.number < c.first_number)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is not cut');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_chains_change BEFORE UPDATE ON audit_chains
WHEN NEW.tenant_id <> OLD.tenant_id OR NEW.first_number < OLD.first_number OR NEW.last_number < OLD.last_number
     OR NEW.first_number > NEW.last_number + 1
BEGIN
    SELECT RAISE(ABORT, 'a chain is not set back');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_chains_removal BEFORE DELETE ON audit_chains
WHEN EXISTS (SELECT 1 FROM tenants t WHERE t.id = OLD.tenant_id AND t.deleted_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'a chain is not removed');
END;
-- +goose StatementEnd
