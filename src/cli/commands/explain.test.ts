import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, testIo } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { MessageRecord } from "../../store/record.ts";
import { openSpool } from "../../store/spool.ts";
import { displayWidth } from "../layout.ts";
import { formatStory } from "../story.ts";
import { whyText } from "../text/why.ts";

const record: Omit<MessageRecord, "id"> = {
  version: 1,
  at: "2026-11-21T01:02:03.456Z",
  elapsedMs: 34,
  queueId: "4bXyz12QjWz9",
  messageId: "<20261121.1@example.jp>",
  socket: "inet:127.0.0.1:8891",
  client: {
    origin: "own",
    why: ["networks.own 192.0.2.64/28 研究室A", "rule.of-tomorrow x"],
    ip: "192.0.2.70",
    name: "lab.example.jp",
    helo: "lab.example.jp",
  },
  envelope: { from: "", to: ["example.ac.jp"], recipients: 2, smtputf8: true },
  size: { headerOctets: 1234, bodyOctets: 56789 },
  results: {
    iprev: {
      method: "iprev",
      result: "fail",
      ip: "192.0.2.70",
      name: "other.example.jp",
      problem: "no-match",
    },
    spf: {
      method: "spf",
      result: "permerror",
      identity: "helo",
      domain: "lab.example.jp",
      lookups: 11,
      voidLookups: 0,
      problem: "lookup-limit",
    },
    dkim: [
      {
        method: "dkim",
        result: "fail",
        domain: "example.jp",
        selector: "s1",
        identity: "@example.jp",
        algorithm: "rsa-sha256",
        keyBits: 2048,
        signer: "author",
        bodyLength: 100,
        fieldIndex: 2,
        problem: "body-hash-mismatch",
      },
    ],
    arc: {
      method: "arc",
      result: "pass",
      instances: 2,
      sealers: ["lists.example", "gw.example"],
      oldestPass: 2,
      sets: [
        {
          instance: 2,
          domain: "lists.example",
          selector: "a",
          chainValidation: "pass",
          signsFrom: true,
          claims: ["arc=pass"],
        },
        {
          instance: 1,
          domain: "gw.example",
          selector: "b",
          chainValidation: "none",
          signsFrom: true,
          claims: ["spf=pass", "dmarc=pass"],
        },
      ],
    },
    dmarc: {
      method: "dmarc",
      result: "fail",
      domain: "sub.example.jp",
      organizationalDomain: "example.jp",
      policyDomain: "example.jp",
      policy: "reject",
      policyTag: "sp",
      appliedPolicy: "quarantine",
      testing: true,
      discovery: "treewalk",
      alignedDkim: [],
      alignedSpf: false,
    },
    dns: [
      { name: "s1._domainkey.example.jp", type: "TXT", outcome: "answer", ttl: 300, ms: 2, authentic: true },
      { name: "_dmarc.sub.example.jp", type: "TXT", outcome: "timeout", ms: 5000 },
    ],
  },
  disposition: { action: "none", reasons: [{ type: "local_policy", comment: "own\u001b[2J" }] },
  removed: [{ name: "Authentication-Results", occurrence: 2, reason: "own-authserv-id" }],
  authenticationResults: "mx.example.jp;\n    dkim=fail header.d=example.jp;\n    dmarc=fail",
  reply: "accept",
  fault: { stage: "end-of-message", message: "boom", answered: "accept" },
};

const langs = ["en", "ja"] as const;

