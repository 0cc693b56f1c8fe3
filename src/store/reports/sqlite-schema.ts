/**
 * The steps that bring a database of reports from each schema version to the next. Steps that have been released are never
 * edited: a change is a new step at the end, here and in `postgres-schema.ts`.
 *
 * Addresses are 16 octets, IPv4 mapped (::ffff:0:0/96); a record without an address has an empty one. Days are counted from
 * 1970. `trust` is 0 for a mail that is aligned or of which nothing is known, and 1 for one that is unaligned.
 */
export const sqliteMigrations: readonly string[] = [
  `
  CREATE TABLE raw (
    key         INTEGER PRIMARY KEY,
    digest      BLOB    NOT NULL UNIQUE,  -- SHA-256
    octets      BLOB,                     -- deflated; NULL when their time is over
    size        INTEGER NOT NULL,
    via         TEXT    NOT NULL,
    received_at INTEGER NOT NULL          -- ms since 1970
  ) STRICT;
  CREATE INDEX raw_age ON raw (received_at) WHERE octets IS NOT NULL;

  CREATE TABLE name (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE detail (key INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE report (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,  -- people know it: never used again
    identity  BLOB    NOT NULL,           -- SHA-256 of kind, reporter, report_id, domain, begin_at, end_at
    digest    BLOB    NOT NULL,           -- SHA-256 of what it says
    kind      TEXT    NOT NULL,
    reporter  INTEGER NOT NULL REFERENCES name,
    report_id TEXT    NOT NULL,
    domain    INTEGER NOT NULL REFERENCES name,
    begin_at  INTEGER NOT NULL,           -- s since 1970
    end_at    INTEGER NOT NULL,
    counted   INTEGER NOT NULL,           -- whether it is in the sums
    trust     INTEGER NOT NULL,           -- of the document that speaks for it
    records   INTEGER NOT NULL,           -- that it has
    stored    INTEGER NOT NULL,           -- that are still there
    messages  INTEGER NOT NULL,
    json      TEXT    NOT NULL,           -- all else that it says
    raw       INTEGER NOT NULL REFERENCES raw,
    ordinal   INTEGER NOT NULL,           -- with raw: the document that speaks for it
    UNIQUE (identity, digest)
  ) STRICT;
  CREATE INDEX report_begin ON report (begin_at);
  CREATE INDEX report_domain ON report (domain, begin_at);
  CREATE INDEX report_age ON report (end_at) WHERE stored > 0;
  CREATE INDEX report_raw ON report (raw);
  CREATE INDEX report_failure ON report (raw) WHERE kind = 'failure';

  CREATE TABLE document (
    raw       INTEGER NOT NULL REFERENCES raw,
    ordinal   INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    name      TEXT,
    reason    TEXT,
    report    INTEGER REFERENCES report,
    countable INTEGER,
    trust     INTEGER,
    mail      TEXT,                       -- judgement of the mail, JSON
    PRIMARY KEY (raw, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX document_outcome ON document (outcome) WHERE outcome IN ('conflict', 'unread', 'skipped');
  CREATE INDEX document_report ON document (report);

  CREATE TABLE record (
    report        INTEGER NOT NULL REFERENCES report,
    ordinal       INTEGER NOT NULL,
    ip            BLOB    NOT NULL,
    messages      INTEGER NOT NULL,
    disposition   INTEGER NOT NULL REFERENCES name,
    aligned       INTEGER NOT NULL,       -- 1: DKIM, 2: SPF, 3: both
    header_from   INTEGER NOT NULL REFERENCES name,
    envelope_from INTEGER REFERENCES name,
    envelope_to   INTEGER REFERENCES name,
    detail        INTEGER NOT NULL REFERENCES detail,
    PRIMARY KEY (report, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX record_ip ON record (ip);

  CREATE TABLE day_sum (
    domain INTEGER NOT NULL, day INTEGER NOT NULL, reporter INTEGER NOT NULL, trust INTEGER NOT NULL,
    messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, passed INTEGER NOT NULL,
    quarantined INTEGER NOT NULL, rejected INTEGER NOT NULL,
    estimated INTEGER NOT NULL,           -- of the messages: spread from a period of several days
    PRIMARY KEY (domain, day, reporter, trust)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE source_sum (
    domain INTEGER NOT NULL, day INTEGER NOT NULL, ip BLOB NOT NULL, trust INTEGER NOT NULL,
    messages INTEGER NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, passed INTEGER NOT NULL,
    quarantined INTEGER NOT NULL, rejected INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    PRIMARY KEY (domain, day, ip, trust)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE source (
    domain INTEGER NOT NULL, ip BLOB NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    PRIMARY KEY (domain, ip)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tls_sum (
    domain INTEGER NOT NULL, day INTEGER NOT NULL, reporter INTEGER NOT NULL, policy_type INTEGER NOT NULL,
    result_type INTEGER NOT NULL,         -- name '' for sessions that succeeded
    trust INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    PRIMARY KEY (domain, day, reporter, policy_type, result_type, trust)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE job (
    kind     TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    json     TEXT    NOT NULL,
    due_at   INTEGER NOT NULL,            -- ms since 1970
    held_to  INTEGER NOT NULL,            -- somebody has it until then; ms since 1970
    number   INTEGER NOT NULL,            -- one more each time that somebody takes it
    failures INTEGER NOT NULL,
    error    TEXT,
    done_at  INTEGER,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX job_due ON job (kind, due_at) WHERE done_at IS NULL;
  CREATE INDEX job_done ON job (kind, done_at) WHERE done_at IS NOT NULL;

  CREATE TABLE lease (
    name    TEXT    PRIMARY KEY,
    holder  TEXT    NOT NULL,
    held_to INTEGER NOT NULL,
    number  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // A report is asked for by its id or the beginning of that; ids may be longer than an index of PostgreSQL takes.
  "CREATE INDEX report_by_id ON report (substr(report_id, 1, 64))",
  `
  -- Another one for every database.
  CREATE TABLE store_id (id TEXT NOT NULL);
  INSERT INTO store_id VALUES (lower(hex(randomblob(16))));
  `,
];
