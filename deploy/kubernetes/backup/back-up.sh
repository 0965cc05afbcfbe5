#!/bin/sh
# Write a dump of PostgreSQL into a folder, and keep the newest ones.
#   DATABASE_URL=postgresql://… KEEP=14 sh back-up.sh FOLDER
# An older dump goes only after a new one is complete, so a backup that fails takes none away.
set -eu
umask 077

folder=$1
name=patchbay-$(date -u +%Y-%m-%dT%H%M%SZ).dump
part=$folder/.$name.part
trap 'rm -f "$part"' EXIT

pg_dump --format=custom --no-owner --file="$part" "$DATABASE_URL"
# Reads the table of contents, which stands at the end of a complete file.
pg_restore --list "$part" > /dev/null
sync "$part"
mv "$part" "$folder/$name"
printf '%s: %s bytes\n' "$name" "$(stat -c %s "$folder/$name")"

find "$folder" -maxdepth 1 -name 'patchbay-*.dump' | sort -r | tail -n "+$((${KEEP:-14} + 1))" |
  while read -r old; do rm -- "$old"; done
