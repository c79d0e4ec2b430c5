#!/usr/bin/env bash
# Restores a backup beside what runs, and proves that people could sign in with it. See backup.md.
#
#   docs/restore-drill.sh BACKUP
#
# BACKUP is a dump of pg_dump --format=custom, or a copy of the SQLite file. In the environment:
#
#   VESTIBULE_SECRET_KEY_FILE  the secret key that belongs to the backup
#   DRILL_HOST                 a host of a tenant, such as login.acme.example
#   DRILL_EMAIL, DRILL_PASSWORD_FILE  an account of that tenant, kept for this, and the file with its password
#   DRILL_TENANT               the tenant's slug
#   DRILL_SOCKET               for a dump: the directory of a PostgreSQL's socket (/var/run/postgresql). A database is made there,
#                              and dropped afterwards; the user needs CREATEDB
#
# The restored server runs in a network of its own that leads nowhere (unshare --net): mail and webhooks that were queued when
# the backup was made must not be sent by a drill. The exit status is 0 if everything held.
set -euo pipefail

if [[ ${DRILL_APART:-} != yes ]]; then
  DRILL_APART=yes exec unshare --user --map-current-user --net --keep-caps "$0" "$@"
fi
ip link set lo up

backup=$1
: "${VESTIBULE_SECRET_KEY_FILE:?}" "${DRILL_HOST:?}" "${DRILL_EMAIL:?}" "${DRILL_PASSWORD_FILE:?}" "${DRILL_TENANT:?}"
work=$(mktemp -d)
database=
server=
finish() {
  if [[ -n $server ]]; then kill "$server" && wait "$server" || true; fi
  if [[ -n $database ]]; then dropdb --host "$DRILL_SOCKET" --force "$database"; fi
  rm -rf "$work"
}
trap finish EXIT

begun=$SECONDS
if [[ $(head -c 15 "$backup" | tr -d "\0") == "SQLite format 3" ]]; then
  cp "$backup" "$work/drill.db"
  VESTIBULE_DATABASE_URL=sqlite:$work/drill.db
else
  : "${DRILL_SOCKET:=/var/run/postgresql}"
  database=vestibule_drill_$$
  createdb --host "$DRILL_SOCKET" "$database"
  pg_restore --host "$DRILL_SOCKET" --dbname "$database" --no-owner --no-acl --exit-on-error "$backup"
  VESTIBULE_DATABASE_URL="postgres:///$database?host=$DRILL_SOCKET"
fi
echo "restored in $((SECONDS - begun)) s"

VESTIBULE_ADMIN_TOKEN=$(head -c 32 /dev/urandom | base64)
export VESTIBULE_DATABASE_URL VESTIBULE_ADMIN_TOKEN
unset VESTIBULE_REDIS_URL VESTIBULE_SMTP_URL VESTIBULE_SMTP_URL_FILE VESTIBULE_REDIS_URL_FILE VESTIBULE_ADMIN_TOKEN_FILE VESTIBULE_DATABASE_URL_FILE
export VESTIBULE_ADMIN_URL=http://127.0.0.1:9090
server --migrate 2>>"$work/log"
VESTIBULE_LISTEN=127.0.0.1:8080 VESTIBULE_ADMIN_LISTEN=127.0.0.1:9090 server 2>>"$work/log" &
server=$!
if ! curl -sf --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors http://127.0.0.1:9090/readyz -o "$work/ready"; then
  cat "$work/log"
  echo "the restored server is not ready: is it the right secret key?"
  exit 1
fi
echo "ready: $(cat "$work/ready")"

printf '{"email": "%s", "password": "%s"}' "$DRILL_EMAIL" "$(cat "$DRILL_PASSWORD_FILE")" >"$work/login"
status=$(curl -s -o "$work/answer" -w '%{http_code}' -H "Host: $DRILL_HOST" -H 'Content-Type: application/json' \
  --data-binary @"$work/login" http://127.0.0.1:8080/_allauth/app/v1/auth/login)
# 401 with a second factor, or an address to be proved, pending: the password was right, and the account waits for the next stage.
if [[ $status != 200 ]] && ! { [[ $status == 401 ]] && grep -q '"is_pending": *true' "$work/answer"; }; then
  echo "the login of $DRILL_EMAIL was answered with $status"
  exit 1
fi
echo "login: $status"
admin audit verify --tenant "$DRILL_TENANT"
admin fleet
echo "the drill held, after $((SECONDS - begun)) s"
