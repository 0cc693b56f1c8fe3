import type { Site } from "../src/collect/classify/site.ts";
import type { SourceFacts } from "../src/collect/classify/source.ts";
import { type OrganizationalDomain, wayOf } from "../src/collect/classify/way.ts";
import { parseIp, parseNetwork } from "../src/core/ip.ts";
import type { SourceName } from "../src/store/source-names.ts";
import { type SentMail, sentRecord } from "./source-world.ts";

/** Good enough for names under `.example`, `.com` and `.net`. */
export const lastTwoLabels: OrganizationalDomain = (domain) => domain.split(".").slice(-2).join(".");

const lab = parseNetwork("192.0.2.0/24");

/** A site of which nothing is told but one network of its own. */
export const labSite: Site = {
  own: lab === undefined ? [] : [{ ...lab, text: "192.0.2.0/24", name: "lab" }],
  submitters: [],
  relays: [],
  listHosts: [],
  ownHosts: new Set(),
  ownDomains: new Set(),
  labels: [],
  organizational: lastTwoLabels,
};

export interface FactsSample {
  readonly ip?: string;
  readonly mails: readonly Omit<SentMail, "ip">[];
  /** PTR and what became of it; left out: nobody has asked. */
  readonly name?: Partial<Omit<SourceName, "ip">>;
  readonly share?: number;
  readonly reporters?: number;
  readonly domains?: number;
  /** Whether records are gone, and only sums are left. */
  readonly onlySums?: boolean;
}

/** What a store would know of a source of `univ.example` that has sent these mails. */
export function sourceFacts(sample: FactsSample): SourceFacts {
  const { ip = "203.0.113.1", mails, name, share = 0.01, reporters = 1, domains = 1 } = sample;
  const records = mails.map((mail) => sentRecord({ ...mail, ip }, "univ.example"));
  const sum = (is: (record: (typeof records)[number]) => boolean): number =>
    records.reduce((total, record) => total + (is(record) ? record.count : 0), 0);
  const address = parseIp(ip);
  return {
    ...(address !== undefined && { ip: address }),
    sums: {
      messages: sum(() => true),
      dkim: sum(({ dkimAligned }) => dkimAligned),
      spf: sum(({ spfAligned }) => spfAligned),
      passed: sum(({ dkimAligned, spfAligned }) => dkimAligned || spfAligned),
      quarantined: sum(({ disposition }) => disposition === "quarantine"),
      rejected: sum(({ disposition }) => disposition === "reject"),
      estimated: 0,
    },
    share,
    firstSeen: 0,
    lastSeen: 86_400,
    ways: sample.onlySums === true ? [] : records.map((record) => wayOf(record, lastTwoLabels)),
    reporters,
    domains,
    ...(name !== undefined && {
      name: { ip, result: "pass", listed: [], fetchedAt: 0, expiresAt: 1, ...name },
    }),
  };
}
