import { parseIp } from "../ip.ts";
import { canonicalName, NameReader, unescapeOctets } from "./name.ts";
import type { DnsRecordOf, DnsType, SoaRecord, TlsaRecord, TxtRecord } from "./resolver.ts";
import { readData } from "./wire.ts";
import type { ZoneToken } from "./zone-lexer.ts";
import { found, type ZoneProblem } from "./zone-problem.ts";

export interface ZoneDataProblem {
  readonly problem: ZoneProblem;
  /** What is meant all the same: TXT with its overlong strings cut. */
  readonly kept?: TxtRecord;
}

const maxStringOctets = 255;
const maxDataOctets = 65_535;
const maxTtl = 0x7fffffff;

/** Reads the data of a record as master files write it. `origin` is canonical. */
export function parseZoneData<T extends DnsType>(
  type: T,
  tokens: readonly ZoneToken[],
  origin: string,
): DnsRecordOf[T] | ZoneDataProblem;
export function parseZoneData(
  type: DnsType,
  tokens: readonly ZoneToken[],
  origin: string,
): DnsRecordOf[DnsType] | ZoneDataProblem {
  const [first] = tokens;
  if (first === undefined) return { problem: { id: "no-data", type } };
  if (first.text === "\\#" && !first.quoted) return parseGeneric(type, tokens.slice(1));
  switch (type) {
    case "A":
    case "AAAA":
      return parseAddress(type, tokens);
    case "TXT":
    case "SPF":
      return parseTxt(tokens);
    case "MX":
      return parseMx(tokens, origin);
    case "PTR":
    case "CNAME":
    case "NS":
      if (tokens.length !== 1) return { problem: { id: "one-name", type } };
      return zoneName(first, origin) ?? noDomainName(first);
    case "SOA":
      return parseSoa(tokens, origin);
    case "TLSA":
      return parseTlsa(tokens);
  }
}

/** A name as it stands in a master file: `@`, relative to the origin, or absolute with a final dot. */
export function zoneName({ text, quoted }: ZoneToken, origin: string): string | undefined {
  if (text === "@" && !quoted) return origin;
  return canonicalName(isAbsolute(text) || origin === "" ? text : `${text}.${origin}`);
}

/** Ends with a dot that is not escaped. */
function isAbsolute(text: string): boolean {
  if (!text.endsWith(".")) return false;
  let backslashes = 0;
  while (text[text.length - 2 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 0;
}

/** Seconds, plain or with the units of BIND (`1h30m`); undefined for anything else or over 2^31 - 1. */
export function parseTtl(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
  let total = 0;
  let digits = "";
  for (const char of text.toLowerCase()) {
    if (char >= "0" && char <= "9") digits += char;
    else {
      const unit = units[char];
      if (unit === undefined || digits === "") return undefined;
      total += Number(digits) * unit;
      digits = "";
    }
  }
  if (text === "") return undefined;
  total += Number(digits);
  return total <= maxTtl ? total : undefined;
}

function parseUnsigned(token: ZoneToken | undefined, max: number): number | undefined {
  if (token === undefined || !/^\d{1,10}$/.test(token.text)) return undefined;
  const value = Number(token.text);
  return value <= max ? value : undefined;
}

function parseAddress(type: "A" | "AAAA", tokens: readonly ZoneToken[]): DnsRecordOf["A"] | ZoneDataProblem {
  const text = tokens[0]?.text ?? "";
  const ip = parseIp(text);
  const family = type === "A" ? 4 : 6;
  if (tokens.length === 1 && ip?.family === family) return ip;
  const words = tokens.map((token) => token.text).join(" ");
  return { problem: { id: "no-address", found: found(words), family } };
}

function parseTxt(tokens: readonly ZoneToken[]): TxtRecord | ZoneDataProblem {
  const strings: string[] = [];
  let total = 0;
  let longest = 0;
  for (const { text } of tokens) {
    // Beyond ASCII a character stands for the octets of its UTF-8.
    const octets = unescapeOctets(Buffer.from(text, "utf8").toString("latin1"));
    if (octets === undefined) return { problem: { id: "bad-escape" } };
    longest = Math.max(longest, octets.length);
    for (let at = 0; at < octets.length || at === 0; at += maxStringOctets)
      strings.push(octets.slice(at, at + maxStringOctets));
    total += octets.length + 1;
  }
  if (total > maxDataOctets) return { problem: { id: "text-too-long" } };
  const record = { strings, text: strings.join("") };
  if (longest <= maxStringOctets) return record;
  return { problem: { id: "string-too-long", octets: longest }, kept: record };
}

function parseMx(tokens: readonly ZoneToken[], origin: string): DnsRecordOf["MX"] | ZoneDataProblem {
  const [first, second] = tokens;
  const preference = parseUnsigned(first, 65_535);
  if (preference === undefined || second === undefined || tokens.length !== 2)
    return { problem: { id: "mx-data" } };
  const exchange = zoneName(second, origin);
  return exchange === undefined ? noDomainName(second) : { preference, exchange };
}

function noDomainName({ text }: ZoneToken): ZoneDataProblem {
  return { problem: { id: "no-domain-name", found: found(text) } };
}

function parseSoa(tokens: readonly ZoneToken[], origin: string): SoaRecord | ZoneDataProblem {
  const [primaryToken, mailboxToken, serialToken, ...times] = tokens;
  const primary = primaryToken && zoneName(primaryToken, origin);
  const mailbox = mailboxToken && zoneName(mailboxToken, origin);
  const serial = parseUnsigned(serialToken, 0xffffffff);
  const [refresh, retry, expire, minimum, more] = times.map((token) => parseTtl(token.text));
  if (primary === undefined || mailbox === undefined || serial === undefined || times.length !== 4)
    return { problem: { id: "soa-data" } };
  if (refresh === undefined || retry === undefined || expire === undefined || minimum === undefined || more)
    return { problem: { id: "soa-time" } };
  return { primary, mailbox, serial, refresh, retry, expire, minimum };
}

function parseTlsa(tokens: readonly ZoneToken[]): TlsaRecord | ZoneDataProblem {
  const [usage, selector, matchingType] = tokens.slice(0, 3).map((token) => parseUnsigned(token, 255));
  const data = parseHex(tokens.slice(3));
  if (usage === undefined || selector === undefined || matchingType === undefined || data === undefined)
    return { problem: { id: "tlsa-data" } };
  return { usage, selector, matchingType, data };
}

function parseHex(tokens: readonly ZoneToken[]): Buffer | undefined {
  const hex = tokens.map((token) => token.text).join("");
  return hex.length > 0 && hex.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(hex)
    ? Buffer.from(hex, "hex")
    : undefined;
}

/** RFC 3597 §5: `\#`, the length, hexadecimal digits. */
function parseGeneric(type: DnsType, tokens: readonly ZoneToken[]): DnsRecordOf[DnsType] | ZoneDataProblem {
  const data = parseHex(tokens.slice(1));
  if (data !== undefined && parseUnsigned(tokens[0], maxDataOctets) === data.length) {
    const read = readData(type, data, new NameReader(data), 0, data.length);
    if (read !== undefined) return read;
  }
  return { problem: { id: "generic-data", type } };
}