test.each(langs)("the story holds everything, within 80 columns (%s)", (lang) => {
  const whole = { ...record, id: { host: "mx1", boot: "b", sequence: 1 }, truncated: true } as const;
  const lines = formatStory(whole, testIo(lang));
  for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  const text = lines.join("\n");
  const told = [
    "4bXyz12QjWz9",
    "<20261121.1@example.jp>",
    "inet:127.0.0.1:8891",
    "192.0.2.70 (lab.example.jp)",
  ];
  const shown = ["networks.own", "192.0.2.64/28 研究室A", "rule.of-tomorrow x", "SMTPUTF8", "example.ac.jp"];
  const found = [
    "permerror",
    "sp=reject",
    "t=y",
    "s1._domainkey.example.jp TXT",
    "DNSSEC",
    "boom",
    "dmarc=fail",
    "lists.example",
    "gw.example",
    "dmarc=pass",
  ];
  for (const part of [...told, ...shown, ...found]) expect(text).toContain(part);
  expect(text).not.toContain("\u001b");
});

test.each(langs)("without a client it is told why SPF and iprev were left out (%s)", (lang) => {
  const { iprev: _, spf: __, spfHelo: ___, ...results } = record.results ?? { dkim: [], dns: [] };
  const told = (why: readonly string[]): string => {
    const client = { ...record.client, origin: "relay", why } as const;
    const whole = {
      ...record,
      client,
      results,
      id: { host: "mx1", boot: "b", sequence: 1 },
    } as MessageRecord;
    const lines = formatStory(whole, testIo(lang));
    for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
    const from = lines.findIndex((line) => line.startsWith("  SPF"));
    return lines
      .slice(from, from + 3)
      .join("")
      .replaceAll(/\s/g, "");
  };
  const relay = "networks.relays 198.51.100.20";
  for (const entry of [
    "relay.no-received",
    "relay.syntax",
    "relay.unknown-by mx.other.example",
    "spf.no-address",
  ])
    expect(told([relay, entry])).toContain(whyText(entry, lang).replaceAll(/\s/g, ""));
  expect(told([relay])).toContain(
    lang === "en" ? "SPFandiprevwerenotevaluated" : "SPFとiprevは評価していません",
  );
  for (const why of [[relay], [relay, "relay.no-received"]]) expect(told(why)).not.toContain("--ip");
});

test.each([
  { action: "quarantine", why: ["dmarc.reject a.example", "second.none"], fields: ["X-Sekisho-Quarantine"] },
  {
    action: "quarantine",
    why: ["dmarc.reject a.example", "rule missing-date"],
    fields: ["X-Sekisho-Quarantine", "X-Sekisho-Rules"],
  },
  { action: "header", why: ["rule missing-date"], fields: ["X-Sekisho-Rules"] },
  { action: "hold", why: ["dmarc.reject a.example", "rule missing-date"], fields: ["X-Sekisho-Rules"] },
  { action: "reject", why: ["rule missing-date"], fields: [] },
  { action: "none", why: ["dmarc.none"], fields: [] },
] as const)("what was written beside the results is named: $action $why", ({ action, why, fields }) => {
  const disposition = { action, why, reasons: [] };
  const whole = { ...record, disposition, id: { host: "mx1", boot: "b", sequence: 1 } };
  const lines = formatStory(whole, testIo("en"));
  const from = lines.findIndex((line) => line.startsWith("  Written "));
  const to = lines.findIndex((line) => line.startsWith("  MTA told "));
  const names = lines.slice(from, to).flatMap((line) => line.match(/X-Sekisho-[A-Z][a-z]+/g) ?? []);
  expect(names).toEqual(fields);
});

test("reasons are told in the operator's words", () => {
  const whole = { ...record, id: { host: "mx1", boot: "b", sequence: 1 } };
  const words = (lang: "en" | "ja"): string =>
    formatStory(whole, testIo(lang)).join("").replaceAll(/\s/g, "");
  expect(words("en")).toContain("itwaschangedontheway");
  expect(words("en")).toContain("No name server answered in time.".replaceAll(" ", ""));
  expect(words("en")).toContain("itclaimedtobeours");
  expect(words("ja")).toContain("配送の途中で書き換えられています");
  expect(words("ja")).toContain("networks.own（192.0.2.64/28研究室A）に含まれます");
  expect(words("ja")).toContain("こちらが書いたものと名乗っていたため");
});

