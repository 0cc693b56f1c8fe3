import { isKnownType } from "./known-types.ts";
import { canonicalName } from "./name.ts";
import { type ResourceRecord, typeCodes } from "./record.ts";
import type { DnsRecordOf, DnsType, SoaRecord } from "./resolver.ts";
import { parseTtl, parseZoneData, zoneName } from "./zone-data.ts";
import { type ZoneEntry, type ZoneToken, zoneEntries } from "./zone-lexer.ts";
import { found, type ZoneProblem } from "./zone-problem.ts";

export interface ZoneError {
  /** From 1; in the included file when `file` names one. */
  readonly line: number;
  readonly problem: ZoneProblem;
  readonly file?: string;
  /** Owner and type of the record, where they could be read. */
  readonly name?: string;
  readonly type?: string;
}

/** The content of one zone file. Entries that cannot be read are left out and told in `errors`. */
export interface Zone {
  readonly records: readonly ResourceRecord[];
  readonly errors: readonly ZoneError[];
  /** The origin given and those of $ORIGIN directives, canonical. */
  readonly origins: readonly string[];
  /** Owners of records of other types, which are not kept: the names exist all the same. */
  readonly otherNames: readonly string[];
  /** Owners of ALIAS, ANAME and LUA records: they exist, and only their servers know their addresses. */
  readonly computedNames: readonly string[];
}

/** Every name that is there by a record, some of them more than once. */
export function zoneNames({ records, otherNames, computedNames }: Zone): string[] {
  return [...records.map(({ name }) => name), ...otherNames, ...computedNames];
}

export interface ParseZoneOptions {
  /** What relative names are relative to until $ORIGIN says otherwise; the root without it. */
  readonly origin?: string;
  /** Named in errors. */
  readonly file?: string;
  /** Seconds, for records to which the file gives no TTL. Default 3600. */
  readonly ttl?: number;
  /** Keeps records whose meaning is plain in spite of a mistake: two types, overlong strings, a lone parenthesis. */
  readonly lenient?: boolean;
  /** The text of a file that $INCLUDE names, undefined when there is none. Without it $INCLUDE is an error. */
  readonly include?: (file: string) => string | undefined;
}

/**
 * Reads a master file: RFC 1035 §5, $TTL (RFC 2308 §4), TTLs with units, the generic forms of RFC 3597 §5. A line such
 * as `example.jp TXT "v=spf1 -all"` without origin, TTL and class is one, too. Characters beyond ASCII are U-labels in
 * names and UTF-8 octets in TXT strings. @throws Never, unless `include` does.
 */
export function parseZone(text: string, options: ParseZoneOptions = {}): Zone {
  const parser = new ZoneParser(options);
  parser.parseText(text, options.file, 0);
  const { records, errors, origins, otherNames, computedNames } = parser;
  return {
    records,
    errors,
    origins: [...origins],
    otherNames: [...otherNames],
    computedNames: [...computedNames],
  };
}

const maxIncludeDepth = 8;
const maxIncludes = 1000;

class ZoneParser {
  readonly records: ResourceRecord[] = [];
  readonly errors: ZoneError[] = [];
  readonly origins = new Set<string>();
  readonly otherNames = new Set<string>();
  readonly computedNames = new Set<string>();
  readonly #include: ((file: string) => string | undefined) | undefined;
  readonly #lenient: boolean;
  #origin = "";
  #owner: string | undefined;
  #file: string | undefined;
  #depth = 0;
  #includes = 0;
  /** By $TTL. */
  #defaultTtl: number | undefined;
  /** For records without TTL where there is no $TTL: the last one stated (RFC 1035 §5.1), first the option's. */
  #lastTtl: number;

  constructor(options: ParseZoneOptions) {
    this.#include = options.include;
    this.#lenient = options.lenient ?? false;
    this.#lastTtl = options.ttl ?? 3600;
    this.#file = options.file;
    if (options.origin === undefined) return;
    const origin = canonicalName(options.origin);
    if (origin === undefined) this.#fail(1, fault("bad-origin", options.origin));
    else this.#setOrigin(origin);
  }

