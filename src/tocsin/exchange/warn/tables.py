"""The tables of the room warn. All are derived from the journal: dropped, they are made again."""

from collections.abc import Mapping

WARNINGS = """
CREATE TABLE IF NOT EXISTS warn_warnings (
  id        TEXT PRIMARY KEY,    -- STIX id of the report; made from its giver, so no other member has it
  giver     TEXT NOT NULL,
  log       INTEGER NOT NULL,    -- where its first version stands
  position  INTEGER NOT NULL,    -- journal position of its newest version
  added     INTEGER NOT NULL,    -- when the first version was stored here
  modified  INTEGER NOT NULL,    -- of the newest version
  topic     TEXT NOT NULL,
  urgency   TEXT NOT NULL,
  answer_by INTEGER NOT NULL,
  marking   INTEGER NOT NULL,    -- formats.tlp.Tlp of the newest version's entry
  policy    TEXT NOT NULL,       -- canonical JSON, of the first version
  withdrawn INTEGER NOT NULL     -- 1: its giver has revoked it
);
CREATE INDEX IF NOT EXISTS warn_warnings_given ON warn_warnings (giver, added);
CREATE INDEX IF NOT EXISTS warn_warnings_added ON warn_warnings (added);
CREATE TABLE IF NOT EXISTS warn_recipients (
  warning      TEXT NOT NULL,
  member       TEXT NOT NULL,
  began        INTEGER NOT NULL, -- when the version that asks the member was stored here
  answer_by    INTEGER NOT NULL,
  stored       INTEGER,          -- when its receipt came; known to the giver only
  acknowledged INTEGER,          -- when its first word came
  until        INTEGER NOT NULL, -- until when its acknowledgement stands; 0: none
  answered     INTEGER,          -- when its first answer came
  answer       TEXT,             -- formats.answer.Word of its newest answer
  word         INTEGER,          -- journal position of its newest word
  escalated    INTEGER NOT NULL, -- highest level its giver has told it of
  level        INTEGER NOT NULL, -- highest level paged here
  due          INTEGER,          -- when the next level is to be paged here; none: never
  PRIMARY KEY (warning, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_recipients_due ON warn_recipients (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS warn_recipients_owed ON warn_recipients (member, answer_by) WHERE answered IS NULL;
CREATE INDEX IF NOT EXISTS warn_recipients_late ON warn_recipients (answer_by) WHERE answered IS NULL;
CREATE TABLE IF NOT EXISTS warn_awaited (
  log     INTEGER NOT NULL,      -- our log with a version that asks the member
  seq     INTEGER NOT NULL,
  member  TEXT NOT NULL,         -- who has not signed for it yet
  warning TEXT NOT NULL,
  PRIMARY KEY (log, member, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_awaited_of ON warn_awaited (warning, member);
CREATE TABLE IF NOT EXISTS warn_words (
  position INTEGER PRIMARY KEY,  -- of the entry that holds it
  warning  TEXT NOT NULL,
  member   TEXT NOT NULL,
  added    INTEGER NOT NULL,
  made     INTEGER NOT NULL,     -- by the member's own clock
  state    TEXT NOT NULL,        -- formats.answer.State
  answer   TEXT,
  until    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS warn_words_of ON warn_words (warning, member, position);
CREATE TABLE IF NOT EXISTS warn_escalations (
  position INTEGER PRIMARY KEY,  -- of the entry that holds it
  warning  TEXT NOT NULL,
  giver    TEXT NOT NULL,
  member   TEXT NOT NULL,
  turn     INTEGER NOT NULL,
  level    INTEGER NOT NULL,
  by_hand  INTEGER NOT NULL,
  added    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS warn_escalations_of ON warn_escalations (warning, member);
CREATE TABLE IF NOT EXISTS warn_paged (
  warning  TEXT NOT NULL,
  member   TEXT NOT NULL,        -- whose silence: ours, or that of a recipient of our warning
  turn     INTEGER NOT NULL,     -- acknowledgements that had run out before
  level    INTEGER NOT NULL,
  by_hand  INTEGER NOT NULL,
  paged_at INTEGER NOT NULL,
  position INTEGER NOT NULL,     -- of the local row
  PRIMARY KEY (warning, member, turn, level)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_outbox (
  position INTEGER NOT NULL,     -- of the page
  target   TEXT NOT NULL,        -- email, webhook, push; channel: the escalation that the recipient is to see
  outcome  TEXT NOT NULL,        -- empty while it waits
  PRIMARY KEY (position, target)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_outbox_waiting ON warn_outbox (target, position) WHERE outcome = '';
CREATE TABLE IF NOT EXISTS warn_unread (
  position INTEGER PRIMARY KEY,  -- of an entry that claims to be a warning and cannot be read as one
  member   TEXT NOT NULL,
  added    INTEGER NOT NULL,
  code     TEXT NOT NULL
);
"""

