-- A Django project's tables, as far as they matter here, for SQLite; the test reads "datetime" and "json" as PostgreSQL's types for
-- PostgreSQL. What is in them was made by Django and django-allauth, except for the key of bob, whose credential the test puts in.
CREATE TABLE auth_user (
    id integer PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime NULL, is_superuser bool NOT NULL,
    username varchar(150) NOT NULL, last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff bool NOT NULL,
    is_active bool NOT NULL, date_joined datetime NOT NULL, first_name varchar(150) NOT NULL
);
CREATE TABLE account_emailaddress (
    id integer PRIMARY KEY, verified bool NOT NULL, "primary" bool NOT NULL, user_id integer NOT NULL, email varchar(254) NOT NULL
);
CREATE TABLE socialaccount_socialaccount (
    id integer PRIMARY KEY, provider varchar(200) NOT NULL, uid varchar(191) NOT NULL, last_login datetime NOT NULL,
    date_joined datetime NOT NULL, user_id integer NOT NULL, extra_data json NOT NULL
);
CREATE TABLE mfa_authenticator (
    id integer PRIMARY KEY, data json NOT NULL, user_id integer NOT NULL, created_at datetime NOT NULL, last_used_at datetime NULL,
    type varchar(20) NOT NULL
);
CREATE TABLE phonebook_entry (
    user_id integer NOT NULL, number varchar(32) NOT NULL, checked bool NOT NULL
);
INSERT INTO auth_user VALUES
    (1, 'pbkdf2_sha256$260000$mjH0zxhoUYgU4K7wes24ty$/PTVlTUf1Nxn5fpIACKkg/Rh6HERDrWdVrF1XG6kyao=', '2026-05-01 10:00:00.5', false, 'ann', 'Lee', 'ann@example.org', false, true, '2026-01-26 02:35:26.685363', 'Ann'),
    (2, '!ljcu7kOIck4Xz36KGXhtLjdzWcQGsqW1ieMpGIJl', NULL, false, 'bob', '', 'bob@example.org', false, true, '2026-01-26 02:35:27.302006', ''),
    (3, 'sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8', NULL, false, 'eve', '', 'Eve@example.org', false, true, '2026-01-26 02:35:27.346703', ''),
    (40, 'pbkdf2_sha256$260000$B8tqn9TogMgBsrL0HxboeH$RuDhpY9GBuG8F8dBdT/JOjJlfjAQpvIQSSEB3ZQz5lc=', NULL, false, 'kim', '', '', false, true, '2026-01-26 02:35:27.389051', ''),
    (42, 'pbkdf2_sha256$260000$B8tqn9TogMgBsrL0HxboeH$RuDhpY9GBuG8F8dBdT/JOjJlfjAQpvIQSSEB3ZQz5lc=', NULL, false, 'zoe', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy', 'zoe@example.org', false, true, '2026-01-26 02:35:27.389051', 'Zoe zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'),
    (41, 'nonsense', NULL, false, 'max', '', 'max@example.org', false, false, '2026-01-26 02:35:27.389051', '');
INSERT INTO account_emailaddress VALUES
    (1, true, true, 1, 'ann@example.org'), (2, true, false, 1, 'Ann.Lee@Example.com'), (3, true, true, 2, 'bob@example.org'),
    (4, true, true, 40, 'kim@example.org'), (5, true, false, 99, 'nobody@example.org'),
    (6, true, true, 42, 'zoe@example.org');
INSERT INTO phonebook_entry VALUES (42, '+31612345678', false), (42, '+31612345679', true), (2, '+31612345670', false), (99, '+31612345671', true);
INSERT INTO socialaccount_socialaccount VALUES
    (1, 'github', '583231', '2026-01-26 02:35:27.282923', '2026-01-26 02:35:27.283154', 1, '{"login": "ann"}'),
    (2, 'corp', 'sub-42', '2026-01-26 02:35:27.282923', '2026-01-26 02:35:27.283154', 42, '{"userinfo": {"sub": "sub-42", "email": " zoe@corp.example"}, "id_token": {}}'),
    (3, 'google', '107', '2026-01-26 02:35:27.282923', '2026-01-26 02:35:27.283154', 42, '{}');
INSERT INTO mfa_authenticator VALUES
    (1, '{"secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}', 1, '2026-01-26 02:35:27.182257', NULL, 'totp'),
    (2, '{"seed": "f818440061befaf3fcccff729b49568c2ba997a33c47d6c604bccb0730649589ebc3c71d621abb02", "used_mask": 9}', 1, '2026-01-26 02:35:27.206352', NULL, 'recovery_codes'),
    (4, '{"secret": "JBSWY3DPEHPK3PXP"}', 40, '2026-01-26 02:35:27.900464', NULL, 'totp'),
    (5, '{"migrated_codes": ["abcd-1234", "efgh-5678"]}', 40, '2026-01-26 02:35:27.927995', NULL, 'recovery_codes'),
    (6, '{"migrated_codes": ["ijkl-1234"]}', 42, '2026-01-26 02:35:27.927995', NULL, 'recovery_codes');
