/** The same as `sqlite-schema.ts` for PostgreSQL 13 and newer; see there for what the columns mean. */
export const postgresMigrations: readonly string[] = [
  `
  CREATE TABLE raw (
    key         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest      bytea  NOT NULL UNIQUE,
    octets      bytea,
    size        bigint NOT NULL,
    via         text   NOT NULL,
    received_at bigint NOT NULL
  );
  -- They are compressed by us.
  ALTER TABLE raw ALTER COLUMN octets SET STORAGE EXTERNAL;
  CREATE INDEX raw_age ON raw (received_at) WHERE octets IS NOT NULL;

  -- An index entry may have 2,700 octets, and a text more: it is found by its digest.
  CREATE TABLE name (
    key    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest bytea NOT NULL UNIQUE,
    text   text COLLATE "C" NOT NULL
  );
  CREATE INDEX name_text ON name USING hash (text);
  CREATE TABLE detail (
    key    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest bytea NOT NULL UNIQUE,
    json   text  NOT NULL
  );

  CREATE TABLE report (
    key       bigint   PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    identity  bytea    NOT NULL,
    digest    bytea    NOT NULL,
    kind      text     NOT NULL,
    reporter  bigint   NOT NULL,
    report_id text     NOT NULL,
    domain    bigint   NOT NULL,
    begin_at  bigint   NOT NULL,
    end_at    bigint   NOT NULL,
    counted   smallint NOT NULL,
    trust     smallint NOT NULL,
    records   bigint   NOT NULL,
    stored    bigint   NOT NULL,
    messages  bigint   NOT NULL,
    json      text     NOT NULL,
    raw       bigint   NOT NULL,
    ordinal   bigint   NOT NULL,
    UNIQUE (identity, digest)
  );
  CREATE INDEX report_begin ON report (begin_at, key);
  CREATE INDEX report_domain ON report (domain, begin_at, key);
  CREATE INDEX report_age ON report (end_at) WHERE stored > 0;
  CREATE INDEX report_raw ON report (raw);
  CREATE INDEX report_failure ON report (raw) WHERE kind = 'failure';

  CREATE TABLE document (
    raw       bigint NOT NULL,
    ordinal   bigint NOT NULL,
    kind      text   NOT NULL,
    outcome   text   NOT NULL,
    name      text,
    reason    text,
    report    bigint,
    countable smallint,
    trust     smallint,
    mail      text,
    PRIMARY KEY (raw, ordinal)
  );
  CREATE INDEX document_outcome ON document (outcome) WHERE outcome IN ('conflict', 'unread', 'skipped');
  CREATE INDEX document_report ON document (report) WHERE report IS NOT NULL;

  CREATE TABLE record (
    report        bigint   NOT NULL,
    ordinal       integer  NOT NULL,
    ip            bytea    NOT NULL,
    messages      bigint   NOT NULL,
    disposition   bigint   NOT NULL,
    aligned       smallint NOT NULL,
    header_from   bigint   NOT NULL,
    envelope_from bigint,
    envelope_to   bigint,
    detail        bigint   NOT NULL,
    PRIMARY KEY (report, ordinal)
  );
  CREATE INDEX record_ip ON record (ip);

  CREATE TABLE day_sum (
    domain bigint NOT NULL, day bigint NOT NULL, reporter bigint NOT NULL, trust smallint NOT NULL,
    messages bigint NOT NULL, dkim bigint NOT NULL, spf bigint NOT NULL, passed bigint NOT NULL,
    quarantined bigint NOT NULL, rejected bigint NOT NULL, estimated bigint NOT NULL,
    PRIMARY KEY (domain, day, reporter, trust)
  ) WITH (fillfactor = 80);

  CREATE TABLE source_sum (
    domain bigint NOT NULL, day bigint NOT NULL, ip bytea NOT NULL, trust smallint NOT NULL,
    messages bigint NOT NULL, dkim bigint NOT NULL, spf bigint NOT NULL, passed bigint NOT NULL,
    quarantined bigint NOT NULL, rejected bigint NOT NULL, estimated bigint NOT NULL,
    PRIMARY KEY (domain, day, ip, trust)
  ) WITH (fillfactor = 90);

  CREATE TABLE source (
    domain bigint NOT NULL, ip bytea NOT NULL, first_at bigint NOT NULL, last_at bigint NOT NULL,
    PRIMARY KEY (domain, ip)
  ) WITH (fillfactor = 90);

  CREATE TABLE tls_sum (
    domain bigint NOT NULL, day bigint NOT NULL, reporter bigint NOT NULL, policy_type bigint NOT NULL,
    result_type bigint NOT NULL, trust smallint NOT NULL, sessions bigint NOT NULL,
    PRIMARY KEY (domain, day, reporter, policy_type, result_type, trust)
  );

  CREATE TABLE job (
    kind     text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    json     text   NOT NULL,
    due_at   bigint NOT NULL,
    held_to  bigint NOT NULL,
    number   bigint NOT NULL,
    failures bigint NOT NULL,
    error    text,
    done_at  bigint,
    PRIMARY KEY (kind, key)
  );
  CREATE INDEX job_due ON job (kind, due_at) WHERE done_at IS NULL;
  CREATE INDEX job_done ON job (kind, done_at) WHERE done_at IS NOT NULL;

  CREATE TABLE lease (
    name    text   PRIMARY KEY,
    holder  text   NOT NULL,
    held_to bigint NOT NULL,
    number  bigint NOT NULL
  );

  -- What keys and other parts must remember: see state.ts.
  CREATE TABLE state (
    kind    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    changed bigint NOT NULL,
    json    text   NOT NULL,
    PRIMARY KEY (kind, id)
  );
  CREATE TABLE revision (only_one smallint PRIMARY KEY CHECK (only_one = 1), number bigint NOT NULL);
  INSERT INTO revision VALUES (1, 0);
  `,
  `
  ALTER TABLE report ALTER COLUMN report_id TYPE text COLLATE "C";
  CREATE INDEX report_by_id ON report (substr(report_id, 1, 64));
  `,
  `
  -- A cache of what the DNS says of addresses: see source-names.ts.
  CREATE TABLE source_name (
    ip         text COLLATE "C" PRIMARY KEY,
    expires_at bigint NOT NULL,
    json       text   NOT NULL
  );
  -- Another one for every database.
  CREATE TABLE store_id (id text NOT NULL);
  INSERT INTO store_id VALUES (md5(random()::text || clock_timestamp()::text || pg_backend_pid()::text));
  `,
];
