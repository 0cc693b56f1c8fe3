import { addressOctets } from "./address-octets.ts";
import type { RecordFilter, ReportFilter, SumQuery, TallyQuery } from "./port.ts";
import { storable } from "./prepare.ts";
import { hasOddOutcome, type SqlValue } from "./sql.ts";

/** What the index holds of a report id, which may be longer than an index takes. */
const indexedCharacters = 64;
const indexedId = `substr(p.report_id, 1, ${indexedCharacters})`;
const lastCharacter = "\u{10FFFF}";
const inConflict = `p.identity IN (SELECT c.identity FROM document x JOIN report c ON c.key = x.report
  WHERE x.${hasOddOutcome} AND x.outcome = 'conflict')`;
/** Addresses asked for at a time: always as many places, so that it is one statement. */
const tallyPlaces = 200;

/** Conditions joined by "and", with their values. */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: SqlValue[] = [];

  /** Left out without a value. */
  add(condition: string, ...values: readonly (SqlValue | undefined)[]): this {
    const given = values.filter((value) => value !== undefined);
    if (given.length < values.length) return this;
    const storables = given.map((value) => (typeof value === "string" ? storable(value) : value));
    this.#conditions.push(condition);
    this.values.push(...storables);
    return this;
  }

  get text(): string {
    return this.#conditions.length === 0 ? "" : `WHERE ${this.#conditions.join(" AND ")}`;
  }
}

/** Tables as `report p`, with the names of its domain (`dn`) and reporter (`rn`). */
export function reportWhere(filter: ReportFilter): Where {
  const { domain, reporter, kind, since, before, counted } = filter;
  const where = filter.subdomains === true ? belowDomain(domain) : new Where().add("dn.text = ?", domain);
  where
    .add("rn.text = ?", reporter)
    .add("p.kind = ?", kind)
    .add("p.begin_at >= ?", since)
    .add("p.begin_at < ?", before)
    .add("p.counted = ?", counted === undefined ? undefined : counted ? 1 : 0);
  addIds(where, filter);
  if (filter.alignedOnly === true) where.add("p.trust = 0");
  if (filter.conflict === true) where.add(inConflict);
  return where;
}

function belowDomain(domain: string | undefined): Where {
  const below = domain === undefined ? undefined : `.${domain}`;
  return new Where().add(
    "(dn.text = ? OR substr(dn.text, length(dn.text) - length(CAST(? AS text)) + 1) = ?)",
    domain,
    below,
    below,
  );
}

function addIds(where: Where, { id, idPrefix }: ReportFilter): void {
  const beginning = idPrefix === undefined ? undefined : indexedPart(idPrefix);
  where
    .add(`${indexedId} = ?`, id === undefined ? undefined : indexedPart(id))
    .add("p.report_id = ?", id)
    .add(`${indexedId} >= ?`, beginning)
    .add(`${indexedId} <= ?`, beginning === undefined ? undefined : `${beginning}${lastCharacter}`)
    .add("substr(p.report_id, 1, length(CAST(? AS text))) = ?", idPrefix, idPrefix);
}

function indexedPart(id: string): string {
  return Array.from(storable(id)).slice(0, indexedCharacters).join("");
}

/** Tables as `record r` and `report p`. As many addresses as there are places, at most. */
export function tallyWhere({ ips, since, before, alignedOnly }: TallyQuery): Where {
  const places = Array.from({ length: tallyPlaces }, (_, index) =>
    addressOctets(ips[index < ips.length ? index : 0]),
  );
  const where = new Where()
    .add(`r.ip IN (${places.map(() => "?").join(", ")})`, ...places)
    .add("p.counted = 1 AND r.messages > 0")
    .add("p.begin_at >= ?", since)
    .add("p.begin_at < ?", before);
  return alignedOnly === true ? where.add("p.trust = 0") : where;
}

/** A table of sums as `s`, with the name of its domain (`n`). */
export function sumWhere({ domain, sinceDay, beforeDay, alignedOnly }: SumQuery): Where {
  return new Where()
    .add("n.text = ?", domain)
    .add("s.day >= ?", sinceDay)
    .add("s.day < ?", beforeDay)
    .add("s.trust = ?", alignedOnly === true ? 0 : undefined);
}

/** Tables as `record r`. @param condition About the report; with a place for each of the keys. */
export function recordWhere(condition: string, keys: readonly string[], { ip }: RecordFilter): Where {
  return new Where().add(condition, ...keys.map(Number)).add("r.ip = ?", ip && addressOctets(ip));
}
