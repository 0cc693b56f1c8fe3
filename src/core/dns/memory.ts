import { parseIp } from "../ip.ts";
import type { DnsAnswer, DnsRecordOf, DnsResolver, DnsType } from "./resolver.ts";

type MemoryValue = string | readonly string[] | readonly [number, string];
/** `{ "example.jp": [{ TXT: "v=spf1 -all" }, { MX: [10, "mx.example.jp"] }, "TIMEOUT"] }`, as in the RFC 7208 suite. */
export type MemoryZone = Readonly<
  Record<string, readonly (Readonly<Record<string, MemoryValue>> | "TIMEOUT" | "SERVFAIL")[]>
>;

export interface MemoryResolver extends DnsResolver {
  /** Every question asked, `name TYPE`, in order. */
  readonly asked: readonly string[];
}

const maxCnames = 8;

/**
 * Answers from memory, for tests and examples. The bare word TIMEOUT (SERVFAIL) in a list makes queries of types not
 * listed fail; `{ TYPE: "TIMEOUT" }` queries of that type. Names not listed do not exist; names above a listed one do.
 */
export function memoryResolver(zone: MemoryZone, ttl = 300): MemoryResolver {
  const names = new Map(Object.entries(zone).map(([name, entries]) => [plain(name), entries]));
  const existing = new Set<string>();
  for (const name of names.keys()) {
    const labels = name.split(".");
    for (let i = 0; i < labels.length; i++) existing.add(labels.slice(i).join("."));
  }
  const asked: string[] = [];

  function answer<T extends DnsType>(name: string, type: T, depth: number): DnsAnswer<DnsRecordOf[T]> {
    const entries = names.get(name);
    if (entries === undefined) return { kind: existing.has(name) ? "nodata" : "nxdomain", authentic: false };
    const records: DnsRecordOf[T][] = [];
    for (const entry of entries) {
      if (typeof entry === "string") continue;
      const value = entry[type];
      if (value === "TIMEOUT") return { kind: "failure", reason: "timeout" };
      if (value === "SERVFAIL") return { kind: "failure", reason: "servfail" };
      if (value !== undefined) records.push(readRecord(type, value));
      else if (typeof entry["CNAME"] === "string" && type !== "CNAME")
        return depth < maxCnames
          ? answer(plain(entry["CNAME"]), type, depth + 1)
          : { kind: "failure", reason: "malformed" };
    }
    if (records.length > 0) return { kind: "answer", records, ttl, authentic: false };
    if (entries.includes("TIMEOUT")) return { kind: "failure", reason: "timeout" };
    if (entries.includes("SERVFAIL")) return { kind: "failure", reason: "servfail" };
    return { kind: "nodata", authentic: false };
  }

  return {
    asked,
    query(name, type) {
      asked.push(`${plain(name)} ${type}`);
      return Promise.resolve(answer(plain(name), type, 0));
    },
  };
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function readRecord<T extends DnsType>(type: T, value: MemoryValue): DnsRecordOf[T] {
  return readValue(type, value) as DnsRecordOf[T];
}

function readValue(type: DnsType, value: MemoryValue): unknown {
  switch (type) {
    case "A":
    case "AAAA":
      return parseIp(String(value));
    case "MX":
      return { preference: Number(value[0]), exchange: plain(String(value[1])) };
    case "TXT":
    case "SPF": {
      const strings = typeof value === "string" ? [value] : value.map(String);
      return { strings, text: strings.join("") };
    }
    case "PTR":
    case "CNAME":
    case "NS":
      return plain(String(value));
    case "SOA":
    case "TLSA":
      throw new TypeError(`memoryResolver holds no ${type} records`);
  }
}
