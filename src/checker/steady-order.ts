import type { DnsAnswer, DnsQueryOptions, DnsRecordOf, DnsResolver, DnsType } from "../core/dns/resolver.ts";

/**
 * Gives the records of every answer in one order. Servers turn them round from answer to answer, and what is printed
 * of the same zone has to be the same each time.
 */
export function inSteadyOrder(dns: DnsResolver): DnsResolver {
  return {
    async query<T extends DnsType>(
      name: string,
      type: T,
      options?: DnsQueryOptions,
    ): Promise<DnsAnswer<DnsRecordOf[T]>> {
      const answer = await dns.query(name, type, options);
      if (answer.kind !== "answer" || answer.records.length < 2) return answer;
      const keyed = answer.records.map((record) => ({ key: orderKey(record), record }));
      keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      return { ...answer, records: keyed.map(({ record }) => record) };
    },
  };
}

/** MX by preference; of the others it does not matter. */
function orderKey(record: DnsRecordOf[DnsType]): string {
  if (typeof record === "string") return record;
  if ("preference" in record) return `${String(record.preference).padStart(5, "0")} ${record.exchange}`;
  return "octets" in record ? record.octets.join(" ") : JSON.stringify(record);
}
