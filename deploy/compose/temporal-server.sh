#!/bin/sh
# The image takes the password from its environment only; here it stays out of `docker inspect`.
set -eu

POSTGRES_PWD="$(cat /run/secrets/password)"
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
