import type { DnsResolver } from "../../core/dns/resolver.ts";
import { isWithin } from "../../core/domain-name.ts";
import { formatIp, type IpAddress, inNetwork } from "../../core/ip.ts";
import { isSpfRecord, parseSpfRecord } from "../../core/spf/parse-record.ts";
import type { Finding, RecordChange } from "../../findings/finding.ts";
import { addRecord, removeRecord, removeTxt } from "../record-change.ts";
import { changedDns } from "../try-change.ts";
import { isSenderId } from "./find-at-name.ts";
import { heloClients } from "./find-for-clients.ts";
import { mergeRecords } from "./merge-records.ts";
import { type ObservedContext, observe } from "./observe.ts";
import { changeRecord } from "./record-text.ts";
import {
  changesOf,
  keepPublished,
  openRepair,
  type Published,
  type Repair,
  type RepairInput,
  repair,
  standsTrial,
  watched,
} from "./repair.ts";

/**
 * Changes that do more than mend a record: they put one in, take others out, or let in clients that the owner named.
 * undefined where nothing can be known. They are tried like any other.
 */
export async function ownChange(
  found: Finding,
  input: RepairInput,
  mended: Repair | undefined,
): Promise<readonly RecordChange[] | undefined> {
  const changes = await planned(found, input, mended);
  if (changes === undefined || changes.length === 0) return undefined;
  const after = await observe(input.context, changedDns(input.dns, changes), watched(input));
  return standsTrial(input, after, found) ? changes : undefined;
}

async function planned(
  { id, subject }: Finding,
  input: RepairInput,
  mended: Repair | undefined,
): Promise<readonly RecordChange[] | undefined> {
  const { context, dns, before } = input;
  const { root } = before.analysis;
  switch (id) {
    case "spf.missing":
      return missingRecord(context);
    case "spf.senderid-leftover":
      return root.txt.filter(isSenderId).map(({ strings }) => removeTxt(subject, strings));
    case "spf.type99":
      return withoutOldType(subject, root.records.length > 0, dns);
    case "spf.helo":
      return isWithin(subject, context.domain) ? heloRecord(subject, context, dns) : undefined;
    case "spf.own-ips":
      return withOwnClients(input, mended);
    default:
      return undefined;
  }
}

function missingRecord({
  domain,
  profile,
  ownClients,
}: ObservedContext): readonly RecordChange[] | undefined {
  if (profile === "receiver") return [changeRecord("add", domain, "v=spf1 -all")];
  if (ownClients.length === 0) return undefined;
  return [changeRecord("add", domain, ["v=spf1", ...ownClients.map(ipTerm), "~all"].join(" "))];
}

function ipTerm(ip: IpAddress): string {
  return `ip${ip.family}:${formatIp(ip)}`;
}

/** Takes the old type out; where it held the only record, that goes into TXT. */
async function withoutOldType(
  name: string,
  hasTxt: boolean,
  dns: DnsResolver,
): Promise<readonly RecordChange[]> {
  const answer = await dns.query(name, "SPF");
  const records = answer.kind === "answer" ? answer.records : [];
  const removed = records.map(({ strings }) => removeRecord(name, "SPF", removeTxt(name, strings).data));
  const [text] = records.map((record) => record.text).filter(isSpfRecord);
  return text === undefined || hasTxt ? removed : [...removed, changeRecord("add", name, text)];
}

/** RFC 7208 §10.1.2: the record of a host that sends mail, with its addresses. */
async function heloRecord(
  helo: string,
  { ownClients }: ObservedContext,
  dns: DnsResolver,
): Promise<readonly RecordChange[] | undefined> {
  const [txt, alias] = await Promise.all([dns.query(helo, "TXT"), dns.query(helo, "CNAME")]);
  if (alias.kind === "answer" || txt.kind === "failure") return undefined;
  if (txt.kind === "answer" && txt.records.some(({ text }) => isSpfRecord(text))) return undefined;
  const clients = await heloClients(helo, ownClients, { dns });
  return [
    addRecord(
      helo,
      "TXT",
      changeRecord("add", helo, ["v=spf1", ...clients.map(ipTerm), "-all"].join(" ")).data,
    ),
  ];
}

/** The record, mended as far as it can be, with the addresses of the operator's clients that do not pass. */
async function withOwnClients(
  { context, dns, before }: RepairInput,
  mended: Repair | undefined,
): Promise<readonly RecordChange[] | undefined> {
  const { domain } = context;
  const { root } = before.analysis;
  const { clients, root: mendedRoot } = (mended?.after ?? before).analysis;
  const text = mended?.records.get(domain) ?? root.records[0]?.text;
  if (text === undefined || mendedRoot.state !== "record") return undefined;
  if ((await dns.query(domain, "CNAME")).kind === "answer") return undefined;
  const missing = clients
    .filter(({ byName, byQuery }) => byName.result !== "pass" || byQuery.result !== "pass")
    .map(({ ip }) => ip)
    .filter((ip) => !isListed(ip, text));
  const [version = "v=spf1", ...words] = text.split(" ");
  const changed = [version, ...missing.map(ipTerm), ...words].join(" ");
  const published: Published = new Map(mended?.published);
  keepPublished(root, published);
  return changesOf(published, new Map([...(mended?.records ?? []), [domain, changed]]));
}

function isListed(ip: IpAddress, text: string): boolean {
  const parsed = parseSpfRecord(text);
  if (parsed.kind === "error") return false;
  return parsed.record.directives.some(
    ({ mechanism, qualifier }) =>
      qualifier === "pass" && "address" in mechanism && inNetwork(ip, mechanism.address, mechanism.prefix),
  );
}

/** Records that differ from server to server: all out, the one merged and mended record in. */
export async function serversChange(
  name: string,
  records: readonly string[],
  context: ObservedContext,
  dns: DnsResolver,
): Promise<readonly RecordChange[] | undefined> {
  const merged = mergeRecords(records);
  if (merged === undefined) return undefined;
  const removed = records.map((text) => changeRecord("remove", name, text));
  // Live DNS may have shown any of them.
  const asMerged = changedDns(dns, [...removed, changeRecord("add", name, merged)]);
  const before = await observe(context, asMerged);
  const better = await repair(await openRepair(context, asMerged, before));
  const text = better?.records.get(name);
  const after = text === undefined ? before : (better?.after ?? before);
  if (after.findings.some(({ severity }) => severity === "error")) return undefined;
  return [...removed, changeRecord("add", name, text ?? merged)];
}
