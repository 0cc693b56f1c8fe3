import { selectorDate } from "../core/dkim/selector-date.ts";
import { parentDomain } from "../core/domain-name.ts";
import type { Finding, Severity } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, OwnKey, SubjectReport } from "./context.ts";
import { describeKey, keyText, oldTags, readKey, rewritten } from "./dkim-key.ts";
import { type EffectiveKey, type SelectorState, selectorStates } from "./dkim-selectors.ts";
import { splitFindings, strayKeyFindings } from "./dkim-zone.ts";
import { addTxt } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";
import { wildcardTexts } from "./txt.ts";

/** The DKIM keys of a domain, as far as their selectors are known: RFC 6376 §3.6. */
export const checkDkim: Check = async (context) => {
  const report = await triedDkim(context);
  // Faults of the file's text, which no record shows.
  return { ...report, findings: [...report.findings, ...splitFindings(context)] };
};

const triedDkim = withTriedChanges(findDkim);

async function findDkim(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const [states, wildcard, below] = await Promise.all([
    selectorStates(context),
    wildcardTexts(dns, `_domainkey.${domain}`),
    dns.query(`_domainkey.${domain}`, "TXT"),
  ]);
  // While DNS does not answer, nothing was tried and nothing is missing.
  const answered = below.kind !== "failure";
  const findings = [
    ...states.flatMap((state) => selectorFindings(context, state, states)),
    ...(await removedFindings(context, states)),
    ...(answered ? unknownFindings(context, states) : []),
    ...onlyEd25519Findings(context, states),
    ...(await strayKeyFindings(context, states)),
    ...(answered ? wildcardFindings(context, wildcard) : []),
  ];
  return { findings, facts: dkimFacts(states, wildcard) };
}

function selectorFindings(
  context: CheckContext,
  state: SelectorState,
  states: readonly SelectorState[],
): Finding[] {
  const { records, unanswered, alias, key } = state;
  if (unanswered) return [];
  if (records.length === 0)
    return alias === undefined ? missingFindings(context, state) : [deadAlias(state, alias, states)];
  // Of a parked domain no key is to be left: nobody needs a better one.
  if (context.profile === "parked") return [];
  const several = severalFindings(state);
  return key === undefined ? several : [...several, ...keyFindings(context, state, key, states)];
}

/** Services that take turns between two selectors may publish the second key only when it is its turn. */
function deadAlias(state: SelectorState, target: string, states: readonly SelectorState[]): Finding {
  const { name, from } = state;
  const live = otherInTurn(state, target, states);
  if (live === undefined || (from !== "zone" && from !== "guess"))
    return finding("dkim.cname-dead", name, { name, target });
  const found = finding("dkim.cname-dead", name, { name, target, live: live.name });
  return { ...found, severity: "info" };
}

/** The one other selector at the same service, whose key stands where this one would with its own selector in the name. */
function otherInTurn(
  { name, selector }: SelectorState,
  target: string,
  states: readonly SelectorState[],
): SelectorState | undefined {
  const service = parentDomain(target);
  const [other, more] = states.filter(
    (one) => one.name !== name && one.alias !== undefined && parentDomain(one.alias) === service,
  );
  if (more !== undefined || other?.key?.reading.kind !== "key") return undefined;
  return other.alias?.replace(other.selector, () => selector) === target ? other : undefined;
}

function missingFindings(context: CheckContext, { name, selector, from }: SelectorState): Finding[] {
  if (from === "guess" || from === "zone") return [];
  const found = finding("dkim.no-key", name, { name, selector, from });
  // A selector of old mail may be gone for good reasons.
  if (from === "records") return [{ ...found, severity: "notice" }];
  if (from !== "key") return [found];
  const own = ownKey(context, selector);
  // A key that seals is looked at with ARC.
  return own === undefined ? [] : [{ ...found, change: [addTxt(name, keyText(own.publicKey))] }];
}

/** Keys of live DNS that the zone files take away; whether they are still in use only the owner knows. */
async function removedFindings(
  { live, zones, ...context }: CheckContext,
  states: readonly SelectorState[],
): Promise<Finding[]> {
  if (live === undefined || zones.length === 0 || context.profile === "parked") return [];
  const known = new Set(states.map(({ selector }) => selector));
  const gone = (await selectorStates({ ...context, dns: live })).filter(
    ({ selector, key }) => key?.reading.kind === "key" && !known.has(selector),
  );
  const answers = await Promise.all(gone.map(({ name }) => context.dns.query(name, "TXT")));
  return gone
    .filter((_, index) => answers[index]?.kind === "nodata" || answers[index]?.kind === "nxdomain")
    .map(({ name, selector }) => ({
      ...finding("dkim.no-key", name, { name, selector, from: "live" }),
      severity: "notice",
    }));
}

