-- +goose Up
-- Sessions follow their user, in the transaction that changes the user. A session that ended does not come back to life.
-- +goose StatementBegin
CREATE FUNCTION users_to_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions
       SET username = COALESCE(NEW.username, ''), email = NEW.email, name = NEW.name, has_password = NEW.password <> '',
           alive = alive AND NEW.active AND epoch = NEW.epoch
     WHERE tenant_id = NEW.tenant_id AND user_id = NEW.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER users_to_sessions AFTER UPDATE ON users FOR EACH ROW
WHEN (OLD.username IS DISTINCT FROM NEW.username OR OLD.email <> NEW.email OR OLD.name <> NEW.name
      OR (OLD.password = '') <> (NEW.password = '') OR OLD.active <> NEW.active OR OLD.epoch <> NEW.epoch)
EXECUTE FUNCTION users_to_sessions();
