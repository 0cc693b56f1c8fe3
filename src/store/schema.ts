/**
 * The steps that bring a database from each schema version to the next; the first makes an empty file version 1.
 * Steps that have been released are never edited: a change of the schema is a new step at the end.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE record (
    key         INTEGER PRIMARY KEY,
    host        TEXT    NOT NULL,
    boot        TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    at          INTEGER NOT NULL,  -- ms since 1970
    queue_id    TEXT,
    message_id  TEXT,              -- without angle brackets
    from_domain TEXT,              -- the author domain, or else that of MAIL FROM
    origin      TEXT    NOT NULL,
    dmarc       TEXT,
    action      TEXT    NOT NULL,
    reply       TEXT    NOT NULL,
    json        TEXT    NOT NULL,
    UNIQUE (host, boot, sequence)
  ) STRICT;
  CREATE INDEX record_at ON record (at);
  CREATE INDEX record_queue_id ON record (queue_id) WHERE queue_id IS NOT NULL;
  CREATE INDEX record_message_id ON record (message_id) WHERE message_id IS NOT NULL;
  `,
];

/** The same for the database of what must outlive everything: the states of keys, and what is to come. */
export const stateMigrations: readonly string[] = [
  `
  CREATE TABLE state (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    changed INTEGER NOT NULL,  -- ms since 1970
    json    TEXT    NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE revision (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL
  ) STRICT;
  INSERT INTO revision VALUES (1, 0);
  `,
];
