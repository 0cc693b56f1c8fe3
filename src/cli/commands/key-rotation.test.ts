import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestZone, type TestZone } from "../../../test/rotation-zone.ts";
import { type Outcome, runCli } from "../../../test/run-cli.ts";

let folder: string;
let zone: TestZone;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sekisho-rotation-"));
  zone = await startTestZone("example.jp");
});
afterEach(async () => {
  await zone.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configure(rotate: string, keys = ""): void {
  writeFileSync(
    join(folder, "c.yaml"),
    `hostname: mx.example.jp
data_dir: ${folder}/data
dns:
  nameservers: ["127.0.0.1:${zone.port}"]
  timeout: 5s
  authoritative: [{ zone: example.jp, servers: ["127.0.0.1:${zone.port}"] }]
sign:
  ${keys}
  rotate: ${rotate}
`,
  );
}

function cli(...args: readonly string[]): Promise<Outcome> {
  return runCli([...args, "--config", join(folder, "c.yaml")], { columns: 200 });
}

interface Listed {
  readonly selector: string;
  readonly name: string;
  readonly file: string;
  readonly record: string;
  readonly rotation: { readonly state: string; readonly awaits: string; readonly why: string };
}

async function keysBy(...args: readonly string[]): Promise<readonly Listed[]> {
  const { out } = await cli(...args, "--json");
  return JSON.parse(out) as Listed[];
}

const fast = "check_every: 1s, retire_after: 1s, remove_after: 1s";

describe("by hand", () => {
  beforeEach(() => configure(`{ domains: [example.jp], algorithms: [ed25519], ${fast} }`));

  test("rotate prints the record, publish finds it, and mail is signed with the new key", async () => {
    const { code, out, err } = await cli("key", "rotate", "example.jp");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("planned → generated");
    expect(out).toMatch(
      /^e\d{8}a\._domainkey\.example\.jp\. IN TXT "v=DKIM1; k=ed25519; p=[A-Za-z0-9+/=]+"$/m,
    );
    expect(out).toContain("sekisho serve does not run");
    const [key] = await keysBy("key", "rotate");
    expect(key?.rotation).toMatchObject({ state: "generated", awaits: "publish-by-hand" });
    zone.records.set(key?.name ?? "", key?.record ?? "");
    await cli("key", "publish");
    const [used] = await keysBy("key", "publish");
    expect(used?.rotation).toMatchObject({ state: "active", why: "switched" });

    writeFileSync(join(folder, "m.eml"), "From: a@example.jp\n\nHi\n");
    const signed = await cli("sign", join(folder, "m.eml"));
    expect(signed.out).toContain(`s=${used?.selector}`);
    expect((await cli("key", "verify")).code).toBe(0);
    expect((await cli("key", "dns", "--form", "value")).out.trim()).toBe(used?.record);
  });

  test("in Japanese", async () => {
    const { out } = await runCli(["key", "rotate", "--lang", "ja", "--config", join(folder, "c.yaml")], {
      columns: 200,
    });
    expect(out).toContain("次のレコードを公開してください。");
    expect(out).toMatch(/状態 +作成済み（/);
    const list = await runCli(["key", "list", "--lang", "ja", "--config", join(folder, "c.yaml")]);
    expect(list.out).toContain("管理者によるレコードの公開");
  });

  test("a wrong record is named", async () => {
    const [key] = await keysBy("key", "rotate");
    zone.records.set(key?.name ?? "", "v=DKIM1; k=ed25519; p=");
    const { out } = await cli("key", "publish");
    expect(out).toContain(`127.0.0.1#${zone.port}: p= is empty`);
  });

  test("a record that every server has is not asked for again", async () => {
    const [key] = await keysBy("key", "rotate");
    // Caches may hold this one for a while.
    zone.records.set(key?.name ?? "", "v=DKIM1; k=ed25519; p=");
    expect((await cli("key", "publish")).out).toContain("Publish this record");
    zone.records.set(key?.name ?? "", key?.record ?? "");
    await cli("key", "publish");
    const { out } = await cli("key", "publish");
    expect(out).toContain("caches to forget");
    expect(out).not.toContain("Publish this record");
  });

  test("retire gives up a key that has not signed", async () => {
    const [key] = await keysBy("key", "rotate");
    const { code } = await cli("key", "retire", "--selector", key?.selector ?? "");
    expect(code).toBe(0);
    const listed = await keysBy("key", "list");
    expect(listed.find(({ selector }) => selector === key?.selector)?.rotation).toMatchObject({
      state: "gone",
      why: "abandoned",
    });
    expect(existsSync(key?.file ?? "")).toBe(false);
  });
});

describe("a domain without a key yet", () => {
  const told = (lang: string, ...args: readonly string[]): Promise<Outcome> =>
    runCli([...args, "--lang", lang, "--config", join(folder, "c.yaml")], { columns: 200 });

  test("is listed, with when its first key is made", async () => {
    configure(`{ domains: [example.jp, example.com], algorithms: [ed25519], ${fast} }`);
    expect(await told("en", "key", "list")).toMatchObject({
      code: 0,
      out: "No keys yet of example.jp, example.com, to rotate by sign.rotate.\nThe first one is made when sekisho serve starts. To make it now:\n  sekisho key rotate example.jp\n  sekisho key rotate example.com\n",
    });
    expect((await told("ja", "key", "list")).out).toBe(
      "交代の対象（sign.rotate）のうち、まだ鍵のないドメイン: example.jp、example.com\n最初の鍵は sekisho serve の起動時に作られます。すぐに作るには次を実行してください:\n  sekisho key rotate example.jp\n  sekisho key rotate example.com\n",
    );
    expect((await told("en", "key", "dns")).err).toContain("sekisho: No keys yet of example.jp, example.com");
    expect((await told("en", "key", "list", "--json")).out).toBe("[]\n");
    await told("en", "key", "rotate", "example.jp");
    const { out } = await told("en", "key", "list");
    expect(out).toMatch(/^e\d{8}a\._domainkey\.example\.jp\n/);
    expect(out).toContain("\n\nNo keys yet of example.com, to rotate");
  });

  test.each([
    [
      "en",
      "no new key of nowhere.test could be begun: DNS has no zone that nowhere.test belongs to; look at the spelling of the domain, publish its zone first, or name its servers in dns.authoritative",
    ],
    [
      "ja",
      "nowhere.test の新しい鍵を用意できませんでした。nowhere.test を含むゾーンが DNS にありません。ドメイン名の綴りを確かめ、ゾーンを先に公開するか、dns.authoritative に権威サーバーを設定してください",
    ],
  ])("that DNS does not know is told with what to do (%s)", async (lang, says) => {
    configure(`{ domains: [nowhere.test], algorithms: [ed25519], ${fast} }`);
    const { code, out, err } = await told(lang, "key", "rotate", "nowhere.test");
    expect(err).toBe(`sekisho: ${says}\n`);
    expect(out).not.toContain("no-zone");
    expect(code).toBe(3);
    expect(await told(lang, "key", "rotate", "nowhere.test", "--json")).toEqual({ code, err, out: "[]\n" });
  });
});

describe("by a hook", () => {
  const hook = (): string => join(folder, "hook.sh");
  const said = (): readonly { action: string; name: string; text: string }[] =>
    readFileSync(join(folder, "said"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { action: string; name: string; text: string });

  beforeEach(() => {
    writeFileSync(hook(), `#!/bin/sh\ncat >> '${folder}/said'\ntest ! -e '${folder}/broken'\n`);
    chmodSync(hook(), 0o755);
    configure(
      `{ domains: [example.jp], algorithms: [ed25519], ${fast}, publish: { method: hook, command: [${hook()}] } }`,
    );
  });

  /** What a DNS provider does with what the hook was told. */
  function serve(): void {
    for (const { action, name, text } of said())
      if (action === "remove") zone.records.delete(name);
      else zone.records.set(name, text);
  }

  async function newKey(): Promise<string> {
    await cli("key", "rotate");
    serve();
    await cli("key", "publish");
    const keys = await keysBy("key", "publish");
    return keys.find(({ rotation }) => rotation.state === "active")?.selector ?? "";
  }

  test("a failure is told with what the hook said, and tried again", async () => {
    writeFileSync(join(folder, "broken"), "");
    const { code, out } = await cli("key", "rotate");
    expect(code).toBe(1);
    expect(out).toContain("exit code 1");
    rmSync(join(folder, "broken"));
    serve();
    await cli("key", "publish");
    expect((await keysBy("key", "publish"))[0]?.rotation.state).toBe("active");
  });

  test("a key in use is not retired; a compromised one is, as soon as its successor signs", async () => {
    const first = await newKey();
    const refused = await cli("key", "retire", "--selector", first);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("is in use");
    await cli("key", "retire", "--selector", first, "--compromised");
    serve();
    for (let i = 0; i < 3; i++) {
      await cli("key", "publish");
      serve();
    }
    const states = (await keysBy("key", "list")).map(({ selector, rotation }) => [
      selector === first,
      rotation.state,
    ]);
    expect(states).toContainEqual([false, "active"]);
    expect(states.find(([isFirst]) => isFirst === true)?.[1]).toMatch(/revoked|gone/);
    expect(
      said()
        .map(({ action }) => action)
        .slice(0, 3),
    ).toEqual(["publish", "publish", "revoke"]);
  });

  test("a key that has just been replaced is not revoked before its time", async () => {
    configure(
      `{ domains: [example.jp], algorithms: [ed25519], check_every: 1s, publish: { method: hook, command: [${hook()}] } }`,
    );
    const first = await newKey();
    const second = await newKey();
    expect(second).not.toBe(first);
    const { code, err } = await cli("key", "retire", "--selector", first);
    expect(code).toBe(2);
    expect(err).toContain("not before 20");
  });
});

describe("keys of the configuration", () => {
  test("they are listed with their state, and are the first to sign", async () => {
    configure("{ every: off }");
    const made = await cli(
      "key",
      "generate",
      "--domain",
      "example.jp",
      "--type",
      "ed25519",
      "--selector",
      "hand",
      "--json",
    );
    const { file, value } = JSON.parse(made.out) as { file: string; value: string };
    zone.records.set("hand._domainkey.example.jp", value);
    configure("{ every: off }", `keys: [{ domain: example.jp, selector: hand, file: ${file} }]`);
    expect((await keysBy("key", "list"))[0]?.rotation).toBeUndefined();
    const { out } = await cli("key", "rotate");
    expect(out).toContain("a key of sign.keys");
    expect(
      (await keysBy("key", "list")).map(({ selector, rotation }) => [selector.slice(0, 1), rotation.state]),
    ).toEqual([
      ["h", "active"],
      ["e", "generated"],
    ]);
  });
});

test("a key of the configuration that is not taken in yet, as its file cannot be read: retire says so", async () => {
  configure("{ every: off }", `keys: [{ domain: example.jp, selector: hand, file: ${folder}/none.pem }]`);
  const asked = ["key", "retire", "example.jp", "--selector", "hand", "--compromised"];
  const { code, err } = await cli(...asked);
  expect([code, err.includes("there is no key")]).toEqual([3, false]);
  expect(err).toContain(`${folder}/none.pem`);
  expect((await cli(...asked, "--lang", "ja")).err).toContain("やり直してください");
});

describe("what is asked wrongly", () => {
  test.each([
    [["key", "rotate", "other.example"], 2, "other.example"],
    [["key", "retire", "example.jp"], 2, "--selector"],
    [["key", "retire", "example.jp", "--selector", "nobody"], 1, "nobody"],
    [["key", "list", "example.jp"], 2, "example.jp"],
  ] as const)("%j", async (args, code, said) => {
    configure("{ domains: [example.jp] }");
    const outcome = await cli(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(said);
  });

  test("two domains: which one", async () => {
    configure("{ domains: [example.jp, example.com] }");
    const { code, err } = await cli("key", "rotate");
    expect([code, err.includes("sekisho key rotate DOMAIN")]).toEqual([2, true]);
  });

  test("nothing rotates", async () => {
    writeFileSync(join(folder, "c.yaml"), "hostname: mx.example.jp\n");
    expect(await cli("key", "rotate", "example.jp")).toMatchObject({ code: 2 });
  });

  test("nobody answers: the zone is not known", async () => {
    writeFileSync(
      join(folder, "c.yaml"),
      `hostname: mx.example.jp\ndata_dir: ${folder}/data\ndns: { nameservers: ["127.0.0.1:${zone.port}"], timeout: 300ms }\nsign: { rotate: { domains: [example.com] } }\n`,
    );
    const { code, err } = await cli("key", "rotate");
    expect(code).toBe(3);
    expect(err).toMatch(/^sekisho: no new key of example\.com could be begun: DNS has no zone/);
  });
});
