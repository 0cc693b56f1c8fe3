import { mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { SekishoError } from "../errors.ts";
import { fileError, recordsError } from "../store/file-fault.ts";
import { replacedError } from "../store/file-in-use.ts";
import { blameless, postgresFailure } from "../store/reports/postgres-failure.ts";
import { postgresPlace, StoreError, type StoreFailure } from "../store/store-error.ts";
import { isLang } from "./lang.ts";
import { storeFailure } from "./store-failure.ts";

interface Place {
  readonly data: string;
  run(lang: string, ...argv: readonly string[]): Promise<{ readonly code: number; readonly err: string }>;
}

function place(settings = ""): Place {
  const folder = temporaryFolder();
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  const config = join(folder, "sekisho.yaml");
  writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${data}\n${settings}`);
  return { data, run: (lang, ...argv) => runCli([...argv, "--lang", lang, "--config", config]) };
}

const text = "this is no database at all, however long it is ".repeat(200);

describe("a store that cannot be used is told in the language asked for, with the engine's words behind", () => {
  test.each([
    {
      lang: "ja",
      says: (path: string) =>
        `sekisho: ${path} を使えません。ファイルが壊れているか、データベースではありません。別の場所に移し、バックアップから戻してください（file is not a database）\n`,
    },
    {
      lang: "en",
      says: (path: string) =>
        `sekisho: ${path} cannot be used: it is damaged or no database; move it away and restore a backup (file is not a database)\n`,
    },
  ])("reports ($lang)", async ({ lang, says }) => {
    const { data, run } = place();
    const path = join(data, "reports.sqlite");
    writeFileSync(path, text);
    expect(await run(lang, "report", "list")).toMatchObject({ code: 3, err: says(path) });
  });

  test.each([
    [
      "ja",
      /^sekisho: メールの記録のデータベースを使えません。ファイルが壊れています。.*（file is not a database）\n$/,
    ],
    ["en", /^sekisho: the store of records cannot be used: it is damaged; .* \(file is not a database\)\n$/],
  ])("records (%s)", async (lang, says) => {
    const { data, run } = place();
    writeFileSync(join(data, "records.sqlite"), text);
    for (const argv of [["explain", "4A1B2C3D"], ["shadow"], ["dmarc-diff"]]) {
      const { code, err } = await run(lang, ...argv);
      expect(err).toMatch(says);
      expect(code).toBe(3);
    }
  });

  test("the state of the keys", async () => {
    const { data, run } = place("sign: { rotate: { domains: [example.jp] } }\n");
    writeFileSync(join(data, "state.sqlite"), text);
    const { code, err } = await run("ja", "key", "list");
    expect(err).toMatch(/state\.sqlite を使えません。ファイルが壊れているか、.*（.+）\n$/);
    expect(code).toBe(3);
  });

  test("one of a newer version", async () => {
    const { data, run } = place();
    const db = new DatabaseSync(join(data, "reports.sqlite"));
    db.exec("PRAGMA user_version = 9999");
    db.close();
    const { code, err } = await run("ja", "report", "list");
    expect(err).toMatch(/reports\.sqlite は、より新しい Sekisho（スキーマ 9999）が書いたものです。/);
    expect(code).toBe(3);
  });

  test("a PostgreSQL that is not there", async () => {
    // Nothing listens on port 1.
    const { run } = place("store: postgres://nobody@127.0.0.1:1/none\n");
    const { code, err } = await run("ja", "report", "list");
    expect(err).toMatch(
      /^sekisho: PostgreSQL のデータベース \(store\) を使えません。サーバーに接続できません。.*（.*ECONNREFUSED.*）\n$/,
    );
    expect(code).toBe(3);
  });
});

test.each([
  ["en", "cannot be used: the file cannot be opened"],
  ["ja", "を使えません。ファイルを開けません。"],
])("a store that cannot be looked for is not taken for absent (%s)", async (lang, says) => {
  const { data, run } = place("sign: { rotate: { domains: [example.jp] } }\n");
  rmdirSync(data);
  symlinkSync(data, data);
  for (const argv of [
    ["report", "list"],
    ["key", "list"],
    ["key", "dns"],
  ]) {
    const { code, err } = await run(lang, ...argv);
    expect(err).toContain(says);
    expect(code).toBe(3);
  }
});

function coded(message: string, fields: object): Error {
  return Object.assign(new Error(message), fields);
}

test.each([
  { said: "database is locked", fields: { errcode: 5 }, en: "another process", ja: "別のプロセス" },
  { said: "database or disk is full", fields: { errcode: 13 }, en: "the disk is full", ja: "空き容量" },
  {
    said: "attempt to write a readonly database",
    fields: { errcode: 8 },
    en: "only be read",
    ja: "書き込めません",
  },
  { said: "unable to open database file", fields: { errcode: 14 }, en: "cannot be opened", ja: "開けません" },
  {
    said: "EACCES: permission denied, open 'x'",
    fields: { code: "EACCES" },
    en: "permission denied;",
    ja: "権限がありません",
  },
  {
    said: "ENOSPC: no space left on device, write",
    fields: { code: "ENOSPC" },
    en: "make room and try again",
    ja: "空きを作ってから、やり直してください",
  },
  { said: "no such table: t", fields: { errcode: 1 }, en: "reports an error", ja: "エラーを返しました" },
])("SQLite: $said", ({ said, fields, en, ja }) => {
  const error = fileError("/d/x.sqlite", coded(said, fields));
  expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", message: `/d/x.sqlite: ${said}` });
  expect(storeFailure(error, "en")).toMatch(`/d/x.sqlite cannot be used: `);
  expect(storeFailure(error, "en")).toContain(en);
  expect(storeFailure(error, "ja")).toContain("/d/x.sqlite を使えません。");
  expect(storeFailure(error, "ja")).toContain(ja);
  expect(storeFailure(error, "ja")).toMatch(new RegExp(`（${said}）$`));
});

function postgresError(cause: unknown): StoreError {
  const error = blameless(cause);
  // What may pass is tried again, and then told.
  const told = error instanceof StoreError ? error : postgresFailure(error);
  if (!(told instanceof StoreError)) throw told;
  return told;
}

test.each([
  { code: "28P01", said: 'password authentication failed for user "x"', ja: "ログインを拒否" },
  { code: "3D000", said: 'database "x" does not exist', ja: "データベースがサーバーにありません" },
  { code: "42501", said: "permission denied for schema public", ja: "権限がありません" },
  { code: "57P03", said: "the database system is starting up", ja: "起動または停止の途中" },
  { code: "53100", said: "could not extend file", ja: "空き容量がありません" },
  { code: "40P01", said: "deadlock detected", ja: "別のプロセス" },
  {
    code: "25006",
    said: "cannot execute INSERT in a read-only transaction",
    ja: "読み取り専用です。store には、書き込めるサーバー",
  },
  { code: "53300", said: "sorry, too many clients already", ja: "接続数が上限" },
  { code: "XX001", said: "invalid page in block 3 of relation base/5/16384", ja: "バックアップから戻して" },
  { code: undefined, said: "Connection terminated unexpectedly", ja: "接続できません" },
  { code: "XX000", said: "something else", ja: "エラーを返しました" },
])("PostgreSQL: $said", ({ code, said, ja }) => {
  const error = postgresError(coded(said, code === undefined ? {} : { code }));
  expect(error.message).toBe(`PostgreSQL: ${said}`);
  expect(storeFailure(error, "ja")).toMatch(/^PostgreSQL のデータベース \(store\) を使えません。/);
  expect(storeFailure(error, "ja")).toContain(ja);
  expect(storeFailure(error, "ja")?.endsWith(`（${said}）`)).toBe(true);
});

test("several addresses that refuse have a word each", () => {
  const cause = new AggregateError([new Error("refused ::1"), new Error("refused 127.0.0.1")], "");
  const error = postgresError(Object.assign(cause, { code: "ECONNREFUSED" }));
  expect(storeFailure(error, "en")).toContain("its server cannot be reached;");
  expect(storeFailure(error, "en")).toContain("(refused ::1; refused 127.0.0.1)");
});

const digest = "ab".repeat(32);

test.each<{ readonly failure: StoreFailure; readonly en: RegExp; readonly ja: RegExp }>([
  { failure: { fault: "no-dump" }, en: /no pg_dump; install .*postgresql-client$/, ja: /postgresql-client/ },
  {
    failure: { fault: "dump-failed", said: "error: no" },
    en: /^the database cannot be copied: pg_dump has failed \(error: no\)$/,
    ja: /^データベースを複製できません。pg_dump が失敗しました（error: no）$/,
  },
  { failure: { fault: "newer-schema", version: 9 }, en: /newer Sekisho \(schema 9\)/, ja: /スキーマ 9/ },
  {
    failure: { fault: "damaged-raw", digest, said: "invalid code" },
    en: new RegExp(
      `^the PostgreSQL database \\(store\\): the mail or file ${digest} is damaged .*\\(invalid code\\)$`,
    ),
    ja: new RegExp(`${digest} が壊れていて`),
  },
  {
    failure: { fault: "damaged-documents", digest, said: "no JSON" },
    en: new RegExp(`read from the mail or file ${digest} is damaged`),
    ja: new RegExp(`${digest} から読み取った内容が壊れています`),
  },
  {
    failure: { fault: "damaged-report", report: "17", said: "no JSON" },
    en: /report 17 is damaged; sekisho report reparse/,
    ja: /レポート 17 の内容が壊れています。.*sekisho report reparse/,
  },
  {
    failure: { fault: "damaged-details", report: "17", said: "no JSON" },
    en: /records of report 17 are damaged; sekisho report reparse/,
    ja: /レポート 17 のレコードが壊れています。.*sekisho report reparse/,
  },
  { failure: { fault: "stopped", said: "x" }, en: /it has stopped/, ja: /停止しています/ },
])("PostgreSQL: $failure.fault", ({ failure, en, ja }) => {
  // However it is worded for logs.
  const error = new StoreError({ place: postgresPlace, failure, message: "any" });
  expect(storeFailure(error, "en")).toMatch(en);
  expect(storeFailure(error, "ja")).toMatch(ja);
});

test.each([
  ["en", "was removed or replaced while it was in use; call the command again"],
  ["ja", "使用中にファイルが削除されたか"],
] as const)("a file that is no longer the same (%s)", (lang, says) => {
  expect(storeFailure(replacedError("/d/reports.sqlite"), lang)).toContain(says);
});

test("records that are damaged", () => {
  const error = recordsError(coded("database disk image is malformed", { errcode: 11 }), "any");
  expect(storeFailure(error, "en")).toMatch(
    /^the store of records cannot be used: it is damaged; sekisho serve/,
  );
});

test.each(["en", "ja"].filter(isLang))("what is in the operator's language stays as it is (%s)", (lang) => {
  const own = new SekishoError("STORE_UNAVAILABLE", "いま別のプロセスが鍵を操作しています");
  expect(storeFailure(own, lang)).toBeUndefined();
  const cause = coded("EACCES: permission denied, mkdir '/x'", { code: "EACCES" });
  expect(
    storeFailure(new SekishoError("STORE_UNAVAILABLE", "data_dir /x: EACCES", { cause }), lang),
  ).toBeUndefined();
  expect(
    storeFailure(new SekishoError("NOT_FOUND", "x: y", { cause: new Error("y") }), lang),
  ).toBeUndefined();
});
