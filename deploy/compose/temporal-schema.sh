#!/bin/sh
# Temporal's tables, in the databases that databases.sql has made. Safe to repeat: what is there is left alone, and a
# newer release of the image upgrades it.
set -eu

SQL_PASSWORD="$(cat /run/secrets/password)"
export SQL_PASSWORD SQL_PLUGIN=postgres12 SQL_HOST=postgres SQL_PORT=5432 SQL_USER=temporal

temporal-sql-tool --db temporal setup-schema --version 0.0
temporal-sql-tool --db temporal update-schema --schema-name postgresql/v12/temporal
temporal-sql-tool --db temporal_visibility setup-schema --version 0.0
temporal-sql-tool --db temporal_visibility update-schema --schema-name postgresql/v12/visibility
