import { describe, expect, test } from "vitest";
import { listsBelowDomains } from "./list-hints.ts";
import { parseConfig } from "./load.ts";
import type { ConfigProblem } from "./problem.ts";
import { showConfig } from "./show.ts";

async function load(text: string): ReturnType<typeof parseConfig> {
  return parseConfig(text, { file: "test.yaml", hostname: "mx.example.jp" });
}

const sockets = `milter: { sockets: [{ listen: "inet:127.0.0.1:8891" }, { listen: "inet:127.0.0.1:8895", role: sign }] }\n`;

describe("lists", () => {
  test("the defaults are those of docs/lists.md", async () => {
    const nothing = await load("");
    expect(nothing.ok && nothing.config.lists).toEqual({
      hosts: [],
      rememberMs: 7 * 86_400_000,
      batchesMs: 0,
    });
    const one = await load(
      `${sockets}lists: { hosts: [{ name: ml, addresses: [ml.example.jp], socket: "inet:127.0.0.1:8895" }] }`,
    );
    expect(one.ok && one.config.lists.hosts).toEqual([
      {
        name: "ml",
        addresses: [{ domain: "ml.example.jp" }],
        socket: "inet:127.0.0.1:8895",
        networks: [],
        brokenSignatures: "remove",
        rewriteFrom: "policy",
        author: "auto",
      },
    ]);
  });

  test("config show gives the same again", async () => {
    const loaded = await load(`${sockets}
sign: { keys: [{ domain: example.jp, selector: s, file: s.pem }] }
seal: { domain: example.jp, mode: all, recipients: [taro@example.jp, 例え.jp] }
lists:
  remember: off
  batches: 10m
  hosts:
    - { name: mailman, addresses: [Staff@example.jp, 例え.jp], socket: "inet:127.0.0.1:8895", list_id: <Staff.Example.JP>, networks: [192.0.2.30, "2001:db8::/64"], broken_signatures: rename, rewrite_from: always, author: reply_to, display_name: 教職員 }
`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    expect(loaded.config.lists.hosts[0]).toMatchObject({
      listId: "staff.example.jp",
      author: "reply-to",
      addresses: [{ localPart: "staff" }, { domain: "xn--r8jz45g.jp" }],
    });
    const again = await load(showConfig(loaded.config));
    expect(again.ok && again.config.lists).toEqual(loaded.config.lists);
    expect(again.ok && again.config.seal).toEqual(loaded.config.seal);
  });

  const host = (more: string): string =>
    `${sockets}lists: { hosts: [{ name: ml, addresses: [ml.example.jp], ${more} }] }`;
  test.each([
    { yaml: host("rewrite_from: always"), is: "bad-list-host lists.hosts[0]" },
    { yaml: host('socket: "inet:127.0.0.1:9"'), is: "bad-list-socket lists.hosts[0].socket" },
    { yaml: host('socket: "inet:127.0.0.1:8891"'), is: "bad-list-socket lists.hosts[0].socket" },
    { yaml: host("networks: [x]"), is: "bad-network lists.hosts[0].networks[0]" },
    { yaml: host('list_id: "a b"'), is: "bad-list-id lists.hosts[0].list_id" },
    { yaml: host("list_id: x, rewrite_from: sometimes"), is: "not-one-of lists.hosts[0].rewrite_from" },
    { yaml: host('list_id: x, display_name: ""'), is: "empty-text lists.hosts[0].display_name" },
    {
      yaml: `lists: { hosts: [{ name: "a b", addresses: [x.jp], list_id: x }] }`,
      is: "bad-list-name lists.hosts[0].name",
    },
    {
      yaml: `lists: { hosts: [{ name: a, addresses: ["*"], list_id: x }] }`,
      is: "bad-author lists.hosts[0].addresses[0]",
    },
    {
      yaml: `lists: { hosts: [{ name: a, addresses: [x.jp], list_id: x }, { name: a, addresses: [x.jp], list_id: y }] }`,
      is: "bad-second-list lists.hosts[1].name",
    },
    { yaml: "lists: { remember: 1s }", is: "out-of-range lists.remember" },
    { yaml: "lists: { batches: never }", is: "bad-duration lists.batches" },
    {
      yaml: "seal: { domain: example.jp, recipients: [x] }\nsign: { keys: [{ domain: example.jp, selector: s, file: f }] }",
      is: "bad-author seal.recipients[0]",
    },
  ])("$is", async ({ yaml, is }) => {
    const loaded = await load(yaml);
    expect(loaded.ok ? [] : loaded.errors.map(({ code, path }) => `${code} ${path}`)).toEqual([is]);
  });
});

function said(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ code, path }) => `${code} ${path}`);
}

describe("what else the lists need", () => {
  const lists = (addresses: string, more = ""): string =>
    `${sockets}lists: { hosts: [{ name: ml, addresses: ${addresses}, socket: "inet:127.0.0.1:8895"${more} }] }\n`;
  const keys = (...rows: string[]): string =>
    `sign: { keys: [${rows.map((row) => `{ selector: s, file: f, ${row} }`).join(", ")}] }\n`;

  test.each([
    {
      name: "no key for the lists",
      yaml: lists("[ml.example.jp]"),
      is: ["list-unsigned lists.hosts[0].addresses[0]"],
    },
    { name: "a key", yaml: lists("[ml.example.jp]") + keys("domain: ml.example.jp"), is: [] },
    {
      name: "a key above",
      yaml: lists("[ml.example.jp]") + keys("domain: example.jp, include_subdomains: true"),
      is: [],
    },
    {
      name: "a key above that does not sign below",
      yaml: lists("[ml.example.jp]") + keys("domain: example.jp"),
      is: ["list-unsigned lists.hosts[0].addresses[0]"],
    },
    { name: "From is never rewritten", yaml: lists("[ml.example.jp]", ", rewrite_from: never"), is: [] },
    {
      name: "each domain once",
      yaml: lists("[a@ml.example.jp, b@ml.example.jp]"),
      is: ["list-unsigned lists.hosts[0].addresses[0]"],
    },
  ])("warning: $name", async ({ yaml, is }) => {
    const loaded = await load(yaml);
    expect(loaded.ok && said(loaded.warnings)).toEqual(is);
  });

  test.each([
    {
      name: "a lab below its department",
      yaml: lists("[lab.dept.example.jp]") + keys("domain: dept.example.jp", "domain: example.jp"),
      parent: "dept.example.jp",
    },
    {
      name: "known by own_domains",
      yaml: `${lists("[lab.dept.example.jp]")}verify: { own_domains: [example.jp] }\n`,
      parent: "example.jp",
    },
    {
      name: "the domain itself",
      yaml: lists("[dept.example.jp]") + keys("domain: dept.example.jp"),
      parent: undefined,
    },
  ])("RFC 9989 §4.10 sp=: $name", async ({ yaml, parent }) => {
    const loaded = await load(yaml);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const [hint, ...more] = listsBelowDomains(loaded.config);
    expect(more).toEqual([]);
    expect(hint?.code).toBe(parent && "list-below");
    if (parent === undefined || hint === undefined) return;
    for (const text of [hint.text.en, hint.text.ja]) {
      expect(text).toContain("sp=none");
      expect(text).toContain("_dmarc.lab.dept.example.jp");
      expect(text).toContain(` ${parent}`);
    }
  });
});