function ownKey({ ownKeys, domain }: CheckContext, selector: string): OwnKey | undefined {
  return ownKeys.find((key) => key.domain === domain && key.selector === selector && !key.seals);
}

/** RFC 6376 §3.6.2.2: "if there are multiple records in an RRset, the results are undefined". */
function severalFindings({ name, records, key }: SelectorState): Finding[] {
  const [first] = records;
  if (records.length === 1 && first !== undefined) {
    if (key === undefined || key.text === first.text) return [];
    const params = { name, why: "order" as const, octets: first.text.length };
    return [changed(finding("dkim.key-split", name, params), key, key.text)];
  }
  const joined = key !== undefined && !records.some(({ text }) => text === key.text);
  const found = finding("dkim.multiple-txt", name, { name, count: records.length, joined });
  return [key === undefined ? found : changed(found, key, key.text)];
}

function changed(found: Finding, key: EffectiveKey, text: string, severity?: Severity): Finding {
  const change = key.change(text);
  return {
    ...found,
    ...(severity !== undefined && { severity }),
    ...(change !== undefined && { change }),
  };
}

function keyFindings(
  context: CheckContext,
  state: SelectorState,
  key: EffectiveKey,
  states: readonly SelectorState[],
): Finding[] {
  const { name } = state;
  const { reading, text } = key;
  switch (reading.kind) {
    case "broken": {
      const { fault, better } = reading;
      const found = finding("dkim.key-syntax", name, { name, fault });
      return [better === undefined ? found : changed(found, key, better)];
    }
    case "revoked":
      return revokedFindings(context, state, key);
    case "key":
      return [
        ...useFindings(name, key),
        ...strengthFindings(name, reading.type, reading.key.bits),
        ...ownFindings(context, state, key),
        ...(isSucceeded(state, states) ? [] : ageFindings(context, state)),
        ...(oldTags(text).length === 0
          ? []
          : [
              changed(
                finding("dkim.old-tags", name, { name, tags: oldTags(text).slice(0, 10) }),
                key,
                rewritten(text, "v", "DKIM1"),
              ),
            ]),
      ];
  }
}

/** RFC 6376 §3.6.1 p=: "An empty value means that this public key has been revoked". */
function revokedFindings(context: CheckContext, state: SelectorState, key: EffectiveKey): Finding[] {
  const { name, selector, from } = state;
  const found = finding("dkim.revoked", name, { name, from });
  if (from === "key") {
    const own = ownKey(context, selector);
    return own === undefined ? [] : [changed(found, key, keyText(own.publicKey), "error")];
  }
  return [{ ...found, ...(from === "option" || from === "message" ? { severity: "warning" } : {}) }];
}

/** What a verifier looks at before the key: RFC 6376 §6.1.2. */
function useFindings(name: string, key: EffectiveKey): Finding[] {
  const { reading, text } = key;
  if (reading.kind !== "key") return [];
  const { record, type } = reading;
  const { hashes, services, flags, keyType } = record;
  const found: Finding[] = [];
  if (keyType !== type) {
    const params = { name, keyType: keyType.slice(0, 40), actual: type };
    found.push(changed(finding("dkim.k-mismatch", name, params), key, rewritten(text, "k", type)));
  }
  // RFC 8301 §3.1: rsa-sha1 MUST NOT be used.
  if (hashes !== undefined && !hashes.includes("sha256")) {
    const params = { name, hashes: hashes.join(":").slice(0, 40) };
    found.push(changed(finding("dkim.h-sha1", name, params), key, rewritten(text, "h", undefined)));
  }
  // RFC 8460 §3: keys with s=tlsrpt sign reports, and are meant for nothing else.
  if (!services.includes("*") && !services.includes("email") && !services.includes("tlsrpt")) {
    const params = { name, services: services.join(":").slice(0, 40) };
    found.push(changed(finding("dkim.service-tag", name, params), key, rewritten(text, "s", undefined)));
  }
  if (flags.includes("y")) {
    const others = flags.filter((flag) => flag !== "y").join(":");
    const better = rewritten(text, "t", others === "" ? undefined : others);
    found.push(changed(finding("dkim.test-flag", name, { name }), key, better));
  }
  return found;
}

