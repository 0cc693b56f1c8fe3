import type { RecordField } from "../config/config.ts";
import { keyRecordName } from "../core/dkim/key-query.ts";
import type { BimiResult, DkimResult, DnsTraceEntry } from "../core/results.ts";
import type { Disposition, MessageRecord, RecordedResults, RecordedSigning, RecordedSpf } from "./record.ts";

/**
 * Takes out of a record what the operator has not named in `record.fields`: local parts of addresses before all, also
 * where they come back in disguise (DKIM `i=`, names that SPF macros made, explanations, our own
 * Authentication-Results field). Domains stay where they are needed for the verdict itself.
 *
 * @param record With whole addresses in `envelope`, as the filter knows them.
 * @param fields From `record.fields`.
 */
export function redact<Kept extends Omit<MessageRecord, "id">>(
  record: Kept,
  fields: readonly RecordField[],
): Kept {
  const named = new Set(fields);
  const hidden = hiddenParts(record, named);
  const kept: Kept = {
    ...record,
    client: {
      ...record.client,
      ...(record.client.helo !== undefined && { helo: maskText(record.client.helo, hidden) }),
      ...(record.client.name !== undefined && { name: maskText(record.client.name, hidden) }),
    },
    envelope: keptEnvelope(record.envelope, named),
    ...(record.results !== undefined && { results: redactResults(record, record.results, named, hidden) }),
    disposition: redactDisposition(record.disposition, hidden),
    ...(record.shadow !== undefined && { shadow: redactDisposition(record.shadow, hidden) }),
    ...(record.authenticationResults !== undefined && {
      // The URIs first, while they stand there as they are known.
      authenticationResults: maskAddresses(
        maskBimi(record.authenticationResults, named.has("mail_from") ? undefined : record.results?.bimi),
        hidden,
      ),
    }),
    ...(record.signing !== undefined && { signing: redactSigning(record.signing, named) }),
    ...(record.fault !== undefined && {
      fault: { ...record.fault, message: maskText(record.fault.message, hidden) },
    }),
  };
  return withoutUnnamed(kept, named);
}

function redactDisposition(disposition: Disposition, hidden: Hidden): Disposition {
  const reasons = disposition.reasons.map((reason) => ({
    ...reason,
    ...(reason.comment !== undefined && { comment: maskText(reason.comment, hidden) }),
  }));
  return { ...disposition, reasons };
}

function redactSigning(
  { login, ...signing }: RecordedSigning,
  named: ReadonlySet<RecordField>,
): RecordedSigning {
  return login !== undefined && named.has("login") ? { ...signing, login } : signing;
}

function withoutUnnamed<Kept extends Omit<MessageRecord, "id">>(
  record: Kept,
  named: ReadonlySet<RecordField>,
): Kept {
  const { messageId, subject, ...rest } = record;
  return {
    ...rest,
    ...(messageId !== undefined && named.has("message_id") && { messageId }),
    ...(subject !== undefined && named.has("subject") && { subject }),
  } as Kept;
}

function keptEnvelope(
  { from, to, ...counts }: MessageRecord["envelope"],
  named: ReadonlySet<RecordField>,
): MessageRecord["envelope"] {
  const keptFrom = named.has("mail_from") ? from : named.has("from_domain") ? senderDomain(from) : undefined;
  const keptTo = named.has("rcpt_to") ? to : named.has("to_domain") ? domainsOf(to) : undefined;
  return {
    ...counts,
    ...(keptFrom !== undefined && { from: keptFrom }),
    ...(keptTo !== undefined && { to: keptTo }),
  };
}

/** "" for the null sender; undefined for one without a domain. */
function senderDomain(address: string | undefined): string | undefined {
  return address === undefined || (address !== "" && !hasDomain(address)) ? undefined : domainOf(address);
}

function domainsOf(addresses: readonly string[] | undefined): readonly string[] | undefined {
  return addresses && [...new Set(addresses.filter(hasDomain).map(domainOf))];
}

