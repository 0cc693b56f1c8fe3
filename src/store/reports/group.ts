import type { Row, SqlSession } from "./sql.ts";
import type { SumPlace } from "./sum-changes.ts";

/** A report in the store, as far as its group is judged by it. */
export interface GroupReport extends SumPlace {
  readonly key: number;
  readonly kind: string;
  readonly identity: Uint8Array;
  /** Of what it says, in hexadecimal digits. */
  readonly digest: string;
  /** The document that speaks for it. */
  readonly raw: number;
  readonly ordinal: number;
  readonly counted: boolean;
  /** Some of its records have been deleted by their age. */
  readonly expired: boolean;
}

/** A document that brought a report. */
interface Bringer {
  readonly raw: number;
  readonly ordinal: number;
  readonly report: number;
  readonly outcome: string;
  readonly countable: boolean;
  readonly trust: number;
}

/** What is to change in a group. */
export interface GroupVerdict {
  /** Documents, by what they are to be. */
  readonly labels: readonly (Pick<Bringer, "raw" | "ordinal"> & {
    readonly outcome: "saved" | "seen" | "conflict";
  })[];
  /** Who is to speak for a report, where it is another one. */
  readonly speakers: readonly {
    readonly report: GroupReport;
    readonly raw: number;
    readonly ordinal: number;
    readonly trust: number;
  }[];
  readonly uncount?: GroupReport;
  readonly count?: GroupReport;
}

const columns =
  "key, kind, identity, digest, reporter, domain, begin_at, end_at, records, raw, ordinal, counted, trust, kind = 'aggregate' AND stored < records AS expired";

/** Reports with one identity: reporter, id, domain, days. */
export async function findGroup(db: SqlSession, identity: Uint8Array): Promise<GroupReport[]> {
  return (await db.all(`SELECT ${columns} FROM report WHERE identity = ? ORDER BY key`, [identity])).map(
    groupReport,
  );
}

/** Reports that the documents of an arrival brought. */
export async function findReportsOf(db: SqlSession, raw: number): Promise<GroupReport[]> {
  const rows = await db.all(
    `SELECT ${columns} FROM report WHERE key IN (SELECT report FROM document WHERE raw = ?) ORDER BY key`,
    [raw],
  );
  return rows.map(groupReport);
}

function groupReport(row: Row): GroupReport {
  return {
    key: Number(row["key"]),
    kind: String(row["kind"]),
    identity: row["identity"] as Uint8Array,
    digest: hexOf(row["digest"] as Uint8Array),
    reporter: Number(row["reporter"]),
    domain: Number(row["domain"]),
    begin: Number(row["begin_at"]),
    end: Number(row["end_at"]),
    records: Number(row["records"]),
    raw: Number(row["raw"]),
    ordinal: Number(row["ordinal"]),
    counted: Number(row["counted"]) === 1,
    trust: Number(row["trust"]),
    // A boolean in PostgreSQL, a number in SQLite.
    expired: Boolean(row["expired"]),
  };
}

export function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("hex");
}

/**
 * Judges a group. The document that came first is `saved`, the first of each other content a `conflict`, the rest `seen`. One
 * report counts: the one whose best document is trusted most, and among equals the first. What has lost records to their age
 * stays as it was counted.
 */
export async function judgeGroup(db: SqlSession, reports: readonly GroupReport[]): Promise<GroupVerdict> {
  const bringers = await findBringers(db, reports);
  const byReport = Map.groupBy(bringers, ({ report }) => report);
  const speakers = reports.flatMap((report) => {
    const best = (byReport.get(report.key) ?? []).reduce<Bringer | undefined>(better, undefined);
    return best === undefined ? [] : [{ ...best, report }];
  });
  const counted = reports.find((report) => report.counted);
  const verdict = { labels: labelsOf(bringers), speakers: speakers.filter(isNew) };
  if (counted?.expired === true) return verdict;
  const winner = speakers
    .filter(({ countable, report }) => countable && !report.expired)
    .sort(byArrival)
    .reduce<Speaker | undefined>(better, undefined);
  if (winner?.report === counted && winner?.trust === counted?.trust) return verdict;
  return {
    ...verdict,
    ...(counted !== undefined && { uncount: counted }),
    ...(winner !== undefined && { count: { ...winner.report, trust: winner.trust } }),
  };
}

interface Speaker extends Omit<Bringer, "report"> {
  readonly report: GroupReport;
}

function isNew({ report, raw, ordinal, trust }: Speaker): boolean {
  return !report.expired && (report.raw !== raw || report.ordinal !== ordinal || report.trust !== trust);
}

function byArrival(a: Pick<Bringer, "raw" | "ordinal">, b: Pick<Bringer, "raw" | "ordinal">): number {
  return a.raw - b.raw || a.ordinal - b.ordinal;
}

/** Bringers come in the order of their arrival, so that of equals the first stays. */
function better<T extends Pick<Bringer, "countable" | "trust">>(best: T | undefined, one: T): T {
  if (best === undefined) return one;
  if (one.countable !== best.countable) return one.countable ? one : best;
  return one.trust < best.trust ? one : best;
}

async function findBringers(db: SqlSession, [one]: readonly GroupReport[]): Promise<Bringer[]> {
  if (one === undefined) return [];
  const rows = await db.all(
    `SELECT d.raw, d.ordinal, d.report, d.outcome, d.countable, d.trust
     FROM report p JOIN document d ON d.report = p.key WHERE p.identity = ?`,
    [one.identity],
  );
  return rows.map(bringer).sort(byArrival);
}

function bringer(row: Row): Bringer {
  return {
    raw: Number(row["raw"]),
    ordinal: Number(row["ordinal"]),
    report: Number(row["report"]),
    outcome: String(row["outcome"]),
    countable: Number(row["countable"]) === 1,
    trust: Number(row["trust"]),
  };
}

function labelsOf(bringers: readonly Bringer[]): GroupVerdict["labels"] {
  const known = new Set<number>();
  return bringers.flatMap(({ raw, ordinal, report, outcome: before }) => {
    const outcome = known.has(report) ? "seen" : known.size === 0 ? "saved" : "conflict";
    known.add(report);
    return outcome === before ? [] : [{ raw, ordinal, outcome } as const];
  });
}
