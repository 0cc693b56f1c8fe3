import { toAsciiDomain } from "../../core/domain-name.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { DataRow, DataSet } from "./data-set.ts";

/** A row of the KeyTable that can be read. */
export interface KeyRow {
  readonly name: string;
  /** A-labels; "%" for the domain of From. */
  readonly domain: string;
  readonly selector: string;
  /** May have "%" too. */
  readonly path: string;
  readonly file: string;
  readonly line: number;
}

/** Longer is no path that anybody has. */
export const maxPathLength = 500;

export interface KeyTable {
  readonly rows: readonly KeyRow[];
  /** Names of rows that are there, but cannot be carried over. */
  readonly unread: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** Reads the rows `NAME DOMAIN:SELECTOR:FILE`: opendkim.conf(5) KeyTable. */
export function readKeyTable({ rows }: DataSet): KeyTable {
  const findings: Finding[] = [];
  const byName = new Map<string, KeyRow>();
  const unread = new Set<string>();
  for (const row of joinBroken(rows, findings)) {
    const key = readRow(row, findings);
    if (key === undefined) unread.add(row.key);
    else if (byName.has(key.name))
      findings.push(finding("opendkim.key-twice", key.name, placed(row, { name: key.name })));
    else byName.set(key.name, key);
  }
  return { rows: [...byName.values()], unread, findings };
}

/** A name alone, and on the next line a value alone: what a page that is too narrow makes of a row. */
function joinBroken(rows: readonly DataRow[], findings: Finding[]): DataRow[] {
  const joined: DataRow[] = [];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as DataRow;
    const next = rows[at + 1];
    const isBroken = row.value === "" && next?.value === "" && isValue(next.key) && !isValue(row.key);
    if (isBroken && next !== undefined) {
      findings.push(finding("opendkim.key-row-broken", row.key, placed(row, { name: row.key })));
      joined.push({ ...row, value: next.key });
      at += 1;
    } else joined.push(row);
  }
  return joined;
}

function isValue(text: string): boolean {
  return /^[^:]+:[^:]+:./.test(text);
}

function placed<T extends object>({ file, line }: DataRow, params: T): T & { file: string; line: number } {
  return { ...params, file, line };
}

function readRow(row: DataRow, findings: Finding[]): KeyRow | undefined {
  const { key: name, value, file, line } = row;
  // A fourth field, the algorithm of newer versions, is the key's own business.
  const [domain = "", selector = "", ...rest] = value.split(":");
  const path = rest.join(":").replace(/:(?:rsa|ed25519)-sha(?:1|256)$/, "");
  const d = domain === "%" ? domain : signingDomain(domain);
  const s = toAsciiDomain(selector);
  if (d === undefined || s === undefined || path === "" || path.length > maxPathLength) {
    findings.push(finding("opendkim.key-row", name, placed(row, { row: shortened(`${name} ${value}`) })));
    return undefined;
  }
  if (!/^(?:\/|\.\.?\/)/.test(path)) {
    findings.push(finding("opendkim.key-inline", name, placed(row, { name })));
    return undefined;
  }
  if (isOtherKeysName(name, s, d))
    findings.push(finding("opendkim.key-name", name, placed(row, { name, domain: d, selector: s })));
  return { name, domain: d, selector: s, path, file, line };
}

/** RFC 6376 §3.5 d=: at least two labels. */
function signingDomain(text: string): string | undefined {
  const domain = toAsciiDomain(text);
  return domain?.includes(".") === true ? domain : undefined;
}

/** Names are free, but one that looks like the name of a key record should be that of this key. */
function isOtherKeysName(name: string, selector: string, domain: string): boolean {
  const [ownSelector, ownDomain, more] = name.toLowerCase().split("._domainkey.");
  if (ownSelector === undefined || ownDomain === undefined || more !== undefined || domain === "%")
    return false;
  return ownSelector !== selector || ownDomain !== domain;
}

export function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}
