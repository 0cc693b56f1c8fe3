import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { authservIdOf, type Config } from "./config.ts";
import { type LoadedConfig, loadConfig, parseConfig } from "./load.ts";
import { type ConfigProblem, formatProblem } from "./problem.ts";
import { showConfig } from "./show.ts";

const parse = (text: string): Promise<LoadedConfig> =>
  parseConfig(text, { file: "sekisho.yaml", hostname: "mx.example.jp" });

async function configOf(text: string): Promise<Config> {
  const loaded = await parse(text);
  if (!loaded.ok) throw new Error(loaded.errors.map((error) => formatProblem(error, "en")).join("\n"));
  return loaded.config;
}

async function errorsOf(text: string): Promise<readonly ConfigProblem[]> {
  const loaded = await parse(text);
  return loaded.ok ? [] : loaded.errors;
}

/** `code path line:column` */
const brief = ({ code, path, line, column }: ConfigProblem): string => `${code} ${path} ${line}:${column}`;

test("an empty file gives the defaults of the interface", async () => {
  const config = await configOf("");
  expect(config).toMatchObject({
    hostname: "mx.example.jp",
    dataDir: "./data",
    networks: { own: [], relays: [] },
    dns: { timeoutMs: 5000 },
    milter: {
      sockets: [{ listen: "inet:127.0.0.1:8891", role: "both", onFailure: "accept", mode: 0o660 }],
      timeBudgetMs: 25_000,
    },
    verify: {
      policy: { enforce: "monitor" },
      spf: { voidLookups: 2, voidCounting: "query" },
      dkim: { minimumKeyBits: 1024 },
      dmarc: { discovery: "treewalk" },
    },
    record: {
      keepMs: 14 * 86_400_000,
      maxSize: 200_000_000,
      fields: ["from_domain", "to_domain", "message_id"],
    },
    web: { listen: { host: "127.0.0.1", port: 8025 } },
    log: { level: "info", format: "text" },
  });
  expect(config.networks.submitters.map(({ text }) => text)).toEqual(["127.0.0.0/8", "::1"]);
  expect(config.authservId).toBeUndefined();
  expect(config.dns.nameservers).toBeUndefined();
});

test.each([
  {
    yaml: "verify: { enforce: rejekt }",
    says: '"rejekt" is not possible here; did you mean "reject"? One of: monitor,',
  },
  { yaml: "verify: { enforce: xyzzy }", says: '"xyzzy" is not possible here. One of: monitor,' },
])("$yaml: what is possible, with or without a guess", async ({ yaml, says }) => {
  const [error] = await errorsOf(yaml);
  expect(error?.text.en).toContain(says);
});

