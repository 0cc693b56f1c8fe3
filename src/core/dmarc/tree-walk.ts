import type { DnsAnswer, DnsResolver, TxtRecord } from "../dns/resolver.ts";
import { labelsOf } from "../domain-name.ts";
import { type DmarcRecord, parseDmarcRecord } from "./parse-record.ts";

export interface FoundRecord {
  /** The name without `_dmarc.`. */
  readonly domain: string;
  readonly record: DmarcRecord;
}

/** One DNS Tree Walk: RFC 9989 §4.10. */
export interface TreeWalk {
  readonly start: string;
  /** From the longest name to the shortest. */
  readonly found: readonly FoundRecord[];
  /** The domain whose record could not be asked for; the walk ends there. */
  readonly failedAt?: string;
}

/** What stands at one name: its only record, several, none, or no answer. */
export type RecordAnswer =
  | { readonly kind: "record"; readonly record: DmarcRecord }
  /** `exists` when the answer shows that the domain exists (RFC 8020: something stands below it). */
  | { readonly kind: "none"; readonly exists: boolean }
  | { readonly kind: "several" | "failure" };

/** Asks for the record of one domain; for one message each name is asked once. */
export type RecordLookup = (domain: string) => Promise<RecordAnswer>;

const maxLabelsAfterFirst = 7;

/** A lookup that remembers, so that the walks of one message share what they have in common. */
export function recordLookup(dns: DnsResolver, deadline: number | undefined): RecordLookup {
  const answers = new Map<string, Promise<RecordAnswer>>();
  return (domain) => {
    let answer = answers.get(domain);
    if (answer === undefined) {
      answer = lookupRecord(domain, dns, deadline);
      answers.set(domain, answer);
    }
    return answer;
  };
}

async function lookupRecord(
  domain: string,
  dns: DnsResolver,
  deadline: number | undefined,
): Promise<RecordAnswer> {
  const options = deadline === undefined ? {} : { deadline };
  return readAnswer(await dns.query(`_dmarc.${domain}`, "TXT", options));
}

function readAnswer(answer: DnsAnswer<TxtRecord>): RecordAnswer {
  if (answer.kind === "failure")
    // A name too long to be asked for can hold no record.
    return answer.reason === "bad-name" ? { kind: "none", exists: false } : { kind: "failure" };
  if (answer.kind !== "answer") return { kind: "none", exists: answer.kind === "nodata" };
  const records = answer.records.map(parsedOf).filter((record) => record !== undefined);
  const [record] = records;
  if (record === undefined) return { kind: "none", exists: true };
  return records.length > 1 ? { kind: "several" } : { kind: "record", record };
}

/** By the answer: as long as a resolver keeps that, its records are read once. */
const parsed = new WeakMap<TxtRecord, { readonly record: DmarcRecord | undefined }>();

function parsedOf(answer: TxtRecord): DmarcRecord | undefined {
  let known = parsed.get(answer);
  if (known === undefined) {
    known = { record: parseDmarcRecord(answer.text) };
    parsed.set(answer, known);
  }
  return known.record;
}

/**
 * Walks up the tree from `start`, at most 8 queries: RFC 9989 §4.10. Ends at a record with psd=n or psd=y, at the
 * top-level domain, or at the first DNS failure, beyond which nothing certain can be found.
 */
export async function walkTree(start: string, lookup: RecordLookup): Promise<TreeWalk> {
  const found: FoundRecord[] = [];
  for (const domain of walkTargets(start)) {
    const answer = await lookup(domain);
    if (answer.kind === "failure") return { start, found, failedAt: domain };
    // §4.10 step 2: of several records none counts.
    if (answer.kind !== "record") continue;
    found.push({ domain, record: answer.record });
    // §4.10 steps 2 and 6.
    if (answer.record.psd !== "u") break;
  }
  return { start, found };
}

/** The names of a whole walk, in order, the start first: RFC 9989 §4.10 steps 3, 4 and 7. */
export function walkTargets(start: string): readonly string[] {
  const labels = labelsOf(start);
  // §4.10 step 4: from 8 labels on, go on with the last 7.
  const rest = Math.min(labels.length - 1, maxLabelsAfterFirst);
  const targets = [start];
  for (let count = rest; count > 0; count--) targets.push(labels.slice(-count).join("."));
  return targets;
}

/** The organizational domain by a walk that did not fail: RFC 9989 §4.10.2. */
export function organizationalDomainOf({ start, found }: TreeWalk): string {
  for (const { domain, record } of found) {
    if (record.psd === "n") return domain;
    if (record.psd === "y" && domain !== start) return oneLabelBelow(domain, start);
  }
  return found.at(-1)?.domain ?? start;
}

function oneLabelBelow(domain: string, start: string): string {
  return labelsOf(start)
    .slice(-(labelsOf(domain).length + 1))
    .join(".");
}
