import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseIp } from "../src/core/ip.ts";
import type { AggregateRecord } from "../src/core/reports/aggregate.ts";
import { reportsPath } from "../src/store/reports/open.ts";
import { openSqliteReports } from "../src/store/reports/sqlite-reports.ts";
import { openSourceNames, type SourceName } from "../src/store/source-names.ts";
import { aggregate, arrival } from "./report-samples.ts";

const dayLength = 86_400;

/** A line of a report: who sent how much, and what passed for whom. */
export interface SentMail {
  readonly ip: string;
  readonly count: number;
  readonly from?: string;
  readonly envelope?: string;
  /** `d=` and result of each signature. */
  readonly dkim?: readonly (readonly [domain: string, result: string])[];
  readonly spf?: readonly [domain: string, result: string];
  /** Types of overrides, or `arc`. */
  readonly marks?: readonly string[];
  readonly disposition?: string;
}

export function sentRecord(mail: SentMail, domain: string): AggregateRecord {
  const { ip, count, from = domain, envelope, dkim = [], spf, marks = [], disposition = "none" } = mail;
  const sourceIp = parseIp(ip);
  const isOurs = (one: string): boolean =>
    one === from || one.endsWith(`.${from}`) || from.endsWith(`.${one}`);
  return {
    ...(sourceIp !== undefined && { sourceIp }),
    count,
    disposition,
    dkimAligned: dkim.some(([one, result]) => result === "pass" && isOurs(one)),
    spfAligned: spf !== undefined && spf[1] === "pass" && isOurs(spf[0]),
    overrides: marks.map((mark) =>
      mark === "arc" ? { type: "local_policy", comment: "arc=pass" } : { type: mark },
    ),
    headerFrom: from,
    ...(envelope !== undefined && { envelopeFrom: envelope }),
    dkim: dkim.map(([one, result]) => ({ domain: one, selector: "s1", result })),
    spf: spf === undefined ? [] : [{ domain: spf[0], result: spf[1], scope: "mfrom" }],
  };
}

/** Reports of yesterday about domains: a report for each list of mails. */
export interface SourceWorld {
  readonly mails: Readonly<Record<string, readonly SentMail[]>>;
  readonly names?: readonly Pick<SourceName, "ip" | "result" | "name" | "domain" | "asn" | "listed">[];
  /** Lines of the configuration besides `hostname` and `data_dir`. */
  readonly config?: string;
}

export interface MadeWorld {
  readonly dataDir: string;
  /** Path of the configuration. */
  readonly config: string;
  remove(): void;
}

/** A small store with its configuration in a folder of its own. */
export async function makeSourceWorld({ mails, names = [], config = "" }: SourceWorld): Promise<MadeWorld> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-sources-"));
  const dataDir = join(folder, "data");
  mkdirSync(dataDir);
  const file = join(folder, "sekisho.yaml");
  writeFileSync(file, `hostname: mx.univ.example\ndata_dir: ${dataDir}\n${config}`);
  const store = openSqliteReports({ path: reportsPath(dataDir) });
  const begin = (Math.floor(Date.now() / 1000 / dayLength) - 1) * dayLength;
  let number = 0;
  for (const [domain, sent] of Object.entries(mails)) {
    const records = sent.map((mail) => sentRecord(mail, domain));
    number += 1;
    await store.ingest([arrival([aggregate({ id: `${number}`, domain, begin, records })])]);
  }
  await store.close();
  putNames(dataDir, names);
  return { dataDir, config: file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function putNames(dataDir: string, names: NonNullable<SourceWorld["names"]>): void {
  const now = Date.now();
  const store = openSourceNames(dataDir);
  store.put(names.map((name) => ({ ...name, fetchedAt: now, expiresAt: now + dayLength * 1000 })));
  store.close();
}

/** A university: a mail server that signs, one that does not, a laboratory, a service, a forwarder, a list, and strangers. */
export const university: SourceWorld = {
  config: `networks:
  own:
    - { network: 192.0.2.0/24 }
    - { network: 192.0.2.10/32, name: "学科メールサーバー", contact: postmaster@univ.example }
    - { network: 192.0.2.64/28, name: "Sato Lab", contact: sato@univ.example }
`,
  mails: {
    "univ.example": [
      { ip: "192.0.2.10", count: 5000, dkim: [["univ.example", "pass"]], spf: ["univ.example", "pass"] },
      { ip: "192.0.2.70", count: 420, spf: ["univ.example", "pass"] },
      { ip: "192.0.2.71", count: 30, dkim: [["univ.example", "fail"]], spf: ["lab.example", "pass"] },
      { ip: "192.0.2.200", count: 12, spf: ["univ.example", "pass"] },
      { ip: "198.51.100.7", count: 900, spf: ["univ.example", "pass"], envelope: "univ.example" },
      {
        ip: "198.51.100.20",
        count: 80,
        dkim: [["amazonses.com", "pass"]],
        spf: ["amazonses.com", "pass"],
        envelope: "amazonses.com",
      },
      {
        ip: "203.0.113.5",
        count: 25,
        dkim: [["univ.example", "pass"]],
        spf: ["univ.example", "softfail"],
        envelope: "univ.example",
      },
      {
        ip: "203.0.113.40",
        count: 15,
        dkim: [["univ.example", "fail"]],
        spf: ["lists.society.example", "pass"],
        envelope: "lists.society.example",
      },
      { ip: "203.0.113.99", count: 4, spf: ["univ.example", "fail"], disposition: "quarantine" },
      { ip: "203.0.113.100", count: 2, spf: ["univ.example", "fail"] },
      { ip: "203.0.113.150", count: 60, spf: ["else.example", "none"] },
    ],
  },
  names: [
    { ip: "192.0.2.10", result: "pass", name: "mx.univ.example", domain: "univ.example", listed: [] },
    { ip: "192.0.2.70", result: "pass", name: "mail.sato.univ.example", domain: "univ.example", listed: [] },
    {
      ip: "198.51.100.7",
      result: "pass",
      name: "o1.ptr.sendgrid.net",
      domain: "sendgrid.net",
      listed: [],
    },
    { ip: "203.0.113.5", result: "pass", name: "fwd.alumni.example", domain: "alumni.example", listed: [] },
    { ip: "203.0.113.99", result: "permerror", listed: [] },
    { ip: "203.0.113.100", result: "permerror", listed: ["zen.lists.example"] },
    {
      ip: "203.0.113.150",
      result: "pass",
      name: "mail.partner.example",
      domain: "partner.example",
      listed: [],
    },
  ],
};
