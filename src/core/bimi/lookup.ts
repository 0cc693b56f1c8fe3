import type { DnsAnswer, DnsResolver, TxtRecord } from "../dns/resolver.ts";
import { localPartSelector, matchesPrefix } from "./local-part.ts";
import { type BimiRecord, type BimiRecordFault, parseBimiRecord } from "./parse-record.ts";

/** Whose record is looked for. Domains as A-labels in lower case. */
export interface BimiQuestion {
  readonly selector: string;
  readonly author: string;
  readonly organization: string;
  /** Of the address in From. */
  readonly localPart: string;
}

/** What Assertion Record Discovery came to: BIMI draft §7.2. */
export interface BimiDiscovery {
  readonly found: FoundAssertion;
  /** The selector of the local part, when it was asked for. */
  readonly localPartSelector?: string;
}

export type FoundAssertion =
  | {
      readonly kind: "record";
      readonly domain: string;
      readonly selector: string;
      readonly record: BimiRecord | BimiRecordFault;
    }
  | { readonly kind: "several"; readonly domain: string; readonly selector: string }
  | { readonly kind: "none" | "failure" };

/**
 * Finds the Assertion Record: at the author domain, then at its organizational domain, each time with the selector of
 * the local part when lps= asks for it. BIMI draft §7.2, §4.5. At most four queries. Never rejects.
 */
export async function discoverBimi(
  question: BimiQuestion,
  { dns, deadline }: { readonly dns: DnsResolver; readonly deadline?: number },
): Promise<BimiDiscovery> {
  const { selector, author, organization, localPart } = question;
  const options = deadline === undefined ? {} : { deadline };
  const ask = async (domain: string, name: string): Promise<FoundAssertion> =>
    readAnswer(await dns.query(`${name}._bimi.${domain}`, "TXT", options), domain, name);
  for (const domain of new Set([author, organization])) {
    const found = await ask(domain, selector);
    // §7.2 step 6: on to the organizational domain only when nothing is here.
    if (found.kind === "none") continue;
    const own = localSelector(found, localPart);
    if (own === undefined || own === selector) return { found };
    return { found: preferred(await ask(domain, own), found), localPartSelector: own };
  }
  return { found: { kind: "none" } };
}

/** §7.2 steps 4 and 7: what does not begin with our version is not there. */
function readAnswer(answer: DnsAnswer<TxtRecord>, domain: string, selector: string): FoundAssertion {
  if (answer.kind === "failure")
    // A name too long to be asked for can hold no record.
    return { kind: answer.reason === "bad-name" ? "none" : "failure" };
  if (answer.kind !== "answer") return { kind: "none" };
  const records = answer.records.flatMap(({ text }) => parseBimiRecord(text) ?? []);
  const [record] = records;
  if (record === undefined) return { kind: "none" };
  return records.length > 1
    ? { kind: "several", domain, selector }
    : { kind: "record", domain, selector, record };
}

/** The selector that lps= of the record asks for, if it does so for this local part. */
function localSelector(found: FoundAssertion, localPart: string): string | undefined {
  if (found.kind !== "record" || found.record.problem !== undefined) return undefined;
  const { localPartPrefixes } = found.record;
  const selector = localPartPrefixes && localPartSelector(localPart);
  if (selector === undefined || localPartPrefixes === undefined) return undefined;
  return matchesPrefix(selector, localPartPrefixes) ? selector : undefined;
}

/** §7.2 step 5: "If a valid BIMI record is found then this should be used". One that DNS hides might be. */
function preferred(own: FoundAssertion, found: FoundAssertion): FoundAssertion {
  if (own.kind === "failure") return own;
  return own.kind === "record" && own.record.problem === undefined ? own : found;
}
