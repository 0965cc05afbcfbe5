#!/bin/sh
# Restore the newest dump of a folder into an empty database, and tell what is in it.
#   SCRATCH_URL=postgresql://… HOURS=26 sh check-backup.sh FOLDER
# It fails if there is no dump, if the newest is older than HOURS, and if it cannot be restored as a whole. The database
# keeps what was restored, for `manage.py rotate_credentials --dry-run`, which says whether the keys fit.
set -eu

fail() { printf '%s\n' "$1" >&2; exit 1; }
ask() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --command="$1" "$SCRATCH_URL"; }

folder=$1
newest=$(find "$folder" -maxdepth 1 -name 'patchbay-*.dump' | sort | tail -n 1)
[ -n "$newest" ] || fail "There is no backup in $folder: back-up.sh has never ended well."
[ -n "$(find "$newest" -mmin "-$((${HOURS:-26} * 60))")" ] ||
  fail "The newest backup is ${newest##*/}, more than ${HOURS:-26} hours old: look at why no later one was made."
[ "$(ask "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" = 0 ] ||
  fail "The database of SCRATCH_URL is not empty. Name one that may be filled, never the one in use."

pg_restore --no-owner --exit-on-error --single-transaction --dbname="$SCRATCH_URL" "$newest"
[ "$(ask 'SELECT count(*) FROM django_migrations')" -gt 0 ] || fail "${newest##*/} holds no database of Patchbay."
ask "SELECT '${newest##*/} is restored: '
  || (SELECT count(*) FROM accounts_user) || ' people, '
  || (SELECT count(*) FROM accounts_integratedaccount) || ' accounts, '
  || (SELECT count(*) FROM mcpservers_mcpserver) || ' MCP servers, the last call of '
  || COALESCE((SELECT max(started_at)::text FROM tools_call), 'never')"
