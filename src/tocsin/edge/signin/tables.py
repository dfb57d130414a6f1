"""What is kept of the people who work here: no password, no token and no one-time link, only hashes of them."""

from collections.abc import Mapping
from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS edge_people (
  name     TEXT PRIMARY KEY,   -- folded (names.py): two names that look alike are one
  shown    TEXT NOT NULL,      -- as it was written when the account was made
  roles    TEXT NOT NULL,      -- JSON list
  subject  TEXT NOT NULL,      -- who this is at the OpenID Connect provider; empty: may not come that way
  password TEXT NOT NULL,      -- Argon2id; empty: may not come that way
  totp     TEXT NOT NULL,      -- the shared secret of the second factor, base32
  step     INTEGER NOT NULL,   -- the last time step whose code was used: none counts twice
  language TEXT NOT NULL,      -- empty: as the browser asks
  theme    TEXT NOT NULL,      -- "", "light", "dark"
  created  INTEGER NOT NULL,   -- microseconds since 1970, as all times here
  seen     INTEGER NOT NULL    -- when signed in last; 0: never
);
CREATE UNIQUE INDEX IF NOT EXISTS edge_people_subject ON edge_people (subject) WHERE subject <> '';
CREATE TABLE IF NOT EXISTS edge_passkeys (
  id      BLOB PRIMARY KEY,    -- the credential's id
  person  TEXT NOT NULL,
  key     BLOB NOT NULL,       -- public
  count   INTEGER NOT NULL,    -- of signatures, as the authenticator says
  created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS edge_passkeys_person ON edge_passkeys (person);
CREATE TABLE IF NOT EXISTS edge_sessions (
  digest  BLOB PRIMARY KEY,    -- SHA-256 of what the cookie holds
  person  TEXT NOT NULL,
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL     -- to the minute
);
CREATE INDEX IF NOT EXISTS edge_sessions_person ON edge_sessions (person);
CREATE TABLE IF NOT EXISTS edge_devices (
  id       TEXT PRIMARY KEY,   -- half of the SHA-256 of the endpoint
  person   TEXT NOT NULL,
  name     TEXT NOT NULL,      -- as its owner calls it
  service  TEXT NOT NULL,      -- which of the setting push_services
  endpoint TEXT NOT NULL,      -- where the browser's maker takes messages for it
  public   BLOB NOT NULL,      -- of the browser (RFC 8291)
  secret   BLOB NOT NULL,
  language TEXT NOT NULL,      -- in which it is told
  key      TEXT NOT NULL,      -- our public key that it was made for
  created  INTEGER NOT NULL,
  told     INTEGER NOT NULL    -- last; 0: never
);
CREATE INDEX IF NOT EXISTS edge_devices_person ON edge_devices (person);
CREATE TABLE IF NOT EXISTS edge_links (
  digest  BLOB PRIMARY KEY,    -- SHA-256 of what the one-time link holds
  person  TEXT NOT NULL UNIQUE,
  expires INTEGER NOT NULL
);
"""
MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
