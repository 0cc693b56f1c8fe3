import { basename } from "node:path";
import { fileLimits } from "../../collect/extract/limits.ts";
import type { Mail } from "../../collect/extract/mime-part.ts";
import { sniff } from "../../collect/extract/sniff.ts";
import type { FailureKeeper } from "../../collect/failure/failure-keeper.ts";
import { leftOutOf } from "../../collect/failure/left-out.ts";
import { readDocuments } from "../../collect/read-arrival.ts";
import { hasOwnId, identifyAggregate } from "../../store/reports/identity.ts";
import type {
  IngestedDocument,
  KnownDocument,
  MailJudgement,
  RawDocument,
  ReadDocument,
  ReportStore,
} from "../../store/reports/port.ts";
import { isDamagedPart, StoreError } from "../../store/store-error.ts";
import { type ExitCode, exitFailed, exitOk } from "../command.ts";
import { readConfig } from "../config-option.ts";
import { failureLines } from "../failure-lines.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { documentJson } from "./document-json.ts";
import { failureKeeper } from "./failure-keeper.ts";
import { type Judge, openJudge } from "./judge.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";
import { grouped } from "./table.ts";

/** Reads everything again that is still kept as it arrived, and tells what came of it otherwise than before. */
export async function reparseReports(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const config = await readConfig(values.config, io);
  const judge = openJudge(values, config, io);
  const keepFailures = failureKeeper(config);
  try {
    return await withReports(values.config, io, async (store) => {
      const count = { arrivals: 0, changed: 0, gone: 0, damaged: 0 };
      for await (const raw of store.raws()) {
        const { octets, damage } = raw;
        const changes =
          octets === undefined
            ? damage
            : await damageOr(readAgain(store, { ...raw, octets }, judge, keepFailures));
        if (changes === undefined) {
          count.gone += 1;
          continue;
        }
        if (changes instanceof StoreError) {
          count.damaged += 1;
          for (const line of failureLines(changes, io)) io.err(line);
          continue;
        }
        count.arrivals += 1;
        if (changes.length === 0) continue;
        count.changed += 1;
        await tell(raw, changes, values.json, io);
      }
      if (!values.json) tellSum(count, io);
      return count.damaged === 0 ? exitOk : exitFailed;
    });
  } finally {
    judge.close();
  }
}

/** The others are still to be read. */
async function damageOr<T>(work: Promise<T>): Promise<T | StoreError> {
  try {
    return await work;
  } catch (error) {
    if (!isDamagedPart(error)) throw error;
    return error;
  }
}

/** What came of one document. */
interface Result {
  readonly outcome: KnownDocument["outcome"];
  readonly reason?: string;
  readonly kind?: string;
  readonly reporter?: string;
  readonly reportId?: string;
  readonly domain?: string;
  readonly rows?: number;
  readonly messages?: number;
}

/** null: it was or is not there. */
interface Change {
  readonly before: Result | null;
  readonly after: Result | null;
}

async function readAgain(
  store: ReportStore,
  raw: RawDocument & { readonly octets: Buffer },
  judge: Judge,
  keepFailures: FailureKeeper,
): Promise<readonly Change[]> {
  const { digest, octets, via, receivedAt } = raw;
  const known = await store.documents(digest);
  const before = await Promise.all(known.map((one) => knownResult(store, one)));
  const about = {
    ...(!via.includes("://") && { fileName: basename(via.slice(via.lastIndexOf("#") + 1)) }),
    ...(sniff(octets).kind !== "mail" && { limits: fileLimits }),
  };
  const again = { ...about, judge: (mail: Mail) => judgeAgain(mail, known, judge) };
  // Where a fault ends it, what it said before stays.
  const read: ReadDocument[] = [];
  for await (const one of readDocuments(octets, again)) read.push(one);
  const leftOutBefore = leftOutOf(raw);
  const rewritten = await keepFailures(octets, read, {
    ...about,
    ...(leftOutBefore !== undefined && { leftOutBefore }),
  });
  const documents = (rewritten?.documents ?? read).map((one) => withDestination(one, known));
  const isOther = rewritten !== undefined && rewritten.octets?.equals(octets) !== true;
  const stays = isOther && { kept: rewritten.octets === undefined ? {} : { octets: rewritten.octets } };
  const kept = await store.replace({ raw: { digest, octets, via, receivedAt, ...stays }, documents });
  const after = await Promise.all(documents.map((one) => readResult(one, kept)));
  const length = Math.max(before.length, after.length);
  const pairs = Array.from({ length }, (_, at) => ({ before: before[at] ?? null, after: after[at] ?? null }));
  return pairs.filter((pair) => JSON.stringify(pair.before) !== JSON.stringify(pair.after));
}