  parseText(text: string, file: string | undefined, depth: number): void {
    this.#file = file;
    this.#depth = depth;
    for (const entry of zoneEntries(text)) {
      if (entry.problem !== undefined) this.#fail(entry.problem.line, entry.problem);
      if (entry.problem === undefined || this.#lenient) this.#readEntry(entry);
    }
  }

  #fail(line: number, { problem, type }: Fault): void {
    // The last mistake of an entry is often but a consequence of the first.
    if (this.errors.at(-1)?.line === line && this.errors.at(-1)?.file === this.#file) return;
    this.errors.push({
      line,
      problem,
      ...(this.#file === undefined ? {} : { file: this.#file }),
      ...(type === undefined || this.#owner === undefined ? {} : { name: this.#owner, type }),
    });
  }

  #setOrigin(origin: string): void {
    this.#origin = origin;
    this.origins.add(origin);
  }

  #readEntry({ line, indented, tokens }: ZoneEntry): void {
    const [first, ...rest] = tokens;
    if (first === undefined) return;
    if (tokens.every(({ quoted }) => quoted)) {
      this.#fail(line, { problem: { id: "loose-text" } });
      return;
    }
    const problem =
      !first.quoted && first.text.startsWith("$")
        ? this.#readDirective(first.text.toUpperCase(), rest)
        : indented
          ? this.#readRecord(tokens)
          : (this.#readOwner(first) ?? this.#readRecord(rest));
    if (problem !== undefined) this.#fail(line, problem);
  }

  /** What is wrong, undefined when nothing is; so the others below. */
  #readDirective(directive: string, [value, second]: readonly ZoneToken[]): Fault | undefined {
    if (value === undefined) return fault("directive-alone", directive);
    switch (directive) {
      case "$ORIGIN": {
        const origin = zoneName(value, this.#origin);
        if (origin === undefined) return fault("no-domain-name", value.text);
        this.#setOrigin(origin);
        return undefined;
      }
      case "$TTL":
        this.#defaultTtl = parseTtl(value.text) ?? this.#defaultTtl;
        return parseTtl(value.text) === undefined ? fault("no-ttl", value.text) : undefined;
      case "$INCLUDE":
        return this.#readInclude(value.text, second);
      default:
        return fault("unknown-directive", directive);
    }
  }

  #readInclude(name: string, originToken: ZoneToken | undefined): Fault | undefined {
    const origin = originToken === undefined ? this.#origin : zoneName(originToken, this.#origin);
    if (origin === undefined) return fault("no-domain-name", originToken?.text ?? "");
    this.#includes += 1;
    if (this.#depth >= maxIncludeDepth || this.#includes > maxIncludes)
      return { problem: { id: "too-many-includes" } };
    const text = this.#include?.(name);
    if (text === undefined) return fault("not-included", name);
    // RFC 1035 §5.1: the included file does not change the origin of this one. Nor does it the owner.
    const saved = { origin: this.#origin, owner: this.#owner, file: this.#file, depth: this.#depth };
    if (originToken !== undefined) this.#setOrigin(origin);
    this.parseText(text, name, saved.depth + 1);
    this.#origin = saved.origin;
    this.#owner = saved.owner;
    this.#file = saved.file;
    this.#depth = saved.depth;
    return undefined;
  }

  #readOwner(token: ZoneToken): Fault | undefined {
    this.#owner = zoneName(token, this.#origin);
    return this.#owner === undefined ? fault("no-domain-name", token.text) : undefined;
  }

  #readRecord(tokens: readonly ZoneToken[]): Fault | undefined {
    const owner = this.#owner;
    if (owner === undefined) return { problem: { id: "no-owner" } };
    const head = readHead(tokens);
    if ("problem" in head) {
      if (head.problem.id === "computed-type") this.computedNames.add(owner);
      return head;
    }
    const { values, second } = head;
    if (second === undefined || !this.#lenient)
      return this.#keep(owner, head, head.type, values) ?? twoTypes(head);
    return this.#keep(owner, head, second, values.slice(1)) ?? twoTypes(head);
  }

  #keep(owner: string, head: RecordHead, type: string, values: readonly ZoneToken[]): Fault | undefined {
    if (head.ttl !== undefined) this.#lastTtl = head.ttl;
    if (!isKept(type)) {
      this.otherNames.add(owner);
      return undefined;
    }
    const data = parseZoneData(type, values, this.#origin);
    if (typeof data !== "object" || !("problem" in data)) {
      this.#push(owner, type, head, data);
      return undefined;
    }
    if (head.second !== undefined && !this.#lenient) return twoTypes(head);
    if (data.kept !== undefined && this.#lenient) this.#push(owner, type, head, data.kept);
    return { problem: data.problem, type };
  }

  #push(owner: string, type: DnsType, { ttl: stated }: RecordHead, data: DnsRecordOf[DnsType]): void {
    // RFC 1035 §3.3.13: without any other TTL the MINIMUM of the SOA counts for the zone.
    if (type === "SOA" && stated === undefined) this.#lastTtl = (data as SoaRecord).minimum;
    const ttl = stated ?? this.#defaultTtl ?? this.#lastTtl;
    this.records.push({ name: owner, type, ttl, data } as ResourceRecord);
  }
}

interface Fault {
  readonly problem: ZoneProblem;
  /** Of the record, where it could be read. */
  readonly type?: string;
}

type IdOfWord =
  | "bad-origin"
  | "no-domain-name"
  | "no-ttl"
  | "unknown-type"
  | "computed-type"
  | "other-class"
  | "unknown-directive"
  | "directive-alone"
  | "not-included";

function fault(id: IdOfWord, text: string): Fault {
  return { problem: { id, found: found(text) } };
}

/** Undefined where there is but one. */
function twoTypes({ type, second }: RecordHead): Fault | undefined {
  if (second === undefined) return undefined;
  return { problem: { id: "two-types", first: type, second }, type: second };
}

interface RecordHead {
  readonly ttl: number | undefined;
  readonly type: string;
  readonly values: readonly ZoneToken[];
  /** Another type behind the type, where the first one's data cannot begin so. */
  readonly second?: string;
}

/** Of PowerDNS, octoDNS and others; `AWS ALIAS A` is how cli53 writes those of Route 53. */
const computedTypes: ReadonlySet<string> = new Set(["ALIAS", "ANAME", "LUA"]);

/** TTL and class in either order, both optional, then the type; or what is wrong. */
function readHead(tokens: readonly ZoneToken[]): RecordHead | Fault {
  let ttl: number | undefined;
  let sawClass = false;
  for (const [index, token] of tokens.entries()) {
    const word = token.quoted ? "" : token.text.toUpperCase();
    const asTtl = ttl === undefined && /^\d/.test(word) ? parseTtl(word) : undefined;
    if (asTtl !== undefined) ttl = asTtl;
    else if (!sawClass && (word === "IN" || word === "CLASS1")) sawClass = true;
    else if (word === "CH" || word === "HS" || word === "CS") return fault("other-class", word);
    else if (isKnownType(word)) return typed(ttl, plainType(word), tokens.slice(index + 1));
    else if (!sawClass && word === "AWS" && tokens[index + 1]?.text.toUpperCase() === "ALIAS")
      sawClass = true;
    else return fault(computedTypes.has(word) ? "computed-type" : "unknown-type", token.text);
  }
  return { problem: { id: "no-type" } };
}

/** `A TXT "..."`: an address or a preference is never the name of a type. */
function typed(ttl: number | undefined, type: string, values: readonly ZoneToken[]): RecordHead {
  const [next] = values;
  const word = next === undefined || next.quoted ? "" : next.text.toUpperCase();
  const isSecond = (type === "A" || type === "AAAA" || type === "MX") && isKnownType(word);
  return isSecond ? { ttl, type, values, second: plainType(word) } : { ttl, type, values };
}

/** `TYPE16` is TXT (RFC 3597 §5). */
function plainType(word: string): string {
  const code = word.startsWith("TYPE") ? Number(word.slice(4)) : undefined;
  const names = Object.keys(typeCodes) as DnsType[];
  return names.find((name) => typeCodes[name] === code) ?? word;
}

function isKept(type: string): type is DnsType {
  return Object.hasOwn(typeCodes, type);
}
