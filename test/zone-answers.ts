import type { ResourceRecord } from "../src/core/dns/record.ts";
import { typeCodes } from "../src/core/dns/record.ts";
import type { DnsRecordOf, DnsType } from "../src/core/dns/resolver.ts";
import { zoneResolver } from "../src/core/dns/zone.ts";
import { parseZone } from "../src/core/dns/zone-parse.ts";
import { formatIp } from "../src/core/ip.ts";
import {
  aRecord,
  mxRecord,
  nameRecord,
  type TestQuery,
  type TestRecord,
  type TestResponse,
  txtRecord,
} from "./dns-server.ts";

const byCode = new Map((Object.keys(typeCodes) as DnsType[]).map((type) => [typeCodes[type], type]));

/** Answers as a recursive server would that knows nothing but these lines of a zone file. */
export function zoneAnswers(text: string): (query: TestQuery) => Promise<TestResponse> {
  const zone = parseZone(text);
  const resolver = zoneResolver([zone]);
  return async ({ name, type }) => {
    const wanted = byCode.get(type);
    if (wanted === undefined || wanted === "SOA" || wanted === "TLSA" || wanted === "SPF") return {};
    const answer = await resolver.query(name, wanted);
    if (answer.kind === "failure") return { rcode: 2 };
    if (answer.kind !== "answer") return { rcode: answer.kind === "nxdomain" ? 3 : 0 };
    return { answers: answer.records.map((data) => encode(name, wanted, data, answer.ttl)) };
  };
}

function encode(name: string, type: DnsType, data: DnsRecordOf[DnsType], ttl: number): TestRecord {
  const record = { name, type, data } as ResourceRecord;
  switch (record.type) {
    case "A":
    case "AAAA":
      return aRecord(name, formatIp(record.data), ttl);
    case "MX":
      return mxRecord(name, record.data.preference, record.data.exchange, ttl);
    case "TXT":
      return txtRecord(name, record.data.strings, ttl);
    case "CNAME":
    case "PTR":
    case "NS":
      return nameRecord(name, record.type, record.data, ttl);
    default:
      throw new TypeError(`${type} is not answered`);
  }
}
