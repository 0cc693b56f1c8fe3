import { readKey } from "../../../src/checker/dkim-key.ts";
import { formatTags, mendedTags } from "../../../src/checker/dmarc-mend.ts";
import { intendedRecord, looksLikeDmarc } from "../../../src/checker/dmarc-text.ts";
import { parseDmarcRecord } from "../../../src/core/dmarc/parse-record.ts";
import { parseStsRecord } from "../../../src/core/mtasts/parse-record.ts";
import { parseTlsrptRecord } from "../../../src/core/tlsrpt/parse-record.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "v=DMARC1; p=reject; rua=mailto:a@example.jp,mailto:b@example.net!10m; pct=50",
  "v=DMARC1, p=none; aspr=s; rua:mailto:a@example.jp; fo=0:1",
  "“v=DMARC1；　p＝reject”",
  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  '"v=DKIM1\\; k=rsa\\; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" "MIIBCgKCAQEA"',
  "v=STSv1; id=20160831085700Z;",
  "v=TLSRPTv1; rua=mailto:reports@example.com,https://reporting.example.com/v1/tlsrpt",
];

/** What `sekisho check` reads of published records, broken ones first of all; what it mends must be whole. */
export const target: FuzzTarget = {
  name: "checked-record",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString("latin1");
    looksLikeDmarc(text);
    const mended = formatTags(mendedTags(intendedRecord(text)));
    if (parseDmarcRecord(mended)?.policyInvalid !== false) throw new Error(`mended to ${mended}`);
    if (formatTags(mendedTags(intendedRecord(mended))) !== mended) throw new Error(`not at rest: ${mended}`);
    const key = readKey(text);
    if (key.kind === "broken" && key.better !== undefined && readKey(key.better).kind !== "key")
      throw new Error(`mended to ${key.better}`);
    const sts = parseStsRecord(text);
    if (sts !== undefined && sts.problem === undefined && !/^[A-Za-z0-9]{1,32}$/.test(sts.id))
      throw new Error(`unclean: ${sts.id}`);
    parseTlsrptRecord(text);
  },
};
