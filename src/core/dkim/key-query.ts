import type { DnsAnswer, DnsResolver, TxtRecord } from "../dns/resolver.ts";
import type { DkimProblem } from "../results.ts";
import { type DkimKeyRecord, parseDkimKey } from "./key.ts";

/** RFC 6376 §6.1.2 step 4: of several records at a selector so many are tried. */
const maxKeyRecords = 3;

export type KeyLookup =
  | { readonly kind: "records"; readonly records: readonly DkimKeyRecord[] }
  | { readonly kind: "temperror" | "permerror"; readonly problem: DkimProblem };

/** Where the TXT record of a key stands, without final dot: RFC 6376 §3.6.2.1. */
export function keyRecordName({
  selector,
  domain,
}: {
  readonly selector: string;
  readonly domain: string;
}): string {
  return `${selector}._domainkey.${domain}`;
}

/** The key queries of one message: each name is asked once, however many signatures use it. */
export class KeyQueries {
  readonly #dns: DnsResolver;
  readonly #deadline: number | undefined;
  readonly #lookups = new Map<string, Promise<KeyLookup>>();

  constructor(dns: DnsResolver, deadline: number | undefined) {
    this.#dns = dns;
    this.#deadline = deadline;
  }

  /** Never rejects. */
  lookup(selector: string, domain: string): Promise<KeyLookup> {
    const name = keyRecordName({ selector, domain });
    const known = this.#lookups.get(name);
    if (known !== undefined) return known;
    const options = this.#deadline === undefined ? {} : { deadline: this.#deadline };
    const lookup = this.#dns.query(name, "TXT", options).then(readAnswer, () => dnsFailure);
    this.#lookups.set(name, lookup);
    return lookup;
  }
}

const dnsFailure: KeyLookup = { kind: "temperror", problem: "dns-failure" };

/** RFC 6376 §6.1.2 steps 2 to 5. */
function readAnswer(answer: DnsAnswer<TxtRecord>): KeyLookup {
  switch (answer.kind) {
    case "failure":
      // A name that is too long for the DNS has no record, today or later.
      return answer.reason === "bad-name" ? { kind: "permerror", problem: "no-key" } : dnsFailure;
    case "nodata":
    case "nxdomain":
      return { kind: "permerror", problem: "no-key" };
    case "answer": {
      const records: DkimKeyRecord[] = [];
      for (const one of answer.records) {
        const record = records.length < maxKeyRecords ? parsedOf(one) : undefined;
        if (record !== undefined) records.push(record);
      }
      // Records of other kinds at the name (a wildcard's, say) are no keys and count for nothing beside one.
      return records.length > 0 ? { kind: "records", records } : { kind: "permerror", problem: "key-syntax" };
    }
  }
}

/** By the answer: as long as a resolver keeps that, its records are read once. */
const parsed = new WeakMap<TxtRecord, { readonly record: DkimKeyRecord | undefined }>();

function parsedOf(answer: TxtRecord): DkimKeyRecord | undefined {
  let known = parsed.get(answer);
  if (known === undefined) {
    known = { record: parseDkimKey(answer.text) };
    parsed.set(answer, known);
  }
  return known.record;
}