/** RFC 8301 §3.2. */
function strengthFindings(name: string, type: "rsa" | "ed25519", bits: number): Finding[] {
  if (type === "ed25519" || (bits >= 2048 && bits <= 4096)) return [];
  const limit = bits < 1024 ? 1024 : bits < 2048 ? 2048 : 4096;
  const found = finding("dkim.bits", name, { name, bits, limit });
  return [limit === 1024 ? found : { ...found, severity: "warning" }];
}

function ownFindings(context: CheckContext, { name, selector }: SelectorState, key: EffectiveKey): Finding[] {
  const own = ownKey(context, selector);
  const { reading } = key;
  if (own === undefined || reading.kind !== "key" || reading.key.key.equals(own.publicKey)) return [];
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = own.publicKey;
  const params = {
    name,
    file: own.file,
    published: describeKey(reading.type, reading.key.bits),
    own: describeKey(type === "ed25519" ? "ed25519" : "rsa", details?.modulusLength ?? 0),
  };
  return [changed(finding("dkim.private-mismatch", name, params), key, keyText(own.publicKey))];
}

const monthMs = 30.44 * 86_400_000;
const oldMonths = 12;
const veryOldMonths = 24;

/** Nobody says that mail is signed with it, and there is a newer key: it was changed, and is left for old mail. */
function isSucceeded({ selector, from }: SelectorState, states: readonly SelectorState[]): boolean {
  const made = selectorDate(selector);
  if (made === undefined || (from !== "zone" && from !== "guess")) return false;
  return states.some(
    (other) => other.key?.reading.kind === "key" && (selectorDate(other.selector) ?? made) > made,
  );
}

/** RFC 6376 §3.1: keys are changed by changing selectors; a dated one tells how long ago that was. */
function ageFindings(context: CheckContext, { name, selector, alias }: SelectorState): Finding[] {
  // Whoever runs what an alias leads to changes its keys under the same selector.
  if (alias !== undefined) return [];
  const { domain, clock } = context;
  const dated = selectorDate(selector);
  const made = dated ?? ownKey(context, selector)?.madeAt;
  const months = made === undefined ? 0 : Math.floor((clock.now() - made) / monthMs);
  if (months < oldMonths) return [];
  const by = dated === undefined ? "key-file" : "selector";
  const found = finding("dkim.rotation-age", name, { domain, selector, months, by });
  return [months < veryOldMonths ? { ...found, severity: "notice" } : found];
}

/** Never "no DKIM": selectors cannot be listed (RFC 6376 §3.1). */
function unknownFindings(
  { domain, profile, selectors }: CheckContext,
  states: readonly SelectorState[],
): Finding[] {
  if ((profile !== "sender" && profile !== "new") || states.length > 0) return [];
  const tried = selectors.filter(({ from }) => from === "guess").length;
  return [finding("dkim.unknown-selector", domain, { domain, tried })];
}

/** RFC 8463 §6: who signs with Ed25519 signs with RSA as well. */
function onlyEd25519Findings({ domain, profile }: CheckContext, states: readonly SelectorState[]): Finding[] {
  if (profile === "parked") return [];
  const usable = states.flatMap(({ selector, from, key }) =>
    key?.reading.kind === "key" ? [{ selector, from, type: key.reading.type }] : [],
  );
  const known = usable.filter(({ from }) => from !== "guess");
  if (known.length === 0 || usable.some(({ type }) => type === "rsa")) return [];
  const names = known.map(({ selector }) => selector).slice(0, 10);
  return [finding("dkim.ed25519-only", domain, { domain, selectors: names })];
}

function wildcardFindings({ domain, profile }: CheckContext, wildcard: ReadonlySet<string>): Finding[] {
  if (profile !== "parked" || [...wildcard].some((text) => readKey(text).kind === "revoked")) return [];
  const change = [addTxt(`*._domainkey.${domain}`, "v=DKIM1; p=")];
  return [{ ...finding("dkim.parked-wildcard", domain, { domain }), change }];
}

function dkimFacts(
  states: readonly SelectorState[],
  wildcard: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  return {
    selectors: states.map(({ selector, from, records, alias, key }) => ({
      selector,
      from,
      records: records.length,
      ...(alias !== undefined && { alias }),
      ...(key !== undefined && { state: key.reading.kind }),
      ...(key?.reading.kind === "key" && {
        type: key.reading.type,
        bits: key.reading.key.bits,
        testing: key.reading.record.flags.includes("y"),
      }),
    })),
    wildcard: wildcard.size > 0,
  };
}
