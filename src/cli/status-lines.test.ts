import { expect, test } from "vitest";
import { testIo } from "../../test/run-cli.ts";
import { configProblem } from "../config/problem.ts";
import { dnsStatus, messageCounts, type Status } from "../daemon/status.ts";
import { statusLines } from "./status-lines.ts";

const at = "2026-11-21T10:00:00.000Z";
const well: Status = {
  version: "1.2.3",
  node: "v24",
  pid: 1,
  startedAt: at,
  upSeconds: 1,
  problems: [],
  config: { file: "/etc/sekisho.yaml", loadedAt: at, reloads: 0, failedReloads: 0 },
  workers: [],
  sockets: [],
  messages: messageCounts([]),
  spool: { segments: 0, octets: 0, oldestSeconds: 0, dropped: 0 },
  store: { records: 0, octets: 0, ingested: 0, repeated: 0, damagedLines: 0, expired: 0 },
  dns: dnsStatus([]),
};

function printed(change: Partial<Status>, lang: "en" | "ja"): string {
  return statusLines({ ...well, ...change }, { ...testIo(lang), columns: 1_000 }).join("\n");
}

const full = {
  place: { kind: "file", path: "/d/x.sqlite" },
  failure: { fault: "disk-full", said: "database or disk is full" },
} as const;
const unreachable = {
  place: { kind: "postgresql" },
  failure: { fault: "unreachable", said: "connect ECONNREFUSED" },
} as const;
const way = { kind: "imap", name: "imap://u@host/INBOX", state: "waiting", arrivals: 0 } as const;
const problem = configProblem("missing-key", "sign.keys[0]", { key: "file" }, { line: 3, column: 5 });

test.each<[string, Partial<Status>, en: readonly string[], ja: readonly string[]]>([
  [
    "the store",
    { store: { ...well.store, error: "in English", trouble: full } },
    ["0 B: /d/x.sqlite cannot be used: the disk is full; make room (database or disk is full)"],
    [
      "0 B: /d/x.sqlite を使えません。ディスクの空き容量がありません。空きを作ってください（database or disk is full）",
    ],
  ],
  [
    "the spool",
    { spool: { ...well.spool, error: "in English", trouble: full } },
    ["0 records dropped: /d/x.sqlite cannot be used: the disk is full; make room"],
    ["捨てた記録 0 件: /d/x.sqlite を使えません。ディスクの空き容量がありません"],
  ],
  [
    "the store of the reports, and who waits for it",
    {
      collect: {
        ways: [{ ...way, error: "in English" }],
        storeError: "in English",
        storeTrouble: unreachable,
        arrivals: 2,
        lost: 0,
        documents: [
          { kind: "aggregate", outcome: "saved", count: 1 },
          { kind: "tls", outcome: "saved", count: 1 },
          { kind: "aggregate", outcome: "seen", count: 3 },
        ],
      },
    },
    [
      "2 mails and files: saved 2, seen before 3: the PostgreSQL database (store) cannot be used: its server",
      "INBOX (waits to try again): the PostgreSQL database (store) cannot be used: its server",
    ],
    [
      "メールとファイル 2 通: 保存 2, 受信済み 3: PostgreSQL のデータベース (store) を使えません。サーバーに接続できません",
      "INBOX (再試行待ち): PostgreSQL のデータベース (store) を使えません。サーバーに接続できません",
    ],
  ],
  [
    "a configuration that is wrong",
    {
      config: {
        ...well.config,
        last: { at, ok: false, errors: ["in English"], problems: [problem], needsRestart: [] },
      },
    },
    [`/etc/sekisho.yaml:3:5: sign.keys[0]: ${problem.text.en}`],
    [`/etc/sekisho.yaml:3:5: sign.keys[0]: ${problem.text.ja}`],
  ],
])("what is wrong is said in the language of who asks: %s", (_, change, en, ja) => {
  for (const words of en) expect(printed(change, "en")).toContain(words);
  for (const words of ja) expect(printed(change, "ja")).toContain(words);
  expect(printed(change, "ja")).not.toContain("in English");
});

test("what somebody else has said stays as it was said", () => {
  const collect = { ways: [{ ...way, error: "NO such user" }], arrivals: 0, lost: 0, documents: [] };
  for (const lang of ["en", "ja"] as const) expect(printed({ collect }, lang)).toContain(": NO such user");
});
