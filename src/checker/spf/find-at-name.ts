import type { ServerAnswer } from "../../core/dns/authoritative.ts";
import type { DnsResolver, TxtRecord } from "../../core/dns/resolver.ts";
import { formatIp } from "../../core/ip.ts";
import { isSpfRecord } from "../../core/spf/parse-record.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { AuthoritativeServers } from "../context.ts";
import { readable } from "../txt.ts";
import { loneInclude } from "./merge-records.ts";
import { textFaults } from "./text-faults.ts";
import { versionFaults } from "./version-faults.ts";
import type { SpfNode } from "./walk-tree.ts";

/** RFC 7208 §3.4: name and text of all records of the type. */
const maxAnswerOctets = 450;
/** Of very many records the same is wrong with each; what is to be removed is all of them. */
const maxOfKind = 20;

/** What can be seen at one of the domain's own names: how many records there are, and whether they can be read. */
export function findAtName(node: SpfNode): readonly Finding[] {
  const { domain: name, records, txt } = node;
  return [
    ...(records.length > 1
      ? [
          multipleRecords(
            name,
            records.map(({ text }) => text),
            "name",
          ),
        ]
      : []),
    ...versionFaults(txt)
      .slice(0, maxOfKind)
      .map(({ record, problem }) =>
        finding("spf.version", name, { name, record: readable(record.text), problem }),
      ),
    ...txt
      .filter(isSenderId)
      .slice(0, maxOfKind)
      .map(({ text }) => finding("spf.senderid-leftover", name, { name, record: readable(text) })),
    ...findSize(name, txt, records),
    ...records.slice(0, 2).flatMap((record) => textFaults(name, record).map((fault) => fault.finding)),
  ];
}

export function multipleRecords(
  name: string,
  records: readonly string[],
  where: "name" | "servers",
): Finding {
  const alone = loneInclude(records);
  return finding("spf.multiple-records", name, {
    name,
    count: records.length,
    where,
    records: records.slice(0, 10),
    ...(alone === undefined ? {} : { alone }),
  });
}

/** `spf2.0/pra` and the like, of Sender ID, which nobody evaluates any more. */
export function isSenderId({ text }: TxtRecord): boolean {
  return text.slice(0, 7).toLowerCase() === "spf2.0/";
}

function findSize(
  name: string,
  txt: readonly TxtRecord[],
  records: readonly TxtRecord[],
): readonly Finding[] {
  const octets = txt.reduce((sum, { text }) => sum + text.length, name.length);
  const own = records.reduce((sum, { text }) => sum + text.length, 0);
  if (records.length === 0 || octets <= maxAnswerOctets) return [];
  return [finding("spf.size", name, { name, octets, own, limit: maxAnswerOctets })];
}

/** Records of the discontinued type 99. That nobody answers for it is no finding: no verifier asks. */
export async function findOldType(node: SpfNode, dns: DnsResolver): Promise<readonly Finding[]> {
  const { domain: name, records } = node;
  const answer = await dns.query(name, "SPF");
  if (answer.kind !== "answer") return [];
  const [first] = answer.records;
  return [finding("spf.type99", name, { name, record: first?.text ?? "", txt: records.length > 0 })];
}

const maxServers = 20;

function serverKey({ server, ip }: ServerAnswer<TxtRecord>): string {
  return `${server} ${formatIp(ip)}`;
}

/** Authoritative servers that hold different SPF records: who asks gets one or the other. */
export async function findOnServers(
  node: SpfNode,
  servers: AuthoritativeServers | undefined,
): Promise<readonly Finding[]> {
  if (servers === undefined || node.records.length > 1) return [];
  const answers = await servers.askAll(node.domain, "TXT");
  // In the order of their names, so that the record to publish is the same each time.
  const sets = answers
    .toSorted((a, b) => (serverKey(a) < serverKey(b) ? -1 : 1))
    .slice(0, maxServers)
    .flatMap(({ answer }) =>
      answer.kind === "answer" ? [answer.records.map(({ text }) => text).filter(isSpfRecord)] : [],
    );
  const all = [...new Set(sets.flat())];
  return all.length > 1 ? [multipleRecords(node.domain, all, "servers")] : [];
}
