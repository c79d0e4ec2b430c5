#!/usr/bin/env bash
# A day at work with Vestibule: a tenant from its file to its end. Every step checks what came of it, and the script stops at the first
# that is not as it should be.
#
# It needs the admin command, curl, and a server with at least one replica:
#
#   export VESTIBULE_ADMIN_URL=http://127.0.0.1:9090 VESTIBULE_ADMIN_TOKEN=…
#   export PUBLIC_URLS="http://127.0.0.1:8080 http://127.0.0.1:8081"       # of each replica
#   docs/day-at-work.sh
set -euo pipefail

: "${VESTIBULE_ADMIN_URL:?where the admin API is}" "${PUBLIC_URLS:?where the replicas are, separated by spaces}"
ADMIN="${ADMIN:-admin}"
SLUG="${SLUG:-day-$RANDOM$RANDOM}"
HOST="$SLUG.localhost" WWW="www.$SLUG.localhost"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT
read -r FIRST _ <<<"$PUBLIC_URLS"

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'This is not as it should be: %s\n' "$*" >&2; exit 1; }

# ask METHOD URL HOST PATH [JSON] prints the status of an answer, whose body is then in $WORK/answer.
ask() {
  local data=()
  if [ $# -gt 4 ]; then data=(-H 'Content-Type: application/json' -d "$5"); fi
  curl -s -o "$WORK/answer" -w '%{http_code}' -X "$1" -H "Host: $3" "${data[@]}" "$2/_allauth/app/v1$4"
}

# soon WHAT COMMAND… has a command come true at every replica within two seconds of now, which is what is promised. A machine that does
# much else at the time may be given more.
soon() {
  local what="$1" url end=$((SECONDS + ${PATIENCE:-2})); shift
  for url in $PUBLIC_URLS; do
    until "$@" "$url"; do
      if [ "$SECONDS" -gt "$end" ]; then fail "$what, at $url, after ${PATIENCE:-2} seconds"; fi
      sleep 0.1
    done
    echo "$url: $what"
  done
}

answers() { [ "$(ask GET "$3" "$2" /config)" = "$1" ]; }          # answers STATUS HOST URL
by_code() { [ "$(ask GET "$2" "$HOST" /config)" = 200 ] && grep -q "\"email_verification_by_code_enabled\":$1" "$WORK/answer"; }

say "A tenant from its file"
cat >"$WORK/tenant.yaml" <<YAML
slug: $SLUG
name: A day at work
hosts: [$HOST]
config:
  public_url: http://$HOST
  account:
    login_methods: [email]
    signup_fields: ["email*", "password1*"]
    email_verification: optional
  headless:
    token_strategy: jwt
    jwt_algorithm: ES256
YAML
"$ADMIN" tenant apply -f "$WORK/tenant.yaml" --dry-run
"$ADMIN" tenant apply -f "$WORK/tenant.yaml"
"$ADMIN" tenant apply -f "$WORK/tenant.yaml" | tee "$WORK/again" # the second time there is nothing to do
grep -qi unchanged "$WORK/again" || fail "applying a file twice changes something"

say "A host of its own"
"$ADMIN" tenant host add "$SLUG" "$WWW"
soon "the host leads to the tenant" answers 200 "$WWW"

say "Somebody signs up"
status="$(ask POST "$FIRST" "$WWW" /auth/signup '{"email": "ann@example.org", "password": "Kestrel-Orbit-49"}')"
[ "$status" = 200 ] || fail "signing up is answered $status: $(cat "$WORK/answer")"
"$ADMIN" user list --tenant "$SLUG" --query ann@ | tee "$WORK/users"
grep -q ann@example.org "$WORK/users" || fail "nobody finds Ann"

say "From now on addresses are proved, by code"
"$ADMIN" tenant versions "$SLUG" | tee "$WORK/versions"
before="$(awk 'NR == 2 { print $1 }' "$WORK/versions")"
echo '{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true}}' >"$WORK/patch.json"
"$ADMIN" tenant patch "$SLUG" --config "$WORK/patch.json" >/dev/null
soon "addresses are proved by code" by_code true
status="$(ask POST "$FIRST" "$HOST" /auth/signup '{"email": "bob@example.org", "password": "Kestrel-Orbit-49"}')"
[ "$status" = 401 ] || fail "signing up is answered $status, before the address is proved"

say "Another signing key"
"$ADMIN" key list --tenant "$SLUG"
"$ADMIN" key rotate --tenant "$SLUG" --now
"$ADMIN" key list --tenant "$SLUG"

say "Suspended, and served again"
"$ADMIN" tenant suspend "$SLUG" >/dev/null
soon "the tenant is refused" answers 403 "$HOST"
"$ADMIN" tenant resume "$SLUG" >/dev/null
soon "the tenant is served" answers 200 "$HOST"

say "Rolled back"
"$ADMIN" tenant diff "$SLUG" "$before"
"$ADMIN" tenant rollback "$SLUG" "$before" --note "codes confuse people" >/dev/null
soon "addresses are proved by link" by_code false

say "Taken along"
"$ADMIN" tenant export "$SLUG" | tee "$WORK/exported.yaml"
"$ADMIN" tenant apply -f "$WORK/exported.yaml" | grep -qi unchanged || fail "what was exported is not what is there"
"$ADMIN" user export --all --tenant "$SLUG" >"$WORK/everything.ndjson"
grep -q ann@example.org "$WORK/everything.ndjson" || fail "Ann is not in the export"

say "What happened, and that nobody changed the log"
"$ADMIN" audit list --tenant "$SLUG" --limit 10
"$ADMIN" audit verify --tenant "$SLUG"

say "Gone"
"$ADMIN" tenant delete "$SLUG" # says what it would do
"$ADMIN" tenant delete "$SLUG" --yes
soon "the tenant is gone" answers 404 "$HOST"
"$ADMIN" tenant purge "$SLUG" --yes

say "A day at work is over"
