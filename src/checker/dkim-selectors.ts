import { keyRecordName } from "../core/dkim/key-query.ts";
import type { TxtRecord } from "../core/dns/resolver.ts";
import type { DkimSelectorSource } from "../findings/check/dkim.ts";
import type { RecordChange } from "../findings/finding.ts";
import type { CheckContext } from "./context.ts";
import { type KeyReading, orderedParts, readKey } from "./dkim-key.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { delegatedSelectors } from "./selectors.ts";
import { aliasAt, unusedNameBelow, wildcardTexts } from "./txt.ts";

/** One selector with what stands there. */
export interface SelectorState {
  readonly name: string;
  readonly selector: string;
  readonly from: DkimSelectorSource;
  readonly records: readonly TxtRecord[];
  /** DNS did not say. */
  readonly unanswered: boolean;
  readonly alias?: string;
  /** What the record, or the one of several that can be meant, comes to. */
  readonly key?: EffectiveKey;
}

/** One text at a selector, and how to put another in its place. */
export interface EffectiveKey {
  readonly text: string;
  readonly reading: KeyReading;
  readonly change: (text: string) => readonly RecordChange[] | undefined;
}

/** What leads to the keys of a domain; without a profile, which may still have to be guessed. */
export type KeyNames = Pick<CheckContext, "domain" | "dns" | "selectors" | "ownKeys"> &
  Partial<Pick<CheckContext, "profile">>;

/**
 * Selectors that are known, and common ones at which there is something. Nobody guesses at a domain of which a key is
 * known, unless no key may be left.
 */
export async function selectorStates(names: KeyNames): Promise<readonly SelectorState[]> {
  const { domain, dns, selectors, ownKeys, profile } = names;
  const own = ownKeys.filter((key) => key.domain === domain).map(({ selector }) => selector);
  const all = new Map<string, DkimSelectorSource>(own.map((selector) => [selector, "key"]));
  for (const { selector, from } of selectors) if (!all.has(selector)) all.set(selector, from);
  const known = [...all].filter(([, from]) => from !== "guess");
  const states = await Promise.all(known.map(([selector, from]) => selectorState(names, selector, from)));
  if (profile !== "parked" && states.some(({ records }) => records.length > 0)) return states;
  const below = await dns.query(`_domainkey.${domain}`, "TXT");
  // RFC 8020 §2: where the name above does not exist, there is nothing to guess at.
  if (below.kind === "nxdomain") return states;
  const guesses = [...all].filter(([, from]) => from === "guess").map(([selector]) => selector);
  return [...states, ...(await guessedStates(names, guesses))];
}

async function guessedStates(names: KeyNames, guesses: readonly string[]): Promise<SelectorState[]> {
  const { domain, dns } = names;
  const above = `_domainkey.${domain}`;
  const [wildcard, wildcardAlias] = await Promise.all([
    wildcardTexts(dns, above),
    aliasAt(dns, unusedNameBelow(above)),
  ]);
  const states = await Promise.all(guesses.map((selector) => selectorState(names, selector, "guess")));
  // What a wildcard says of every name says nothing of the name that was guessed.
  return states.filter(
    ({ records, alias }) =>
      (alias !== undefined && alias !== wildcardAlias) || records.some(({ text }) => !wildcard.has(text)),
  );
}

async function selectorState(
  { domain, dns }: KeyNames,
  selector: string,
  from: DkimSelectorSource,
): Promise<SelectorState> {
  const name = keyRecordName({ selector, domain });
  const answer = await dns.query(name, "TXT");
  const records = answer.kind === "answer" ? answer.records : [];
  // An alias that leads nowhere answers like a name that is not there; at a guess only services have one.
  const asksAlias = from !== "guess" || records.length > 0 || delegatedSelectors.has(selector);
  const alias = asksAlias ? await aliasAt(dns, name) : undefined;
  const key = effectiveKey(name, records, alias);
  return {
    name,
    selector,
    from,
    records,
    unanswered: answer.kind === "failure",
    ...(alias !== undefined && { alias }),
    ...(key !== undefined && { key }),
  };
}

/** The one record, or what several or badly ordered strings can only have been meant to be. */
function effectiveKey(
  name: string,
  records: readonly TxtRecord[],
  alias: string | undefined,
): EffectiveKey | undefined {
  const text = effectiveText(records);
  if (text === undefined) return undefined;
  const [only, more] = records;
  return {
    text,
    reading: readKey(text),
    change(better) {
      // What an alias leads to is in somebody else's zone.
      if (alias !== undefined || (more === undefined && only?.text === better)) return undefined;
      return [...records.map(({ strings }) => removeTxt(name, strings)), addTxt(name, better)];
    },
  };
}

function effectiveText(records: readonly TxtRecord[]): string | undefined {
  const [first, ...others] = records;
  if (first === undefined) return undefined;
  if (others.length === 0) return orderedParts(first.strings) ?? first.text;
  const usable = records.filter(({ text }) => readKey(text).kind === "key");
  if (usable.length === 1) return usable[0]?.text;
  return usable.length === 0 ? joinedText(records) : undefined;
}

/** One key that was published as several records. */
function joinedText(records: readonly TxtRecord[]): string | undefined {
  const texts = records.map(({ text }) => text);
  const joined = texts.join("");
  return readKey(joined).kind === "key" ? joined : orderedParts(texts);
}