test.each(langs)("a client whose socket settles it is not told to be verified (%s)", (lang) => {
  const io = testIo(lang);
  const { origin, plainOrigin } = io.text.explain;
  const whole = { ...record, id: { host: "mx1", boot: "b", sequence: 1 } };
  const told = (why: readonly string[]): string =>
    formatStory({ ...whole, client: { ...whole.client, origin: "stranger", why } }, io).join("\n");
  expect(told(["networks.none"])).toContain(origin.stranger);
  expect(told(["networks.none", "socket.sign"])).not.toContain(origin.stranger);
  expect(told(["networks.none", "lists.socket staff"])).toContain(plainOrigin.stranger);
});

async function folderWith(records: readonly Omit<MessageRecord, "id">[]): Promise<string> {
  const folder = temporaryFolder();
  const spool = openSpool({ dataDir: folder, host: "mx1" });
  for (const one of records) spool.append(one);
  await spool.close();
  const file = join(folder, "sekisho.yaml");
  writeFileSync(file, `hostname: mx.example.jp\ndata_dir: ${folder}\n`);
  return file;
}

test.each(["4bXyz12QjWz9", "<20261121.1@example.jp>", "20261121.1@example.jp"])(
  "%s is found",
  async (key) => {
    const file = await folderWith([record, { ...record, queueId: "other", messageId: "<2@example.jp>" }]);
    const { code, out, err } = await runCli(["explain", key, "--config", file]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("4bXyz12QjWz9");
    expect(out).not.toContain("<2@example.jp>");
  },
);

test("several messages of one queue id come in order, as JSON one a line", async () => {
  const later = { ...record, at: "2026-11-21T01:02:04.000Z", messageId: "<later@example.jp>" };
  const file = await folderWith([later, record]);
  const shown = await runCli(["explain", "4bXyz12QjWz9", "--config", file]);
  expect(shown.out).toContain("2 messages are recorded");
  expect(shown.out.indexOf("<20261121.1@")).toBeLessThan(shown.out.indexOf("<later@"));
  const json = await runCli(["explain", "4bXyz12QjWz9", "--config", file, "--json"]);
  const ids = json.out
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as MessageRecord).messageId);
  expect(ids).toEqual(["<20261121.1@example.jp>", "<later@example.jp>"]);
});

test.each(langs)("what is not found ends with 1 and a hint (%s)", async (lang) => {
  const file = await folderWith([]);
  const { code, out, err } = await runCli(["explain", "nothing", "--config", file, "--lang", lang]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("data_dir");
  expect(err).toContain("14");
});

test.each([
  { args: ["explain"], code: 2, says: "QUEUE-ID|MESSAGE-ID is missing" },
  { args: ["explain", ""], code: 2, says: "an argument is empty" },
  { args: ["explain", "a", "b"], code: 2, says: '"b" is one argument too many' },
  { args: ["explain", "a", "--jsonn"], code: 2, says: "did you mean --json?" },
  { args: ["explain", "a", "--config", "/nonexistent/x.yaml"], code: 2, says: "/nonexistent/x.yaml" },
])("bad input: $args", async ({ args, code, says }) => {
  const outcome = await runCli(args);
  expect({ code: outcome.code, out: outcome.out }).toEqual({ code, out: "" });
  expect(outcome.err).toContain(says);
});

test.each(langs)("what the other DMARC discovery came to is told where it differs (%s)", (lang) => {
  const told = (appliedPolicy: "none" | "quarantine"): string => {
    const results = record.results as NonNullable<MessageRecord["results"]>;
    const dmarcOther = { ...results.dmarc, discovery: "psl", appliedPolicy, sampledOut: true } as const;
    const whole = {
      ...record,
      results: { ...results, dmarcOther },
      id: { host: "mx1", boot: "b", sequence: 1 },
    };
    return formatStory(whole, testIo(lang)).join("\n");
  };
  expect(told("none")).toContain("public suffix list");
  expect(told("quarantine")).not.toContain("public suffix list");
});
