#!/bin/sh
# Makes the secrets of compose.yaml, once, in the volume that it is given: every installation has its own, and no password stands in a
# file that people share. What is there already stays as it is.
set -eu
cd "$1"
umask 077

# Who reads what: the numbers under which compose.yaml runs them, one for each, so that none can read what another's is.
vestibule=65532
database=999
redis=998

word() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }

# A password that may stand in a URL as it is.
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }

# keep NAME OWNER writes what it is given into a file that only the owner can read, whole or not at all.
keep() {
  rm -f ".new-$1"
  cat >".new-$1"
  chmod 0400 ".new-$1"
  chown "$2" ".new-$1" # last: whose it is not may not change it any more
  mv ".new-$1" "$1"
}

[ -e secret-key ] || word 32 | keep secret-key "$vestibule"
[ -e admin-token ] || word 48 | keep admin-token "$vestibule"

# The two that belong together are written last to first, so that what is missing is made again as a pair.
if [ ! -e database-url ]; then
  secret=$(password)
  printf %s "$secret" | keep database-password "$database"
  printf 'postgres://vestibule:%s@postgres:5432/vestibule?sslmode=disable' "$secret" | keep database-url "$vestibule"
fi
if [ ! -e redis-url ]; then
  secret=$(password)
  # Limits need not outlive Redis: nothing is written to disk. What Redis has no room for, it refuses, and limits are counted by the server.
  printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 128mb\nmaxmemory-policy noeviction\n' "$secret" | keep redis.conf "$redis"
  printf 'redis://:%s@redis:6379/0' "$secret" | keep redis-url "$vestibule"
fi