describe("values", () => {
  test.each<{ yaml: string; read: (config: Config) => unknown; is: unknown }>([
    { yaml: "hostname: MX.Example.JP.", read: (c) => c.hostname, is: "mx.example.jp" },
    { yaml: "hostname: メール.example.jp", read: (c) => c.hostname, is: "xn--4dkua4c.example.jp" },
    { yaml: "authserv_id: mail", read: (c) => c.authservId, is: "mail" },
    { yaml: "dns: { timeout: 1500ms }", read: (c) => c.dns.timeoutMs, is: 1500 },
    {
      yaml: 'dns: { nameservers: [192.0.2.1, "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"] }',
      read: (c) => c.dns.nameservers,
      is: [
        { address: "192.0.2.1", port: 53 },
        { address: "192.0.2.1", port: 5353 },
        { address: "2001:db8::1", port: 53 },
        { address: "2001:db8::1", port: 5353 },
      ],
    },
    {
      yaml: "record: { keep: 1w, max_size: 5MiB }",
      read: (c) => [c.record.keepMs, c.record.maxSize],
      is: [604_800_000, 5_242_880],
    },
    { yaml: "", read: (c) => [c.store, c.collect.keep], is: [undefined, { failureMs: 30 * 86_400_000 }] },
    { yaml: "store: postgres://u@h/db", read: (c) => c.store, is: "postgres://u@h/db" },
    { yaml: "store: file:/etc/sekisho/store", read: (c) => c.store, is: "file:/etc/sekisho/store" },
    {
      yaml: "collect: { keep: { raw: 1w, records: 400d, sums: forever, failure: forever } }",
      read: (c) => c.collect.keep,
      is: { rawMs: 7 * 86_400_000, recordsMs: 400 * 86_400_000 },
    },
    { yaml: "record: { fields: [] }", read: (c) => c.record.fields, is: [] },
    { yaml: "web: { listen: off }", read: (c) => c.web, is: {} },
    { yaml: 'web: { listen: "[::1]:80" }', read: (c) => c.web.listen, is: { host: "::1", port: 80 } },
    { yaml: "networks:\n  # nothing yet", read: (c) => c.networks.own, is: [] },
    { yaml: "networks:\n  own:", read: (c) => c.networks.own, is: [] },
    {
      yaml: "networks: { relays: [ { network: 192.0.2.20, authserv_id: gw.example.jp } ] }",
      read: (c) =>
        c.networks.relays.map(({ text, prefix, authservId, receivedBy }) => [
          text,
          prefix,
          authservId,
          receivedBy,
        ]),
      is: [["192.0.2.20", 32, "gw.example.jp", []]],
    },
    {
      yaml: "milter: { sockets: [ { listen: unix:/run/s, role: sign, mode: '600', group: mail } ] }",
      read: (c) => c.milter.sockets[0],
      is: { listen: "unix:/run/s", role: "sign", onFailure: "tempfail", mode: 0o600, group: "mail" },
    },
    {
      yaml: "milter: { sockets: [ { listen: inet:127.0.0.1:1, on_failure: reject } ] }",
      read: (c) => c.milter.sockets[0]?.onFailure,
      is: "reject",
    },
    {
      yaml: "verify: { dmarc: { discovery: psl, public_suffix_list: /x/list.dat } }",
      read: (c) => c.verify.dmarc,
      is: { discovery: "psl", publicSuffixList: "/x/list.dat" },
    },
    ...(["both", "[treewalk, psl]"] as const).map((discovery) => ({
      yaml: `verify: { dmarc: { discovery: ${discovery} } }`,
      read: (c: Config) => c.verify.dmarc,
      is: { discovery: "treewalk", otherDiscovery: "psl" },
    })),
    {
      yaml: "verify: { dmarc: { discovery: [psl, treewalk] } }",
      read: (c) => c.verify.dmarc,
      is: { discovery: "psl", otherDiscovery: "treewalk" },
    },
    {
      yaml: "",
      read: (c) => c.verify.bimi,
      is: { mode: "off", requireEvidence: true, headers: false, timeoutMs: 3000, maxSize: 32_768 },
    },
    {
      yaml: "verify: { bimi: { mode: fetch, roots: /x/roots.pem, headers: true, timeout: 2s, max_size: 64KiB } }",
      read: (c) => c.verify.bimi,
      is: {
        mode: "fetch",
        roots: "/x/roots.pem",
        requireEvidence: true,
        headers: true,
        timeoutMs: 2000,
        maxSize: 65_536,
      },
    },
    {
      yaml: "verify: { bimi: { mode: fetch, require_evidence: false } }",
      read: (c) => c.verify.bimi.requireEvidence,
      is: false,
    },
    {
      yaml: "",
      read: ({ verify: { arc, policy } }) => [arc.mode, policy.trustedSealers],
      is: ["verify", []],
    },
    {
      yaml: "verify: { arc: { mode: off, trusted_sealers: [Lists.Example.JP, 日本語.example] } }",
      read: ({ verify: { arc, policy } }) => [arc.mode, policy.trustedSealers],
      is: ["off", ["lists.example.jp", "xn--wgv71a119e.example"]],
    },
    { yaml: "milter: { sockets: [] }", read: (c) => c.milter.sockets, is: [] },
    {
      yaml: "milter: { peers: [192.0.2.5], sockets: [ { listen: inet:0.0.0.0:8891 } ] }",
      read: (c) => c.milter.peers.length,
      is: 1,
    },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:[::1]:8891' } ] }",
      read: (c) => c.milter.sockets[0]?.listen,
      is: "inet:[::1]:8891",
    },
  ])("$yaml", async ({ yaml, read, is }) => expect(read(await configOf(yaml))).toEqual(is));
});

