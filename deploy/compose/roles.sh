#!/bin/sh
# Runs once, when PostgreSQL makes its data: the role that owns the tables, and the one that may change rows.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -d postgres \
    -v owner="$(cat /run/secrets/database_owner_password)" -v app="$(cat /run/secrets/database_password)" <<'SQL'
CREATE ROLE powerbank_owner LOGIN CREATEDB PASSWORD :'owner';
CREATE ROLE powerbank LOGIN PASSWORD :'app';
CREATE DATABASE powerbank OWNER powerbank_owner TEMPLATE template0 ENCODING 'UTF8';
SQL