/** Keys of that time may be gone from DNS: what was found then stands, unless more is found now. */
async function judgeAgain(mail: Mail, known: readonly KnownDocument[], judge: Judge): Promise<MailJudgement> {
  const now = await judge.of(mail);
  const then = known.find((one) => one.mail !== undefined && one.mail.fromDomain === now.fromDomain)?.mail;
  const isWeaker = now.verdict === "unknown" && !now.dkimPass;
  return isWeaker && then !== undefined ? then : now;
}

/** Where a report came, and who asked for it, was found out when it came and cannot be found out again. */
function withDestination(read: ReadDocument, known: readonly KnownDocument[]): ReadDocument {
  if (!("mail" in read) || read.mail === undefined) return read;
  const then = known.find(({ ordinal, kind }) => ordinal === read.ordinal && kind === read.kind)?.mail;
  if (then?.fromDomain !== read.mail.fromDomain || then?.destination === undefined) return read;
  const { sentTo, destination } = then;
  return { ...read, mail: { ...read.mail, destination, ...(sentTo !== undefined && { sentTo }) } };
}

async function knownResult(store: ReportStore, one: KnownDocument): Promise<Result> {
  const report = one.report === undefined ? undefined : await damageOr(store.show(one.report));
  const outcome = withoutOrder(one.outcome);
  // Reading it again mends it.
  if (report instanceof StoreError) return { outcome, kind: one.kind, reason: report.message };
  if (report === undefined) return { outcome, ...(one.reason !== undefined && { reason: one.reason }) };
  const { reporter, reportId, domain, records, messages } = report;
  return { outcome, kind: one.kind, reporter, reportId, domain, rows: records, messages };
}

async function readResult(read: ReadDocument, kept: readonly IngestedDocument[]): Promise<Result> {
  const outcome = withoutOrder(kept.find(({ ordinal }) => ordinal === read.ordinal)?.outcome ?? "seen");
  if (read.kind === "unread" || read.kind === "skipped") return { outcome, reason: read.reason };
  const { reporter, reportId, domain, rows, messages } = documentJson({ read, outcome });
  return {
    outcome,
    kind: read.kind,
    reporter: reporter ?? "",
    reportId: reportId ?? (await idInPlace(read)),
    domain: domain ?? "",
    rows,
    messages,
  };
}

/** What the store takes for the id of a report that has none. */
async function idInPlace(read: ReadDocument): Promise<string> {
  if (read.kind !== "aggregate" || hasOwnId(read.warnings)) return "";
  return (await identifyAggregate(read.head, read.records, read.warnings)).identity.reportId;
}

/** Which of two equal ones came first may change. */
function withoutOrder(outcome: KnownDocument["outcome"]): KnownDocument["outcome"] {
  return outcome === "seen" ? "saved" : outcome;
}

async function tell(
  { via, digest }: RawDocument,
  changes: readonly Change[],
  json: boolean,
  io: Io,
): Promise<void> {
  if (json) return io.outSlowly(formatJson({ raw: digest, via, changes }));
  for (const { before, after } of changes) {
    const sentence = `${resultText(before, io)} → ${resultText(after, io)}`;
    for (const line of hanging("", `${printable(via)}: ${printable(sentence)}`, io.columns))
      await io.outSlowly(line);
  }
}

function resultText(result: Result | null, io: Io): string {
  const text = reportText(io.lang);
  if (result === null) return text.nothing;
  const { outcome, reason, reporter, reportId, domain, rows = 0, messages = 0 } = result;
  if (reason !== undefined) return `${text.outcome[outcome]} (${text.reason(reason)})`;
  const counts = text.counts(grouped(rows), grouped(messages));
  return `${text.outcome[outcome]} (${[domain, reporter, reportId].join(" ")}, ${counts})`;
}

function tellSum(
  { arrivals, changed, gone, damaged }: Readonly<Record<"arrivals" | "changed" | "gone" | "damaged", number>>,
  io: Io,
): void {
  const text = reportText(io.lang);
  io.out(text.reparsed(grouped(arrivals), grouped(changed)));
  if (gone > 0) io.out(text.rawOver(grouped(gone)));
  if (damaged > 0) io.out(text.damagedParts(grouped(damaged)));
}
