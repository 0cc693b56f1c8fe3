import { describe, expect, test } from "vitest";
import { type LoadedConfig, parseConfig } from "./load.ts";
import type { RotateConfig } from "./rotate-config.ts";
import { showConfig } from "./show.ts";

function parse(rotate: string, rest = ""): Promise<LoadedConfig> {
  return parseConfig(`hostname: mx.example.jp\nsign:\n  rotate: ${rotate}\n${rest}`, { file: "f.yaml" });
}

async function rotateOf(text: string): Promise<RotateConfig> {
  const loaded = await parse(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { rotate } = loaded.config.sign;
  if (rotate === undefined) throw new Error("no rotate");
  return rotate;
}

const day = 86_400_000;

test("the shortest form: the domains of sign.keys, published by hand", async () => {
  expect(await rotateOf("{ every: 90d }")).toEqual({
    everyMs: 90 * day,
    jitterMs: 9 * day,
    retireAfterMs: 7 * day,
    removeAfterMs: 30 * day,
    deleteFiles: true,
    checkEveryMs: 300_000,
    warnAfterMs: day,
    publish: { method: "manual" },
  });
});

test("the whole", async () => {
  const text = `{ every: off, jitter: 1d, domains: [example.jp, { domain: 日本語.example, algorithms: [ed25519, rsa4096, rsa2048], from: [a@example.jp], include_subdomains: true, identity: domain }],
    algorithms: [rsa2048, ed25519], key_dir: /k, retire_after: 10s, remove_after: 20s, delete_files: false, check_every: 1s, warn_after: 2h,
    publish: { method: nsupdate, server: "192.0.2.53:5353", zone: example.jp, ttl: 5m, key_file: /t.key, program: /usr/bin/nsupdate, timeout: 10s },
    notify: { to: [postmaster@example.jp], from: sekisho@example.jp, server: "127.0.0.1:587" } }`;
  const rotate = await rotateOf(text);
  expect(rotate).toMatchObject({
    jitterMs: day,
    domains: [
      { domain: "example.jp", includeSubdomains: false, identity: "none" },
      {
        domain: "xn--wgv71a119e.example",
        // One key of each type.
        algorithms: ["ed25519", "rsa4096"],
        from: [{ domain: "example.jp", localPart: "a" }],
        includeSubdomains: true,
        identity: "domain",
      },
    ],
    keyDir: "/k",
    deleteFiles: false,
    publish: {
      method: "nsupdate",
      server: { address: "192.0.2.53", port: 5353 },
      ttl: 300,
      keyFile: "/t.key",
    },
    notify: { to: ["postmaster@example.jp"], server: { host: "127.0.0.1", port: 587 } },
  });
  expect(rotate.everyMs).toBeUndefined();
});

test.each([
  "{ every: 90d }",
  "{ every: off, domains: [{ domain: example.jp, from: [b@example.jp] }], publish: { method: hook, command: [/h, a] } }",
  '{ publish: { method: nsupdate, server: "[2001:db8::1]:53", ttl: 1m }, notify: { to: [a@example.jp] } }',
])("config show gives the same again: %s", async (text) => {
  const loaded = await parse(
    text,
    "dns: { authoritative: [{ zone: example.jp, servers: [192.0.2.1, '[::1]:5300'] }] }",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const again = await parseConfig(showConfig(loaded.config), { file: "f.yaml" });
  expect(again.ok && again.config).toEqual(loaded.config);
});

test.each([
  ["{ every: soon }", "sign.rotate.every", "bad-every"],
  ["{ every: 0s }", "sign.rotate.every", "out-of-range"],
  ["{ domains: [nodots] }", "sign.rotate.domains[0]", "bad-domain"],
  ["{ domains: [] }", "sign.rotate.domains", "out-of-range"],
  ["{ algorithms: [dsa] }", "sign.rotate.algorithms[0]", "not-one-of"],
  ["{ publish: { method: hook } }", "sign.rotate.publish.method", "bad-hook"],
  ["{ publish: { server: ns1.example.jp } }", "sign.rotate.publish.server", "bad-server-address"],
  ["{ notify: { to: [nobody] } }", "sign.rotate.notify.to[0]", "bad-mailbox"],
  ["{ notify: { to: [a@example.jp], server: mail } }", "sign.rotate.notify.server", "bad-smtp-server"],
  ["{ evry: 90d }", "sign.rotate.evry", "unknown-key"],
])("%s", async (text, path, code) => {
  const loaded = await parse(text);
  expect(loaded.ok ? [] : loaded.errors.map((error) => [error.path, error.code])).toContainEqual([
    path,
    code,
  ]);
});

describe("warnings", () => {
  const codes = async (text: string, rest = ""): Promise<readonly string[]> => {
    const loaded = await parse(text, rest);
    return loaded.ok ? loaded.warnings.map(({ code }) => code) : ["not read"];
  };
  test("RFC 5321 §4.5.4.1: a record that goes before queues give up", async () => {
    expect(await codes("{ domains: [example.jp], retire_after: 3d }")).toEqual(["rotate-retire-soon"]);
  });
  test("nothing to rotate", async () => {
    expect(await codes("{ every: 90d }")).toEqual(["rotate-nothing"]);
  });
  test("neither with keys", async () => {
    expect(await codes("{ every: 90d }\n  keys: [{ domain: example.jp, selector: a, file: /a }]")).toEqual(
      [],
    );
  });
});
