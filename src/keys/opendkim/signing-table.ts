import type { AuthorPattern } from "../../config/sign-config.ts";
import { formatAuthorPattern, parseAuthorPattern } from "../../config/sign-schema.ts";
import { isWithin, parentDomain } from "../../core/domain-name.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { DataRow, DataSet } from "./data-set.ts";
import { shortened } from "./key-table.ts";

/** A row of the SigningTable that can be said with domains and addresses. */
export interface SigningRow {
  /** As written. */
  readonly pattern: string;
  readonly author: AuthorPattern;
  /** Also domains below. */
  readonly subdomains: boolean;
  /** Not the domain itself. */
  readonly belowOnly: boolean;
  /** Of the KeyTable row. */
  readonly keyName: string;
  /** What `i=` is to be, as written. */
  readonly identity?: string;
  readonly file: string;
  readonly line: number;
}

/** Rows in the order in which OpenDKIM asks them. */
export interface SigningTable {
  readonly rows: readonly SigningRow[];
  readonly findings: readonly Finding[];
}

/** Reads the rows `PATTERN NAME[:IDENTITY]`: opendkim.conf(5) SigningTable. */
export function readSigningTable({ kind, rows }: DataSet): SigningTable {
  const findings: Finding[] = [];
  const read = rows.flatMap((row) => readRow(row, kind, findings) ?? []);
  findings.push(...belowFindings(read));
  // Of a flat file the most exact entry is asked first; a refile is asked from the top.
  return { rows: kind === "file" ? read.toSorted((a, b) => exactness(b) - exactness(a)) : read, findings };
}

function exactness({ author, subdomains }: SigningRow): number {
  if (author.localPart !== undefined) return 1000;
  return subdomains ? author.domain.length : 999;
}

function readRow(row: DataRow, kind: DataSet["kind"], findings: Finding[]): SigningRow | undefined {
  const { key: pattern, value, file, line } = row;
  const place = { file, line, pattern: shortened(pattern) };
  const colon = value.indexOf(":");
  const keyName = (colon < 0 ? value : value.slice(0, colon)).trim();
  const identity = colon < 0 ? "" : value.slice(colon + 1).trim();
  if (keyName === "" || /\s/.test(keyName)) {
    const written = shortened(`${pattern} ${value}`);
    findings.push(finding("opendkim.row", pattern, { file, line, row: written }));
    return undefined;
  }
  const meant = readPattern(pattern, kind);
  if (meant.kind === "wildcard") findings.push(finding("opendkim.row-wildcard", pattern, place));
  if (meant.kind === "unknown") findings.push(finding("opendkim.row-pattern", pattern, place));
  if (meant.kind !== "author") return undefined;
  const { author, subdomains, note } = meant;
  const { domain } = author;
  if (note === "loose") findings.push(finding("opendkim.row-loose", pattern, { ...place, domain }));
  if (note === "never")
    findings.push(
      finding("opendkim.row-never", pattern, { ...place, kind, better: rightPattern(meant, kind) }),
    );
  return {
    pattern,
    author,
    subdomains,
    belowOnly: note === "below",
    keyName,
    ...(identity !== "" && { identity }),
    file,
    line,
  };
}

/** Rows for subdomains only, unless the domain itself has a row with the same key. */
function belowFindings(rows: readonly SigningRow[]): Finding[] {
  const name = ({ keyName, author }: SigningRow): string => `${keyName} ${author.domain}`;
  const whole = new Set(
    rows.filter(({ belowOnly, author }) => !belowOnly && author.localPart === undefined).map(name),
  );
  return rows.flatMap((row) => {
    const { pattern, author, belowOnly, file, line } = row;
    const { domain } = author;
    if (!belowOnly || whole.has(name(row))) return [];
    return [finding("opendkim.row-subdomains", pattern, { file, line, pattern: shortened(pattern), domain })];
  });
}

interface AuthorMeant {
  readonly kind: "author";
  readonly author: AuthorPattern;
  readonly subdomains: boolean;
  /** never: OpenDKIM takes it for something else. loose: it fits more. below: it does not fit the domain itself. */
  readonly note?: "never" | "loose" | "below";
}