describe("errors with their place", () => {
  test.each([
    { yaml: "hostname: 192.0.2.1", is: ["bad-hostname hostname 1:11"] },
    { yaml: "hostname: a b", is: ["bad-hostname hostname 1:11"] },
    { yaml: "hostname: 12", is: ["bad-hostname hostname 1:11"] },
    { yaml: "authserv_id: a;b", is: ["bad-authserv-id authserv_id 1:14"] },
    { yaml: "data_dir: ''", is: ["empty-text data_dir 1:11"] },
    { yaml: "hostnam: x", is: ["unknown-key hostnam 1:1"] },
    { yaml: "dns:\n  nameserver: [127.0.0.1]", is: ["unknown-key dns.nameserver 2:3"] },
    {
      yaml: "users: {}\nwatch: {}",
      is: ["later-key users 1:1", "later-key watch 2:1"],
    },
    { yaml: "verify: { enforce: montior }", is: ["not-one-of verify.enforce 1:20"] },
    { yaml: "verify: { dmarc: { discovery: pls } }", is: ["not-one-of verify.dmarc.discovery 1:31"] },
    { yaml: "verify: { dmarc: { discovery: [psl] } }", is: ["not-one-of verify.dmarc.discovery 1:31"] },
    { yaml: "verify: { dmarc: { discovery: [psl, psl] } }", is: ["not-one-of verify.dmarc.discovery 1:31"] },
    { yaml: "verify: { dmarc: { discovery: 7489 } }", is: ["not-one-of verify.dmarc.discovery 1:31"] },
    { yaml: "verify: { bimi: { mode: fetch } }", is: ["mark-roots-needed verify.bimi.mode 1:25"] },
    { yaml: "verify: { bimi: { max_size: 1MB } }", is: ["out-of-range verify.bimi.max_size 1:29"] },
    { yaml: "verify: { bimi: { timeout: 1m } }", is: ["out-of-range verify.bimi.timeout 1:28"] },
    { yaml: "verify: { bimi: { mode: on } }", is: ["not-one-of verify.bimi.mode 1:25"] },
    { yaml: "verify: { arc: { mode: on } }", is: ["not-one-of verify.arc.mode 1:24"] },
    {
      yaml: "verify: { arc: { trusted_sealers: [192.0.2.1] } }",
      is: ["bad-hostname verify.arc.trusted_sealers[0] 1:36"],
    },
    { yaml: "verify: { spf: { void_lookups: -1 } }", is: ["out-of-range verify.spf.void_lookups 1:32"] },
    { yaml: "verify: { spf: { void_lookups: 2.5 } }", is: ["wrong-type verify.spf.void_lookups 1:32"] },
    {
      yaml: "verify: { dkim: { minimum_key_bits: '1024' } }",
      is: ["wrong-type verify.dkim.minimum_key_bits 1:37"],
    },
    {
      yaml: "verify: { dkim: { minimum_key_bits: 512 } }",
      is: ["out-of-range verify.dkim.minimum_key_bits 1:37"],
    },
    { yaml: "dns: { timeout: 5 }", is: ["bad-duration dns.timeout 1:17"] },
    { yaml: "dns: { timeout: 5 days }", is: ["bad-duration dns.timeout 1:17"] },
    { yaml: "dns: { timeout: 1h }", is: ["out-of-range dns.timeout 1:17"] },
    { yaml: "dns: { nameservers: [localhost] }", is: ["bad-server-address dns.nameservers[0] 1:22"] },
    { yaml: "dns: { nameservers: [] }", is: ["out-of-range dns.nameservers 1:21"] },
    { yaml: "record: { max_size: 1KB }", is: ["out-of-range record.max_size 1:21"] },
    { yaml: "record: { max_size: 10 mb }", is: ["bad-size record.max_size 1:21"] },
    { yaml: "store: mysql://h/db", is: ["bad-store store 1:8"] },
    { yaml: "store: data.sqlite", is: ["bad-store store 1:8"] },
    { yaml: "collect: { keep: { raw: always } }", is: ["bad-keep collect.keep.raw 1:25"] },
    { yaml: "collect: { keep: { failure: 1s } }", is: ["out-of-range collect.keep.failure 1:29"] },
    { yaml: "record: { fields: [body] }", is: ["not-one-of record.fields[0] 1:20"] },
    {
      yaml: "networks: { submitters: [10.0.0.0/33, fe80::1%1] }",
      is: ["bad-network networks.submitters[0] 1:26", "bad-network networks.submitters[1] 1:39"],
    },
    { yaml: "networks: { submitters: 10.0.0.0/8 }", is: ["wrong-type networks.submitters 1:25"] },
    { yaml: "networks: { own: [ { name: x } ] }", is: ["missing-key networks.own[0].network 1:20"] },
    {
      yaml: "networks: { relays: [ { network: 192.0.2.1, authserv_id: 'a b' } ] }",
      is: ["bad-authserv-id networks.relays[0].authserv_id 1:58"],
    },
    { yaml: "milter: { sockets: [ {} ] }", is: ["missing-key milter.sockets[0].listen 1:22"] },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:8891@localhost' } ] }",
      is: ["bad-listen milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:::1:8891' } ] }",
      is: ["bad-listen milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:127.0.0.1:99999' } ] }",
      is: ["bad-listen milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: 'unix:run/x' } ] }",
      is: ["bad-listen milter.sockets[0].listen 1:32"],
    },
    {
      yaml: `milter: { sockets: [ { listen: 'unix:/${"x".repeat(107)}' } ] }`,
      is: ["bad-listen milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:0.0.0.0:1' } ] }",
      is: ["peers-needed milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: 'inet:[::]:1' } ] }",
      is: ["peers-needed milter.sockets[0].listen 1:32"],
    },
    {
      yaml: "milter: { sockets: [ { listen: unix:/a }, { listen: unix:/a } ] }",
      is: ["duplicate-listen milter.sockets[1].listen 1:53"],
    },
    {
      yaml: "milter: { time_budget: 1, sockets: [ { listen: 'inet:0.0.0.0:1', mode: x } ] }",
      is: [
        "bad-duration milter.time_budget 1:24",
        "peers-needed milter.sockets[0].listen 1:48",
        "bad-mode milter.sockets[0].mode 1:72",
      ],
    },
    {
      yaml: "milter: { sockets: [ { listen: unix:/a, mode: 0660 } ] }",
      is: ["bad-mode milter.sockets[0].mode 1:47"],
    },
    { yaml: "web: { listen: 0.0.0.0:80 }", is: ["web-beyond-loopback web.listen 1:16"] },
    { yaml: "web: { listen: 8025 }", is: ["bad-web-listen web.listen 1:16"] },
    { yaml: "log: loud", is: ["wrong-type log 1:6"] },
    { yaml: "- a", is: ["not-a-map  1:1"] },
    { yaml: "just text", is: ["not-a-map  1:1"] },
    { yaml: "log: {}\nlog: {}", is: ["duplicate-key  2:1"] },
    { yaml: "log: [", is: ["yaml-syntax  1:7"] },
    { yaml: "log: {}\n---\nlog: {}", is: ["yaml-syntax  2:1"] },
    { yaml: "log: !!js/function x", is: ["yaml-syntax  1:6"] },
    { yaml: "log: *nowhere", is: ["yaml-syntax  1:6"] },
    { yaml: "log: &a\n  level: *a", is: ["yaml-syntax  2:10"] },
  ])("$yaml", async ({ yaml, is }) => expect((await errorsOf(yaml)).map(brief)).toEqual(is));

  test("a slip of the pen is told apart from a part that is not built yet", async () => {
    const [slip, later] = await errorsOf("nettworks: {}\nwatch: {}");
    expect(slip?.text.en).toContain('did you mean "networks"');
    expect(slip?.text.ja).toContain("「networks」の間違い");
    expect(later?.text.en).toContain("not in this version");
    expect(later?.text.ja).toContain("まだありません");
  });

  test("one line for people: file, line, column, key", async () => {
    const [error] = await errorsOf("dns:\n  timeout: soon");
    expect(error && formatProblem(error, "en", "/etc/s.yaml")).toMatch(
      /^\/etc\/s\.yaml:2:12: dns\.timeout: "soon" is no duration/,
    );
    expect(error && formatProblem(error, "ja")).toMatch(/^dns\.timeout: 「soon」は時間として/);
  });
});

describe("warnings", () => {
  test.each([
    { yaml: "hostname: mx", is: ["hostname-not-qualified"] },
    { yaml: "hostname: mx\nauthserv_id: mx.example.jp", is: [] },
    { yaml: "networks: { submitters: [0.0.0.0/0] }", is: ["network-everyone"] },
    { yaml: "milter: { peers: ['::/0'] }", is: ["network-everyone"] },
    { yaml: "", is: [] },
  ])("$yaml", async ({ yaml, is }) => {
    const loaded = await parse(yaml);
    expect(loaded.ok && loaded.warnings.map(({ code }) => code)).toEqual(is);
  });
});

test.each([
  "log: [",
  "log: {}\n---\nlog: {}",
  "log: !!js/function x",
  "log: *nowhere",
  "hostname mx.example.jp\nlog: {}",
  "log:\n\tlevel: info",
  "log:\n  level: info\n level: x",
  'hostname: "\\d"',
  "hostname: a: b",
  "hostname: @x",
  "hostname: 'x",
  "log: { level: info, , }",
  "%x\n---\nlog: {}",
])("a fault of YAML is told in Japanese to who reads Japanese: %j", async (yaml) => {
  const loaded = await parse(yaml);
  const texts = loaded.ok ? [] : loaded.errors.map(({ text }) => text);
  expect(texts.length).toBeGreaterThan(0);
  for (const { en, ja } of texts) {
    expect(en).toMatch(/^not valid YAML: [!-~ ]{10,}$/);
    expect(ja).toMatch(/^YAML として正しくありません: .*[ぁ-ん]/);
    expect(ja).not.toMatch(/[A-Za-z]{5,} [a-z]{2,} [a-z]{2,}/);
  }
});

test("a value in place of a section is told how a section is written", async () => {
  const loaded = await parse("networks: { relays: [192.0.2.1] }");
  const [error] = loaded.ok ? [] : loaded.errors;
  expect(error?.text.en).toBe('must be a section, written as "{ key: value }", not 192.0.2.1');
  expect(error?.text.ja).toBe("「{ キー: 値 }」の形の項目を書いてください (現在は 192.0.2.1)。");
});

test("a mode without quotes is told apart from what it should be", async () => {
  const loaded = await parse("milter: { sockets: [{ listen: 'unix:/run/x', mode: 0660 }] }");
  const [error] = loaded.ok ? [] : loaded.errors;
  expect(error?.text.en).toBe('must be a file mode in quotes, such as "0660", not 0660');
  expect(error?.text.ja).toBe(
    'ファイルのモードを "0660" のように引用符で囲んで書いてください (現在は 0660)。',
  );
});

test.each([
  ["milter: { workers: -3 }", "-3 is out of range: at least 0", "-3 は範囲外です。0 以上にしてください。"],
  [
    "web: { listen: '127.0.0.1:8025' }\nmilter: { time_budget: 1ms }",
    /^1ms is out of range: \S+ to \S+$/,
    /^1ms は範囲外です。\S+ から \S+ までの値にしてください。$/,
  ],
])("a value out of range is told with the ends that there are: %s", async (yaml, en, ja) => {
  const loaded = await parse(yaml);
  const [error] = loaded.ok ? [] : loaded.errors;
  expect(error?.text.en).toMatch(en);
  expect(error?.text.ja).toMatch(ja);
});

describe("files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sekisho-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("a file that is named and not there is an error", async () => {
    const loaded = await loadConfig({ file: join(folder, "none.yaml") });
    expect(!loaded.ok && loaded.errors.map(({ code }) => code)).toEqual(["unreadable"]);
  });

  test.each([
    { name: "not UTF-8", octets: Buffer.from([0x61, 0xff, 0xfe]), is: "unreadable" },
    { name: "far too long", octets: Buffer.alloc(1_000_001, 0x20), is: "unreadable" },
  ])("$name", async ({ octets, is }) => {
    const file = join(folder, "s.yaml");
    writeFileSync(file, octets);
    const loaded = await loadConfig({ file });
    expect(!loaded.ok && loaded.errors[0]?.code).toBe(is);
  });

  test.each([
    { it: "is not there", place: "none.yaml", en: "there is no such file", ja: "ファイルがありません" },
    { it: "is a directory", place: ".", en: "it is a directory", ja: "ディレクトリです" },
    { it: "is below a file", place: "s.yaml/x", en: "there is no such file", ja: "ファイルがありません" },
    { it: "is not UTF-8", place: "latin1.yaml", en: "it is not UTF-8", ja: "UTF-8 ではありません" },
    {
      it: "is too long",
      place: "long.yaml",
      en: "more than 1000000 octets",
      ja: "1000000 オクテットを超えて",
    },
  ])("a file that $it: said in words, not in codes", async ({ place, en, ja }) => {
    writeFileSync(join(folder, "s.yaml"), "");
    writeFileSync(join(folder, "latin1.yaml"), Buffer.from([0x61, 0xff]));
    writeFileSync(join(folder, "long.yaml"), Buffer.alloc(1_000_001, 0x20));
    const loaded = await loadConfig({ file: join(folder, place) });
    const text = loaded.ok ? undefined : loaded.errors[0]?.text;
    expect(text?.en).toContain(en);
    expect(text?.ja).toContain(ja);
    for (const said of [text?.en, text?.ja]) expect(said).not.toMatch(/E[A-Z]{4,}/);
  });

  test.each(["", " \n\n"])("a file with %j in it is bad when it must not be empty", async (text) => {
    const file = join(folder, "empty.yaml");
    writeFileSync(file, text);
    const loaded = await loadConfig({ file, refuseEmpty: true });
    expect(loaded).toMatchObject({
      ok: false,
      errors: [{ code: "unreadable", text: { en: "the file cannot be read: it is empty" } }],
    });
    expect(await loadConfig({ file })).toMatchObject({ ok: true });
  });

  test("the file that was read is named", async () => {
    const file = join(folder, "s.yaml");
    writeFileSync(file, "hostname: a.example\n");
    expect(await loadConfig({ file })).toMatchObject({ ok: true, file, config: { hostname: "a.example" } });
  });

  test("the example that is shipped loads without an error or a warning", async () => {
    const file = fileURLToPath(new URL("../../sekisho.example.yaml", import.meta.url));
    expect(await loadConfig({ file })).toMatchObject({ ok: true, warnings: [] });
    expect(readFileSync(file, "utf8")).toContain("研究室A");
  });
});

test("what showConfig prints gives the same configuration", async () => {
  const dmarc = "verify: { dmarc: { discovery: [psl, treewalk], public_suffix_list: /x/list.dat } }";
  for (const text of [
    "",
    dmarc,
    "verify: { bimi: { mode: fetch, roots: /x/roots.pem, headers: true, timeout: 2500ms, max_size: 40KB } }",
    readFileSync(new URL("../../sekisho.example.yaml", import.meta.url), "utf8"),
  ]) {
    const config = await configOf(text);
    expect(await configOf(showConfig(config))).toEqual(config);
  }
});

test.each([
  { own: "a.example", j: "b.example", is: "a.example" },
  { own: undefined, j: "b.example", is: "b.example" },
  { own: undefined, j: "b; c", is: "mx.example.jp" },
  { own: undefined, j: undefined, is: "mx.example.jp" },
])("authserv-id: $own, then {j} $j, then the host name", ({ own, j, is }) => {
  expect(authservIdOf({ hostname: "mx.example.jp", ...(own !== undefined && { authservId: own }) }, j)).toBe(
    is,
  );
});

test("property: whatever the text, it is read or told what is wrong with it, in both languages", async () => {
  const example = readFileSync(new URL("../../sekisho.example.yaml", import.meta.url), "utf8");
  const change = fc.tuple(
    fc.nat({ max: example.length }),
    fc.nat({ max: 12 }),
    fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("\n", "  ", "*a", "&a ", "- ", "null", "{", ": ")),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
      let text = example;
      for (const [at, length, by] of changes) text = text.slice(0, at) + by + text.slice(at + length);
      const loaded = await parse(text);
      if (loaded.ok) return;
      expect(loaded.errors.length).toBeGreaterThan(0);
      for (const error of loaded.errors) {
        expect(error.line).toBeGreaterThan(0);
        expect(error.text.en).not.toContain("undefined");
        expect(error.text.ja).not.toContain("undefined");
      }
    }),
    { numRuns: 150 },
  );
});
