import { gzipSync } from "node:zlib";

export interface GeneratedReports {
  readonly mails: readonly Buffer[];
  /** Messages that all of the reports tell of. */
  readonly messages: number;
}

/** 2025-06-01T00:00:00Z. */
const firstBegin = 1_748_736_000;
let made = 0;

/** Mails with an aggregate report each, no two alike, of `records` records. */
export function generateReports(mails: number, records = 3): GeneratedReports {
  const reports = Array.from({ length: mails }, () => generateReport(records));
  return {
    mails: reports.map(({ mail }) => mail),
    messages: reports.reduce((sum, { messages }) => sum + messages, 0),
  };
}

function generateReport(records: number): { readonly mail: Buffer; readonly messages: number } {
  made += 1;
  const number = made;
  const begin = firstBegin + (number % 30) * 86_400;
  const counts = Array.from({ length: records }, (_, index) => 1 + ((number * 7 + index) % 13));
  const rows = counts.map((count, index) => row(`192.0.2.${(number + index) % 250}`, count));
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<feedback><version>1.0</version><report_metadata><org_name>reporter.example</org_name><email>noreply@reporter.example</email>
<report_id>${number}</report_id><date_range><begin>${begin}</begin><end>${begin + 86_399}</end></date_range></report_metadata>
<policy_published><domain>univ.example</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct></policy_published>
${rows.join("\n")}</feedback>\n`;
  const name = `reporter.example!univ.example!${begin}!${begin + 86_399}.xml.gz`;
  return { mail: mailWith(xml, name, number), messages: counts.reduce((sum, count) => sum + count, 0) };
}

function row(ip: string, count: number): string {
  return `<record><row><source_ip>${ip}</source_ip><count>${count}</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>univ.example</header_from></identifiers><auth_results><dkim><domain>univ.example</domain><selector>s1</selector><result>pass</result></dkim><spf><domain>list.example</domain><result>pass</result></spf></auth_results></record>`;
}

function mailWith(xml: string, name: string, number: number): Buffer {
  const body = gzipSync(xml).toString("base64").replace(/.{76}/g, "$&\r\n");
  return Buffer.from(
    [
      "From: noreply@reporter.example",
      "To: dmarc@rcpt.example",
      "Date: Sun, 01 Jun 2025 00:00:00 +0000",
      `Message-ID: <${number}@reporter.example>`,
      `Subject: Report Domain: univ.example Submitter: reporter.example Report-ID: <${number}>`,
      "MIME-Version: 1.0",
      "Content-Type: application/gzip",
      `Content-Disposition: attachment; filename="${name}"`,
      "Content-Transfer-Encoding: base64",
      "",
      body,
      "",
    ].join("\r\n"),
  );
}
