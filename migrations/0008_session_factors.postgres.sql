-- +goose Up
-- Sessions follow their user in what factors it has, too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION users_to_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions
       SET username = COALESCE(NEW.username, ''), email = NEW.email, name = NEW.name, has_password = NEW.password <> '',
           factors = NEW.factors, alive = alive AND NEW.active AND epoch = NEW.epoch
     WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER users_to_sessions AFTER UPDATE ON users FOR EACH ROW
WHEN (OLD.username IS DISTINCT FROM NEW.username OR OLD.email <> NEW.email OR OLD.name <> NEW.name
      OR (OLD.password = '') <> (NEW.password = '') OR OLD.factors <> NEW.factors OR OLD.active <> NEW.active OR OLD.epoch <> NEW.epoch)
EXECUTE FUNCTION users_to_sessions();