function hasDomain(address: string): boolean {
  return address.includes("@");
}

/** What stands after the last "@"; nothing when there is none. */
function domainOf(address: string): string {
  return hasDomain(address) ? address.slice(address.lastIndexOf("@") + 1) : "";
}

/** What stands before the last "@"; the whole address when there is none. */
function localPartOf(address: string): string {
  return hasDomain(address) ? address.slice(0, address.lastIndexOf("@")) : address;
}

// ---------------------------------------------------------------- what is to be hidden

interface Hidden {
  /** Whole local parts in lower case, as written and without quotes, the longest first. */
  readonly localParts: readonly string[];
  /** Their pieces between delimiters, in lower case: SPF macros take local parts apart (RFC 7208 §7.3). */
  readonly pieces: ReadonlySet<string>;
  /** Local parts that were named and may stand. */
  readonly shown: ReadonlySet<string>;
}

function hiddenParts(record: Omit<MessageRecord, "id">, named: ReadonlySet<RecordField>): Hidden {
  const hide = new Set<string>();
  const shown = new Set<string>();
  const sort = (address: string, field: RecordField): void => {
    const local = localPartOf(address).toLowerCase();
    if (local === "") return;
    (named.has(field) ? shown : hide).add(local);
  };
  sort(record.envelope.from ?? "", "mail_from");
  for (const address of record.envelope.to ?? []) sort(address, "rcpt_to");
  for (const { identity } of record.results?.dkim ?? []) sort(identity, "dkim_identity");
  if (record.signing?.login?.includes("@") === true) sort(record.signing.login, "login");
  // The selector that lps= asks for is the local part of From.
  sort(`${record.results?.bimi?.localPartSelector ?? ""}@`, "mail_from");
  for (const local of shown) hide.delete(local);
  const whole = [...hide].flatMap((local) => [
    local,
    unquoted(local),
    encodeURIComponent(local).toLowerCase(),
  ]);
  return {
    localParts: [...new Set(whole)].sort((a, b) => b.length - a.length),
    pieces: new Set([...hide].flatMap((local) => piecesOf(unquoted(local)))),
    shown,
  };
}

function unquoted(local: string): string {
  return local.length > 2 && local.startsWith('"') && local.endsWith('"') ? local.slice(1, -1) : local;
}

const pieceBreak = /[^\p{L}\p{N}]/u;

function piecesOf(text: string): string[] {
  return text.split(pieceBreak).filter((piece) => piece !== "");
}

// ---------------------------------------------------------------- results

function redactResults(
  record: Omit<MessageRecord, "id">,
  results: RecordedResults,
  named: ReadonlySet<RecordField>,
  hidden: Hidden,
): RecordedResults {
  const known = once(() => knownNames(record, results));
  return {
    ...results,
    ...(results.spf !== undefined && { spf: redactSpf(results.spf, hidden) }),
    ...(results.spfHelo !== undefined && { spfHelo: redactSpf(results.spfHelo, hidden) }),
    dkim: results.dkim.map((result) => redactDkim(result, named)),
    ...(results.bimi !== undefined && { bimi: redactBimi(results.bimi, named) }),
    dns: results.dns.map((entry) => redactDns(entry, known, hidden)),
  };
}

function redactBimi(bimi: BimiResult, named: ReadonlySet<RecordField>): BimiResult {
  if (named.has("mail_from") || bimi.localPartSelector === undefined) return bimi;
  const masked = { ...bimi, localPartSelector: mask };
  if (!isOfLocalPart(bimi)) return masked;
  const { location, authority } = bimi;
  return {
    ...masked,
    selector: mask,
    ...(location !== undefined && { location: hostOnly(location) }),
    ...(authority !== undefined && { authority: hostOnly(authority) }),
  };
}

/** Whether the record is that of one local part (`lps=`): then its picture is one of a person. */
function isOfLocalPart({ selector, localPartSelector }: BimiResult): boolean {
  return localPartSelector !== undefined && selector === localPartSelector;
}

