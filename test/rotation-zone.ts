import { typeCodes } from "../src/core/dns/record.ts";
import { soaRecord, startDnsServer, type TestDnsServer, txtRecord } from "./dns-server.ts";

/** An authoritative server whose TXT records can be put and taken away; NXDOMAIN for what it does not have. */
export interface TestZone extends TestDnsServer {
  readonly records: Map<string, string>;
}

/** @param negativeSeconds For how long absence may be kept. */
export async function startTestZone(zone: string, negativeSeconds = 0): Promise<TestZone> {
  const records = new Map<string, string>();
  const soa = soaRecord(zone, negativeSeconds);
  const server = await startDnsServer({
    answer: ({ name, type }) => {
      if (type === typeCodes.SOA && name === zone) return { aa: true, answers: [soa] };
      const text = records.get(name);
      if (text === undefined) return { aa: true, rcode: 3, authority: [soa] };
      const strings = text.match(/.{1,255}/g) ?? [""];
      return { aa: true, answers: type === typeCodes.TXT ? [txtRecord(name, strings)] : [] };
    },
  });
  return { ...server, records };
}
