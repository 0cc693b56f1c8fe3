/**
 * The steps that bring a database of reports from each schema version to the next. Steps that have been released are never
 * edited: a change is a new step at the end.
 *
 * Addresses are 16 octets, IPv4 mapped (::ffff:0:0/96); a report without an address has an empty one. Days are counted from
 * 1970. `trust` is 0 for a mail that is aligned or of which nothing is known, and 1 for one that is unaligned.
 */
export const reportMigrations: readonly string[] = [
  `
  CREATE TABLE raw (
    key         INTEGER PRIMARY KEY,
    digest      TEXT    NOT NULL UNIQUE,  -- SHA-256, hexadecimal
    octets      BLOB,                     -- deflated; NULL when their time is over
    size        INTEGER NOT NULL,
    via         TEXT    NOT NULL,
    received_at INTEGER NOT NULL          -- ms since 1970
  ) STRICT;
  CREATE INDEX raw_received ON raw (received_at);

  CREATE TABLE name (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE detail (key INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE report (
    key       INTEGER PRIMARY KEY,
    kind      TEXT    NOT NULL,
    reporter  INTEGER NOT NULL REFERENCES name,
    report_id TEXT    NOT NULL,
    domain    INTEGER NOT NULL REFERENCES name,
    begin_at  INTEGER NOT NULL,           -- s since 1970
    end_at    INTEGER NOT NULL,
    digest    TEXT    NOT NULL,           -- of what it says
    counted   INTEGER NOT NULL,           -- 0: a conflict, or a TLS report that nobody signed
    trust     INTEGER NOT NULL,
    records   INTEGER NOT NULL,
    messages  INTEGER NOT NULL,
    json      TEXT    NOT NULL,           -- head, warnings, judgement of the mail
    raw       INTEGER NOT NULL REFERENCES raw,
    ordinal   INTEGER NOT NULL,
    UNIQUE (kind, reporter, report_id, domain, begin_at, end_at, digest)
  ) STRICT;
  CREATE INDEX report_days ON report (begin_at);
  CREATE INDEX report_domain ON report (domain, begin_at);

  CREATE TABLE document (
    raw     INTEGER NOT NULL REFERENCES raw,
    ordinal INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    name    TEXT,
    reason  TEXT,
    report  INTEGER REFERENCES report,
    PRIMARY KEY (raw, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX document_outcome ON document (outcome) WHERE outcome IN ('conflict', 'unread');

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
  CREATE INDEX source_first ON source (first_at);

  CREATE TABLE tls_sum (
    domain INTEGER NOT NULL, day INTEGER NOT NULL, reporter INTEGER NOT NULL, policy_type INTEGER NOT NULL,
    result_type INTEGER NOT NULL,         -- name '' for sessions that succeeded
    sessions INTEGER NOT NULL,
    PRIMARY KEY (domain, day, reporter, policy_type, result_type)
  ) STRICT, WITHOUT ROWID;
  `,
];
