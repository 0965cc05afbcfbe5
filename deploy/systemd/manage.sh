#!/bin/sh
# Run a management command as the services run: as their user, with their variables.
#   patchbay-manage createsuperuser
set -eu
[ -t 0 ] && terminal=--pty || terminal=--pipe
exec systemd-run --quiet --wait --collect "$terminal" --uid=patchbay --gid=patchbay --working-directory=/opt/patchbay \
  --property=EnvironmentFile=/etc/patchbay/patchbay.env --setenv=DEBUG=0 --setenv=DATA_DIR=/var/lib/patchbay \
  --setenv=PYTHONUNBUFFERED=1 /opt/patchbay/.venv/bin/python manage.py "$@"
