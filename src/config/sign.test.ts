import { describe, expect, test } from "vitest";
import { parseConfig } from "./load.ts";
import { showConfig } from "./show.ts";
import { parseAuthorPattern } from "./sign-schema.ts";

async function load(text: string): ReturnType<typeof parseConfig> {
  return parseConfig(text, { file: "test.yaml", hostname: "mx.example.jp" });
}

const key = "domain: example.jp, selector: s1, file: /k/s1.pem";

describe("sign and seal", () => {
  test("a key signs for its own domain unless more is said, and the defaults are those of docs/signing.md", async () => {
    const loaded = await load(`sign: { keys: [ { ${key} } ] }`);
    expect(loaded.ok && loaded.config.sign).toEqual({
      keys: [
        {
          domain: "example.jp",
          selector: "s1",
          file: "/k/s1.pem",
          from: [{ domain: "example.jp" }],
          includeSubdomains: false,
          anyDomain: false,
          thirdParty: false,
          identity: "none",
        },
      ],
      canonicalization: { header: "relaxed", body: "relaxed" },
      timestamp: true,
      extraHeaders: [],
      oversignHeaders: [],
      nullSender: "sign",
      onFailure: "tempfail",
      onFragile: "sign",
      burst: { messages: 500, perMs: 3_600_000, action: "warn" },
    });
    expect(loaded.ok && loaded.config.seal).toBeUndefined();
  });

  test("config show gives the same again, and passphrases are only references", async () => {
    const loaded = await load(`
sign:
  keys:
    - { ${key}, passphrase: "env:PASS", from: [lab.example.jp, 太郎@例え.jp], third_party: true, identity: address, include_subdomains: true }
    - { domain: 例え.jp, selector: e1, file: e1.pem, from: [], any_domain: true }
  canonicalization: simple/relaxed
  timestamp: false
  expire: 14d
  extra_headers: [X-One]
  oversign_headers: [Reply-To]
  null_sender: local
  on_failure: unsigned
  on_fragile: hold
  logins: { file: /etc/sekisho/logins, on_mismatch: hold, unlisted: own }
  burst: { action: off }
seal: { domain: example.jp, selector: s1 }
`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const shown = showConfig(loaded.config);
    expect(shown).toContain("passphrase: env:PASS");
    const again = await load(shown);
    expect(again.ok && again.config).toEqual(loaded.config);
    expect(loaded.config.sign.keys[0]?.from).toEqual([
      { domain: "lab.example.jp" },
      { domain: "xn--r8jz45g.jp", localPart: "太郎" },
    ]);
  });

  test.each([
    ["sign: { keys: [ { domain: jp, selector: s1, file: x } ] }", "bad-domain sign.keys[0].domain"],
    [
      "sign: { keys: [ { domain: example.jp, selector: a b, file: x } ] }",
      "bad-selector sign.keys[0].selector",
    ],
    ["sign: { keys: [ { domain: example.jp, selector: s1 } ] }", "missing-key sign.keys[0].file"],
    [`sign: { keys: [ { ${key}, passphrase: open } ] }`, "bad-secret sign.keys[0].passphrase"],
    [`sign: { keys: [ { ${key}, from: ["*"] } ] }`, "bad-author sign.keys[0].from[0]"],
    [`sign: { keys: [ { ${key}, from: ["*@example.jp"] } ] }`, "bad-author sign.keys[0].from[0]"],
    [`sign: { keys: [ { ${key}, from: [.example.jp] } ] }`, "bad-author sign.keys[0].from[0]"],
    [`sign: { keys: [ { ${key}, from: [example.com] } ] }`, "bad-alignment sign.keys[0].from"],
    [`sign: { keys: [ { ${key}, from: [badexample.jp] } ] }`, "bad-alignment sign.keys[0].from"],
    [`sign: { keys: [ { ${key}, identity: all } ] }`, "not-one-of sign.keys[0].identity"],
    [
      `sign: { keys: [ { ${key} }, { domain: EXAMPLE.jp, selector: S1, file: other.pem } ] }`,
      "bad-second-selector sign.keys[1].selector",
    ],
    ["sign: { expire: 1m }", "out-of-range sign.expire"],
    ["sign: { canonicalization: relaxed }", "not-one-of sign.canonicalization"],
    ["sign: { extra_headers: [Received] }", "bad-field-name sign.extra_headers[0]"],
    ["sign: { oversign_headers: ['a;b'] }", "bad-field-name sign.oversign_headers[0]"],
    ["sign: { oversign_headers: [ARC-Seal] }", "bad-field-name sign.oversign_headers[0]"],
    ["sign: { logins: {} }", "missing-key sign.logins.file"],
    ["sign: { logins: { file: x, unlisted: all } }", "not-one-of sign.logins.unlisted"],
    ["sign: { burst: { messages: 0 } }", "out-of-range sign.burst.messages"],
    ["sign: { burst: { per: 8d } }", "out-of-range sign.burst.per"],
    ["sign: { on_failure: accept }", "not-one-of sign.on_failure"],
    ["seal: { domain: example.jp }", "bad-seal-key seal.domain"],
    [
      `sign: { keys: [ { ${key} } ] }\nseal: { domain: example.jp, selector: s2 }`,
      "bad-seal-key seal.domain",
    ],
  ])("%s", async (yaml, problem) => {
    const loaded = await load(yaml);
    expect(!loaded.ok && loaded.errors.map(({ code, path }) => `${code} ${path}`)).toEqual([problem]);
    for (const { text } of loaded.ok ? [] : loaded.errors) expect(text.ja).not.toBe(text.en);
  });

  test("one key may stand twice, with rules of its own each time", async () => {
    const twice = `sign: { keys: [ { ${key} }, { ${key}, from: [boss@example.jp], identity: address } ] }`;
    expect((await load(twice)).ok).toBe(true);
  });
});

test.each([
  ["example.jp", { domain: "example.jp" }],
  ["EXAMPLE.jp", { domain: "example.jp" }],
  ["Taro@Example.jp", { domain: "example.jp", localPart: "taro" }],
  ["a@b@example.jp", undefined],
  ["@example.jp", undefined],
  ["taro@", undefined],
  ["taro@jp", undefined],
  ["a b@example.jp", undefined],
  ["*@example.jp", undefined],
  ["", undefined],
])("author pattern %j", (text, pattern) => expect(parseAuthorPattern(text)).toEqual(pattern));