CORRECTIONS = """
CREATE TABLE IF NOT EXISTS warn_versions (
  position INTEGER PRIMARY KEY, -- of the entry
  object   BLOB NOT NULL,       -- correction.key of its object's id: the id itself may have to be erased
  log      INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  channel  INTEGER NOT NULL,
  member   TEXT NOT NULL,       -- origin of the log
  instant  INTEGER NOT NULL,    -- the version as microseconds since 1970
  marking  INTEGER NOT NULL,
  taken    INTEGER NOT NULL,    -- 1: this version revokes its object, 2: recalls it
  creator  BLOB NOT NULL        -- key of created_by_ref, empty without one
);
CREATE INDEX IF NOT EXISTS warn_versions_object ON warn_versions (object, member, instant);
CREATE TABLE IF NOT EXISTS warn_changes (
  object   BLOB NOT NULL,
  member   TEXT NOT NULL,       -- who changed what it had shared
  instant  INTEGER NOT NULL,    -- the newest version, or the one that takes back
  action   TEXT NOT NULL,       -- correction.ACTIONS
  original INTEGER NOT NULL,    -- 1: the object is that member's, as far as this node knows
  since    INTEGER NOT NULL,    -- position from which on it is taken back; 0: it is not
  position INTEGER NOT NULL,    -- of the first entry of that version
  answered INTEGER NOT NULL,    -- 1: we have confirmed it, or it is ours
  PRIMARY KEY (object, member)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_changes_position ON warn_changes (member, position);
CREATE INDEX IF NOT EXISTS warn_changes_open ON warn_changes (position) WHERE answered = 0;
CREATE TABLE IF NOT EXISTS warn_confirmations (
  object   BLOB NOT NULL,
  instant  INTEGER NOT NULL,
  giver    TEXT NOT NULL,       -- whose change
  member   TEXT NOT NULL,       -- who confirms it: the origin of the log
  action   TEXT NOT NULL,
  done_at  INTEGER NOT NULL,    -- by its clock
  position INTEGER NOT NULL,
  PRIMARY KEY (object, giver, instant, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_holders (
  log    INTEGER NOT NULL,      -- ours
  member TEXT NOT NULL,
  size   INTEGER NOT NULL,      -- it has signed for all entries below
  added  INTEGER NOT NULL,      -- when the newest of its receipts came
  PRIMARY KEY (log, member)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_subjects (
  dependent TEXT NOT NULL,      -- a relationship, sighting, note, opinion, report or grouping
  member    TEXT NOT NULL,      -- who shared it
  subject   BLOB NOT NULL,      -- key of what it is about
  PRIMARY KEY (dependent, member, subject)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warn_subjects_subject ON warn_subjects (subject);
"""

DUTIES = """
CREATE TABLE IF NOT EXISTS warn_duties (
  id        TEXT PRIMARY KEY,    -- a salted digest of object, version and member
  object_id TEXT NOT NULL,
  version   TEXT NOT NULL,
  member    TEXT NOT NULL,       -- who is concerned and was not told
  channel   INTEGER NOT NULL,    -- where the object went instead
  reasons   TEXT NOT NULL,       -- JSON list of texts
  noted     INTEGER NOT NULL,    -- position of the local row that says so
  since     INTEGER NOT NULL,    -- when the object went; 0: it never did, and there is no duty
  state     TEXT NOT NULL,       -- open, warned, sanitised, declined; empty while the object has not gone
  closed    INTEGER NOT NULL,
  by        TEXT NOT NULL,       -- the object that told the member
  why       TEXT NOT NULL        -- reason of a refusal
);
CREATE INDEX IF NOT EXISTS warn_duties_state ON warn_duties (state, since, id);
CREATE UNIQUE INDEX IF NOT EXISTS warn_duties_object ON warn_duties (object_id, version, member);
CREATE INDEX IF NOT EXISTS warn_duties_noted ON warn_duties (noted);
CREATE TABLE IF NOT EXISTS warn_duty_aims (
  object_id TEXT NOT NULL,       -- once its member has signed for this object, a duty is done
  duty      TEXT NOT NULL,
  how       TEXT NOT NULL,       -- warned, sanitised
  PRIMARY KEY (object_id, duty)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warn_duty_sent (
  log       INTEGER NOT NULL,    -- ours, with an object that does a duty
  seq       INTEGER NOT NULL,
  duty      TEXT NOT NULL,
  member    TEXT NOT NULL,
  object_id TEXT NOT NULL,
  how       TEXT NOT NULL,
  PRIMARY KEY (log, seq, duty)
) WITHOUT ROWID;
"""

TABLES = WARNINGS + CORRECTIONS + DUTIES
MIGRATIONS: Mapping[int, str] = {}  # see node/tables.py
