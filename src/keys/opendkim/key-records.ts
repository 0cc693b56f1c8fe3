import type { KeyObject } from "node:crypto";
import { parseDkimKey } from "../../core/dkim/key.ts";
import { keyRecordName } from "../../core/dkim/key-query.ts";
import { parseZone } from "../../core/dns/zone-parse.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { isKeyText } from "../public-record.ts";
import { describeKey, describeRecord } from "../verify-key.ts";
import type { TextReader } from "./conf.ts";

/**
 * Looks at the key record that opendkim-genkey wrote beside a key file: `s.txt` beside `s.private`. No such file is no
 * finding.
 */
export function checkKeyRecord(
  { path, domain, selector }: { readonly path: string; readonly domain: string; readonly selector: string },
  privateKey: KeyObject | undefined,
  read: TextReader,
): readonly Finding[] {
  if (!path.endsWith(".private")) return [];
  const file = `${path.slice(0, -".private".length)}.txt`;
  const content = read(file);
  if ("reason" in content) return [];
  const found: Finding[] = [];
  const right = keyRecordName({ selector, domain });
  for (const record of parseZone(content.text, { origin: domain }).records) {
    if (record.type !== "TXT") continue;
    const place = { file, line: 0 };
    if (record.name !== right)
      found.push(
        finding("opendkim.record-selector", right, { ...place, owner: record.name, selector, domain }),
      );
    const published = parseDkimKey(record.data.text);
    if (published === undefined || privateKey === undefined || isKeyText(record.data.text, privateKey))
      continue;
    const keys = { published: describeRecord(published), own: describeKey(privateKey) };
    found.push(finding("opendkim.record-differs", right, { ...place, ...keys }));
  }
  return found;
}
