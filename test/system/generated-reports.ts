import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sharedPath } from "../shared.ts";

export interface GeneratedReport {
  /** A mail with the report. */
  readonly file: string;
  readonly reportId: string;
  readonly records: number;
  readonly messages: number;
}

/** @param classes Numbers of reports by their number of records. */
export function generateReports(
  folder: string,
  classes: Readonly<Record<number, number>>,
  seed = 1,
): GeneratedReport[] {
  mkdirSync(folder, { recursive: true });
  const generator = sharedPath("bench", "reports.py");
  return existsSync(generator)
    ? generateShared(generator, folder, classes, seed)
    : generateOwn(folder, classes);
}

interface ManifestEntry {
  readonly stem: string;
  readonly report_id: string;
  readonly records: number;
  readonly messages: number;
}

function generateShared(
  generator: string,
  folder: string,
  classes: Readonly<Record<number, number>>,
  seed: number,
): GeneratedReport[] {
  const set = Object.entries(classes).map(([records, reports]) => `${records}:${reports}`);
  execFileSync("/usr/bin/python3", [generator, folder, "--seed", String(seed), "--set", set.join(",")]);
  const manifest = JSON.parse(
    readFileSync(join(folder, "manifest.json"), "utf8"),
  ) as readonly ManifestEntry[];
  return manifest.map(({ stem, report_id, records, messages }) => ({
    file: join(folder, `${stem}.eml`),
    reportId: report_id,
    records,
    messages,
  }));
}

function generateOwn(folder: string, classes: Readonly<Record<number, number>>): GeneratedReport[] {
  const reports: GeneratedReport[] = [];
  for (const [records, many] of Object.entries(classes))
    for (let index = 0; index < many; index++) {
      const reportId = `${records}.${index}`;
      const file = join(folder, `${reportId}.eml`);
      const { xml, messages } = reportXml(reportId, Number(records), index);
      writeFileSync(file, mailOf(reportId, xml));
      reports.push({ file, reportId, records: Number(records), messages });
    }
  return reports;
}

function reportXml(
  reportId: string,
  records: number,
  index: number,
): { readonly xml: string; readonly messages: number } {
  const begin = 1_748_736_000 + (index % 300) * 86_400;
  const domain = ["univ.example", "isp.example", "shop.example"][index % 3] ?? "";
  let messages = 0;
  const rows: string[] = [];
  for (let row = 0; row < records; row++) {
    const count = 1 + ((row * 7 + index) % 50);
    messages += count;
    const pass = (row + index) % 3 === 0 ? "fail" : "pass";
    rows.push(
      `<record><row><source_ip>192.0.${(row + index) % 250}.${1 + (row % 250)}</source_ip><count>${count}</count><policy_evaluated>` +
        `<disposition>none</disposition><dkim>${pass}</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>${domain}` +
        `</header_from></identifiers><auth_results><dkim><domain>${domain}</domain><selector>s${row % 4}</selector><result>${pass}</result></dkim>` +
        `<spf><domain>${domain}</domain><result>pass</result></spf></auth_results></record>`,
    );
  }
  const xml = `<?xml version="1.0"?><feedback><report_metadata><org_name>reporter${index % 5}.example</org_name><email>d@reporter.example</email>
<report_id>${reportId}</report_id><date_range><begin>${begin}</begin><end>${begin + 86_399}</end></date_range></report_metadata>
<policy_published><domain>${domain}</domain><p>none</p></policy_published>${rows.join("\n")}</feedback>`;
  return { xml, messages };
}

function mailOf(reportId: string, xml: string): string {
  const body = gzipSync(xml).toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  return `From: d@reporter.example\r\nSubject: Report-ID: ${reportId}\r\nMIME-Version: 1.0\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;
}