function hostOnly(uri: string): string {
  return `https://${URL.parse(uri)?.host ?? ""}/${mask}`;
}

/** @param bimi Undefined when its selector may stand. */
function maskBimi(field: string, bimi: BimiResult | undefined): string {
  if (bimi === undefined || !isOfLocalPart(bimi)) return field;
  const masked = replaceWord(field, `header.selector=${bimi.selector ?? ""}`, `header.selector=${mask}`);
  return [bimi.location, bimi.authority].reduce<string>(
    (text, uri) => (uri === undefined ? text : text.replaceAll(uri, hostOnly(uri))),
    masked,
  );
}

function redactSpf(spf: RecordedSpf, hidden: Hidden): RecordedSpf {
  return spf.explanation === undefined ? spf : { ...spf, explanation: maskText(spf.explanation, hidden) };
}

function redactDkim(result: DkimResult, named: ReadonlySet<RecordField>): DkimResult {
  if (named.has("dkim_identity") || !result.identity.includes("@")) return result;
  return { ...result, identity: `@${domainOf(result.identity)}` };
}

/** Names that nobody's local part went into: they stay whole even when a piece of one reads like a local part. */
function knownNames(record: Omit<MessageRecord, "id">, results: RecordedResults): readonly string[] {
  const signers = [...results.dkim, ...(results.arc?.sets ?? [])];
  const keys = signers.map(keyRecordName);
  const domains = [
    domainOf(record.envelope.from ?? ""),
    results.dmarc.domain,
    results.dmarc.policyDomain,
    results.dmarcOther?.policyDomain,
    results.spf?.domain,
    results.spfHelo?.domain,
    record.client.helo?.toLowerCase(),
    results.iprev?.name,
    ...signers.map(({ domain }) => domain),
  ].filter((domain) => domain !== undefined && domain !== "");
  return [...keys, ...domains.flatMap((domain) => [`_dmarc.${domain}`, `_bimi.${domain}`, domain as string])];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function redactDns(entry: DnsTraceEntry, known: () => readonly string[], hidden: Hidden): DnsTraceEntry {
  const name = maskName(entry.name, known, hidden);
  return name === entry.name ? entry : { ...entry, name };
}

/** Masks labels, or parts of them, that are pieces of a hidden local part, to the left of the longest known name. */
function maskName(name: string, known: () => readonly string[], hidden: Hidden): string {
  if (holdsNothing(name, hidden)) return name;
  let keep = "";
  for (const suffix of known())
    if (suffix.length > keep.length && (name === suffix || name.endsWith(`.${suffix}`))) keep = suffix;
  const left = name.slice(0, name.length - keep.length);
  const plain = unescaped(left);
  const masked = throughEscapes(plain, (text) => maskPieces(maskWhole(text, hidden), hidden, 1));
  return (masked === plain ? left : masked) + keep;
}

/** Presentation form (RFC 1035 §5.1) to plain characters, so that an escape hides nothing. */
function unescaped(name: string): string {
  if (!name.includes("\\")) return name;
  const octets = name.replaceAll(/\\(?:(\d{3})|(.))/gs, (_, code?: string, char?: string) =>
    code === undefined ? (char ?? "") : String.fromCharCode(Number(code) & 0xff),
  );
  if ([...octets].some((char) => char > "\u00ff")) return octets;
  const utf8 = Buffer.from(octets, "latin1").toString("utf8");
  return utf8.includes("\ufffd") ? octets : utf8;
}

// ---------------------------------------------------------------- free text

const mask = "*";

/** Printable ASCII in which nothing is written in disguise. */
const plainText = /^[ -$&-[\]-~]*$/;

/** Whether it is sure that no local part or piece of one stands in the text. Most texts are done with that. */
function holdsNothing(text: string, { localParts, pieces }: Hidden): boolean {
  if (localParts.length === 0 && pieces.size === 0) return true;
  if (!plainText.test(text)) return false;
  const lower = text.toLowerCase();
  for (const piece of pieces) if (lower.includes(piece)) return false;
  return !localParts.some((local) => lower.includes(local));
}

/** Masks addresses, whole hidden local parts and their pieces in a text of anybody's. */
function maskText(text: string, hidden: Hidden): string {
  if (!text.includes("@") && !text.includes("%") && holdsNothing(text, hidden)) return text;
  // An article such as "a" is no local part; in free text pieces of one character stay.
  const maskPlain = (plain: string): string =>
    maskPieces(maskWhole(maskAddresses(plain, hidden), hidden), hidden, 2);
  return throughEscapes(text, maskPlain);
}

/** RFC 7208 §7.3: macros in upper case are percent-encoded. Decoded only where the encoding hid something. */
function throughEscapes(text: string, maskPlain: (plain: string) => string): string {
  const decoded = percentDecoded(text);
  if (decoded === text) return maskPlain(text);
  const masked = maskPlain(decoded);
  return masked === decoded ? text : masked;
}

function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
  );
}

