import { readFile } from "node:fs/promises";
import type { Response } from "mmdb-lib";
import type { GeoConfig } from "../../config/collect-config.ts";
import { codeOf } from "../../config/file-fault.ts";

/** What databases say of an address. */
export interface Place {
  readonly asn?: number;
  readonly asnName?: string;
  /** ISO 3166-1, two letters. */
  readonly country?: string;
}

export interface Geo {
  /** @param ip As text. Never throws; empty for what no database knows. */
  find(ip: string): Place;
  /** Databases that cannot be used; the others are. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
}

type Lookup = (ip: string) => unknown;

/** The largest that are sold have 1 GB and hold much that is not asked for here. */
const maxOctets = 2_000_000_000;

/** Opens the databases (MMDB) that the operator names. Those of MaxMind, DB-IP and IPinfo are understood. */
export async function openGeo({ asn, country }: GeoConfig): Promise<Geo> {
  const problems: { file: string; reason: string }[] = [];
  const files = [...new Set([asn, country].filter((file) => file !== undefined))];
  const lookups: Lookup[] = [];
  for (const file of files)
    try {
      lookups.push(await openDatabase(file));
    } catch (error) {
      problems.push({ file, reason: codeOf(error) });
    }
  return {
    problems,
    find: (ip) => Object.assign({}, ...lookups.map((lookup) => placeOf(lookup(ip)))) as Place,
  };
}

async function openDatabase(file: string): Promise<Lookup> {
  const octets = await readFile(file);
  if (octets.length > maxOctets) throw new Error(`> ${maxOctets} octets`);
  const { Reader } = await import("mmdb-lib");
  const reader = new Reader<Response>(octets);
  return (ip) => {
    try {
      return reader.get(ip);
    } catch {
      // An IPv6 address in a database of IPv4, or a damaged entry.
      return undefined;
    }
  };
}

const maxName = 100;

function placeOf(entry: unknown): Place {
  if (typeof entry !== "object" || entry === null) return {};
  const fields = entry as Readonly<Record<string, unknown>>;
  const asn = asnOf(fields["autonomous_system_number"] ?? fields["asn"]);
  const asnName = fields["autonomous_system_organization"] ?? fields["as_name"] ?? fields["name"];
  const country = countryOf(fields);
  return {
    ...(asn !== undefined && { asn }),
    ...(asn !== undefined && typeof asnName === "string" && { asnName: asnName.slice(0, maxName) }),
    ...(country !== undefined && { country }),
  };
}

/** A number, or as IPinfo writes it: `AS64496`. */
function asnOf(written: unknown): number | undefined {
  if (typeof written === "number") return written;
  if (typeof written !== "string") return undefined;
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(written)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function countryOf(fields: Readonly<Record<string, unknown>>): string | undefined {
  const { country } = fields;
  const code =
    typeof country === "object" && country !== null && "iso_code" in country
      ? country.iso_code
      : (fields["country_code"] ?? country);
  return typeof code === "string" && /^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : undefined;
}