type Meant = AuthorMeant | { readonly kind: "wildcard" | "unknown" };

function readPattern(pattern: string, kind: DataSet["kind"]): Meant {
  const lower = pattern.toLowerCase();
  if (/^[*%@.]*$/.test(lower)) return { kind: "wildcard" };
  const at = lower.lastIndexOf("@");
  const local = at < 0 ? undefined : lower.slice(0, at);
  const host = lower.slice(at + 1);
  if (host === "*" || host === "%") return { kind: "wildcard" };
  return kind === "refile" ? readGlob(local, host) : readEntry(local, host);
}

/** `user@host`, `host`, `.domain`; a `*` is a letter like any other. */
function readEntry(local: string | undefined, host: string): Meant {
  if (local === "*" || host.includes("*")) {
    const meant = readGlob(local, host);
    return meant.kind === "author" ? { ...meant, note: "never" } : meant;
  }
  if (host.startsWith("."))
    return local === undefined ? subdomainsOf(host.slice(1), "below") : { kind: "unknown" };
  return authorMeant(local === undefined ? host : `${local}@${host}`, false);
}

/** A pattern that is held against the whole address. */
function readGlob(local: string | undefined, host: string): Meant {
  if (local !== undefined && local !== "*")
    return local.includes("*") || host.includes("*")
      ? { kind: "unknown" }
      : authorMeant(`${local}@${host}`, false);
  if (host.startsWith("*.")) return subdomainsOf(host.slice(2), "below");
  if (host.startsWith("*")) return subdomainsOf(host.slice(1), "loose");
  if (host.startsWith(".")) return subdomainsOf(host.slice(1), "never");
  return authorMeant(host, false, local === undefined ? "never" : undefined);
}

function subdomainsOf(domain: string, note: AuthorMeant["note"]): Meant {
  return authorMeant(domain, true, note);
}

function authorMeant(text: string, subdomains: boolean, note?: AuthorMeant["note"]): Meant {
  const author = parseAuthorPattern(text);
  if (author === undefined) return { kind: "unknown" };
  return { kind: "author", author, subdomains, ...(note !== undefined && { note }) };
}

function rightPattern({ author, subdomains }: AuthorMeant, kind: DataSet["kind"]): string {
  const written = formatAuthorPattern(author);
  if (kind === "file") return subdomains ? `.${written}` : written;
  return subdomains ? `*@*.${written}` : `*@${written}`;
}

/** Finds rows by the authors that they fit, without holding each against each. */
export class CoverIndex {
  readonly #byAuthor = new Map<string, SigningRow[]>();

  add(row: SigningRow): void {
    const author = formatAuthorPattern(row.author);
    const same = this.#byAuthor.get(author);
    if (same === undefined) this.#byAuthor.set(author, [row]);
    else if (!same.some((other) => isSame(other, row))) same.push(row);
  }

  /** Rows that fit every author whom `inner` fits, those for his address first, then from his domain upwards. */
  covering(inner: SigningRow): SigningRow[] {
    const found: SigningRow[] = [];
    const look = (author: string): void => {
      for (const outer of this.#byAuthor.get(author) ?? []) if (covers(outer, inner)) found.push(outer);
    };
    if (inner.author.localPart !== undefined) look(formatAuthorPattern(inner.author));
    for (
      let domain: string | undefined = inner.author.domain;
      domain !== undefined;
      domain = parentDomain(domain)
    )
      look(domain);
    return found;
  }
}

function isSame(a: SigningRow, b: SigningRow): boolean {
  return a.keyName === b.keyName && a.subdomains === b.subdomains && a.belowOnly === b.belowOnly;
}

/** Whether every author that `inner` fits is fitted by `outer` too. */
function covers(outer: SigningRow, inner: SigningRow): boolean {
  const isSameDomain = inner.author.domain === outer.author.domain;
  if (outer.author.localPart !== undefined)
    return isSameDomain && inner.author.localPart === outer.author.localPart;
  if (isSameDomain) return (outer.subdomains || !inner.subdomains) && (!outer.belowOnly || inner.belowOnly);
  return outer.subdomains && isWithin(inner.author.domain, outer.author.domain);
}
