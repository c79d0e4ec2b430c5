-- +goose Up
-- Sessions follow their user in what factors it has, too. This is the text for SQLite; PostgreSQL's is beside it.
DROP TRIGGER users_to_sessions;
-- +goose StatementBegin
CREATE TRIGGER users_to_sessions AFTER UPDATE ON users
WHEN OLD.username IS NOT NEW.username OR OLD.email <> NEW.email OR OLD.name <> NEW.name OR (OLD.password = '') <> (NEW.password = '')
     OR OLD.factors <> NEW.factors OR OLD.active <> NEW.active OR OLD.epoch <> NEW.epoch
BEGIN
    UPDATE sessions
       SET username = COALESCE(NEW.username, ''), email = NEW.email, name = NEW.name, has_password = NEW.password <> '',
           factors = NEW.factors, alive = alive AND NEW.active AND epoch = NEW.epoch
     WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
END;
-- +goose StatementEnd