/** Replaces hidden local parts wherever they stand whole, not inside a longer word. */
function maskWhole(text: string, { localParts }: Hidden): string {
  let masked = text;
  for (const local of localParts) {
    if (local.length < 2) continue;
    masked = replaceWord(masked, local, mask);
  }
  return masked;
}

function replaceWord(text: string, word: string, by: string): string {
  const lower = text.toLowerCase();
  // Lower-casing may change the length of a text (U+0130): then positions would not match.
  if (lower.length !== text.length) return lower.split(word).join(by);
  let result = "";
  let from = 0;
  for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
    const end = at + word.length;
    if (isInsideWord(lower, at, end)) continue;
    result += text.slice(from, at) + by;
    from = end;
  }
  return result + text.slice(from);
}

function isInsideWord(text: string, start: number, end: number): boolean {
  const joins = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && !pieceBreak.test(a) && !pieceBreak.test(b);
  return joins(text[start - 1], text[start]) || joins(text[end - 1], text[end]);
}

/** Replaces runs of letters and digits that are pieces of a hidden local part. */
function maskPieces(text: string, { pieces }: Hidden, minimumLength: number): string {
  if (pieces.size === 0) return text;
  return text.replaceAll(/[\p{L}\p{N}]+/gu, (run) =>
    run.length >= minimumLength && pieces.has(run.toLowerCase()) ? mask : run,
  );
}

/** Takes the local part off everything that looks like an address, unless it was named. */
function maskAddresses(text: string, hidden: Hidden): string {
  // Those that are known first: they may hold characters at which a guess would stop.
  let known = text;
  for (const local of hidden.localParts) known = replaceWord(known, `${local}@`, "@");
  let result = "";
  let from = 0;
  for (let at = known.indexOf("@"); at >= 0; at = known.indexOf("@", at + 1)) {
    const start = localPartStart(known, at, from);
    const local = known.slice(start, at).toLowerCase();
    if (local === "" || hidden.shown.has(local)) continue;
    result += known.slice(from, start);
    from = at;
  }
  return maskWhole(result + known.slice(from), {
    ...hidden,
    localParts: hidden.localParts.filter(isTelling),
  });
}

/** Long enough, or odd enough, not to be one of the words of an Authentication-Results field. */
function isTelling(local: string): boolean {
  return local.length >= 8 || pieceBreak.test(local);
}

/** Where the local part before the "@" at `at` begins, not before `from`: dot-atom characters or a quoted string. */
function localPartStart(text: string, at: number, from: number): number {
  let start = at;
  if (text[at - 1] === '"') {
    const quote = text.lastIndexOf('"', at - 2);
    return quote >= from ? quote : at;
  }
  while (start > from && !/[\s"(),:;<>@[\]=]/.test(text[start - 1] as string)) start--;
  return start;
}
