"""The tables of the desk. All of it can be collected again, but for what people decided."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE IF NOT EXISTS desk_sources (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  body    BLOB NOT NULL,         -- sources.Source
  health  BLOB NOT NULL,         -- sources.Health
  next_us INTEGER NOT NULL       -- when it is asked again
);
CREATE INDEX IF NOT EXISTS desk_sources_next ON desk_sources (next_us);
CREATE TABLE IF NOT EXISTS desk_captures (
  sha256     BLOB PRIMARY KEY,
  source     INTEGER NOT NULL,   -- 0: imported by hand
  url        TEXT NOT NULL,
  media_type TEXT NOT NULL,
  seen_us    INTEGER NOT NULL,   -- the first time that it came
  size       INTEGER NOT NULL,
  code       TEXT NOT NULL,      -- why it could not be read, or empty
  packed     BLOB                -- the bytes, zstd; null once they are no longer kept
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS desk_captures_seen ON desk_captures (seen_us);
CREATE TABLE IF NOT EXISTS desk_followed (
  url     TEXT PRIMARY KEY,      -- of an entry that was fetched already
  seen_us INTEGER NOT NULL       -- 0: it was given up
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_documents (
  number       INTEGER PRIMARY KEY, -- in the order of arrival
  id           TEXT NOT NULL UNIQUE,
  article      TEXT NOT NULL,
  source       INTEGER NOT NULL,
  story        TEXT NOT NULL,
  copy_of      TEXT NOT NULL,    -- the document it is a copy of, or empty
  published_us INTEGER NOT NULL,
  seen_us      INTEGER NOT NULL,
  document     BLOB NOT NULL,    -- document.Document, zstd
  reading      BLOB NOT NULL     -- document.Reading, zstd
);
CREATE INDEX IF NOT EXISTS desk_documents_story ON desk_documents (story, number);
CREATE INDEX IF NOT EXISTS desk_documents_article ON desk_documents (article, number);
CREATE INDEX IF NOT EXISTS desk_documents_seen ON desk_documents (seen_us);
CREATE TABLE IF NOT EXISTS desk_marks (
  number       INTEGER PRIMARY KEY, -- of the document
  document     TEXT NOT NULL,
  story        TEXT NOT NULL,
  outlet       TEXT NOT NULL,
  language     TEXT NOT NULL,
  is_copy      INTEGER NOT NULL,
  published_us INTEGER NOT NULL,
  seen_us      INTEGER NOT NULL,
  body         BLOB NOT NULL     -- document.Mark: what is compared
);
CREATE INDEX IF NOT EXISTS desk_marks_story
  ON desk_marks (story, outlet, language, is_copy, seen_us, published_us);
CREATE TABLE IF NOT EXISTS desk_read (
  capture  BLOB NOT NULL,        -- SHA-256
  document INTEGER NOT NULL,     -- the number of one that was read from it
  PRIMARY KEY (capture, document)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_leads (
  document TEXT PRIMARY KEY,     -- what began a story in its language
  seen_us  INTEGER NOT NULL,
  model    TEXT NOT NULL,        -- what made the vector, or empty
  body     BLOB NOT NULL,        -- document.Lead
  vector   BLOB NOT NULL         -- two bytes a number
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS desk_leads_seen ON desk_leads (seen_us, document);
CREATE TABLE IF NOT EXISTS desk_stories (
  id      TEXT PRIMARY KEY,
  last_us INTEGER NOT NULL,      -- when the newest document of it came
  state   TEXT NOT NULL,         -- open, followed, dismissed
  shown   BLOB NOT NULL          -- shown.Listed: a row of the list
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS desk_stories_last ON desk_stories (last_us, id);
CREATE TABLE IF NOT EXISTS desk_keys (
  key     TEXT NOT NULL,         -- 'topic:terrorism', 'country:EG', 'language:ar', 'state:followed', OF_INTEREST
  last_us INTEGER NOT NULL,
  story   TEXT NOT NULL,
  PRIMARY KEY (key, last_us, story)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS desk_keys_story ON desk_keys (story);
CREATE TABLE IF NOT EXISTS desk_acts (
  number INTEGER PRIMARY KEY,
  body   BLOB NOT NULL           -- document.Act: merged or split by a person
);
CREATE TABLE IF NOT EXISTS desk_acts_of (
  document TEXT NOT NULL,
  number   INTEGER NOT NULL,     -- of the act about it
  PRIMARY KEY (document, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_contents (
  content  TEXT NOT NULL,        -- Document.content
  document TEXT NOT NULL,
  PRIMARY KEY (content, document)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_declined (
  note  TEXT PRIMARY KEY,        -- STIX id of another member's decision about news that we do not follow
  by    TEXT NOT NULL,
  at_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_judged (
  story  TEXT NOT NULL,
  value  TEXT NOT NULL,          -- of a finding
  taken  INTEGER NOT NULL,       -- 1 accepted, 0 rejected
  by     TEXT NOT NULL,
  at_us  INTEGER NOT NULL,
  PRIMARY KEY (story, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS desk_hits (
  number   INTEGER PRIMARY KEY,
  interest TEXT NOT NULL,        -- "kind text" of a standing interest that the story met
  story    TEXT NOT NULL,
  at_us    INTEGER NOT NULL,
  UNIQUE (interest, story)
);
CREATE INDEX IF NOT EXISTS desk_hits_story ON desk_hits (story);
CREATE TABLE IF NOT EXISTS desk_paged (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  number INTEGER NOT NULL        -- of desk_hits: up to this one our analysts were paged
);
CREATE TABLE IF NOT EXISTS desk_drafts (
  id    TEXT PRIMARY KEY,
  story TEXT NOT NULL,
  by    TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  body  BLOB NOT NULL            -- a STIX bundle, as JSON
);
CREATE INDEX IF NOT EXISTS desk_drafts_story ON desk_drafts (story);
CREATE TABLE IF NOT EXISTS desk_generated (
  number INTEGER PRIMARY KEY,
  story  TEXT NOT NULL,
  body   BLOB NOT NULL           -- generated.Generated: what a model said of it; nothing else is made of this
);
CREATE INDEX IF NOT EXISTS desk_generated_story ON desk_generated (story, number);
"""
MIGRATIONS: Mapping[int, str] = {}
"""Steps from older layouts (node/tables.py)."""
