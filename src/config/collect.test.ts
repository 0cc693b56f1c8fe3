import { describe, expect, test } from "vitest";
import type { CollectConfig } from "./collect-config.ts";
import { type LoadedConfig, parseConfig } from "./load.ts";
import { showConfig } from "./show.ts";

function parse(collect: string): Promise<LoadedConfig> {
  return parseConfig(`hostname: mx.example.jp\ncollect: ${collect}\n`, { file: "f.yaml" });
}

async function collectOf(text: string): Promise<CollectConfig> {
  const loaded = await parse(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config.collect;
}

const shortest = `{ host: imap.example.jp, user: dmarc@example.jp, password: "file:/etc/sekisho/imap", idle: true }`;

test("nothing comes in when nothing is said", async () => {
  expect(await collectOf("{}")).toMatchObject({ mailboxes: [], folders: [] });
});

test("the shortest mailbox", async () => {
  const { mailboxes } = await collectOf(`{ mailbox: ${shortest} }`);
  expect(mailboxes).toEqual([
    {
      host: "imap.example.jp",
      port: 993,
      tls: "implicit",
      user: "dmarc@example.jp",
      login: { kind: "password", password: "file:/etc/sekisho/imap" },
      folders: ["INBOX"],
      idle: true,
      pollMs: 300_000,
      after: { kind: "leave" },
      maxSize: 64_000_000,
    },
  ]);
});

const whole = `
  mailbox:
    - { host: localhost, port: 1143, tls: "off", ca: /c.pem, user: a, token_command: [/t, x], folders: [INBOX, INBOX, A/B], idle: false, poll: 1h, after: move A B, unread_to: U, max_size: 1MB, authserv_ids: [MX.google.com] }
    - { host: imap.example.jp, tls: starttls, user: b, password: "env:P", after: "flag $Done \\\\Seen" }
  folder: { path: /var/spool/reports, poll: 1m, after: move /done, unread_to: /odd }
  lmtp: { listen: "unix:/run/l.sock", mode: "0666", group: postfix, protocol: smtp, recipients: [DMARC@example.jp], max_size: 1MB }
`;

test("the whole, and config show gives the same again", async () => {
  const loaded = await parse(whole);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { mailboxes, folders, lmtp } = loaded.config.collect;
  expect(mailboxes).toMatchObject([
    {
      port: 1143,
      tls: "off",
      login: { kind: "token", command: ["/t", "x"] },
      folders: ["INBOX", "A/B"],
      after: { kind: "move", folder: "A B" },
      unreadTo: "U",
      authservIds: ["mx.google.com"],
    },
    { port: 143, after: { kind: "flag", flags: ["$Done", "\\Seen"] } },
  ]);
  expect(folders).toEqual([
    {
      path: "/var/spool/reports",
      pollMs: 60_000,
      after: { kind: "move", folder: "/done" },
      unreadTo: "/odd",
    },
  ]);
  expect(lmtp).toEqual({
    listen: "unix:/run/l.sock",
    address: { kind: "unix", path: "/run/l.sock" },
    mode: 0o666,
    group: "postfix",
    protocol: "smtp",
    recipients: ["dmarc@example.jp"],
    maxSize: 1_000_000,
  });
  const again = await parseConfig(showConfig(loaded.config), { file: "shown.yaml" });
  if (!again.ok) throw new Error(JSON.stringify(again.errors));
  expect(again.config.collect).toEqual(loaded.config.collect);
});

const box = (more: string): string => `{ mailbox: { host: h.example, user: u, password: "env:P", ${more} } }`;
const lmtp = (more: string): string => `{ lmtp: { recipients: [a@example.jp], ${more} } }`;
const wrong = [
  [`{ mailbox: { user: u, password: "env:P" } }`, "collect.mailbox.host", "missing-key"],
  [`{ mailbox: [${shortest}, { user: u }] }`, "collect.mailbox[1].host", "missing-key"],
  [`{ mailbox: { host: h, user: u, password: geheim } }`, "collect.mailbox.password", "bad-secret"],
  [`{ mailbox: { host: h, user: u } }`, "collect.mailbox.user", "bad-mailbox-login"],
  [box("token_command: [t]"), "collect.mailbox.user", "bad-mailbox-login"],
  [box(`tls: "off"`), "collect.mailbox.tls", "bad-mailbox-tls"],
  [box("port: 0"), "collect.mailbox.port", "out-of-range"],
  [box("poll: 10ms"), "collect.mailbox.poll", "out-of-range"],
  [box("max_size: 1GB"), "collect.mailbox.max_size", "out-of-range"],
  [box("after: delete"), "collect.mailbox.after", "bad-after-mail"],
  [box("after: move"), "collect.mailbox.after", "bad-after-mail"],
  [box(`after: "flag \\\\Recent"`), "collect.mailbox.after", "bad-after-mail"],
  [box(`after: "flag a(b"`), "collect.mailbox.after", "bad-after-mail"],
  [box(`after: "move a\\r\\nb"`), "collect.mailbox.after", "bad-after-mail"],
  [box(`folders: [""]`), "collect.mailbox.folders[0]", "bad-folder-name"],
  [box("hsot: x"), "collect.mailbox.hsot", "unknown-key"],
  [`{ folder: { path: /x, after: flag x } }`, "collect.folder.after", "bad-after-file"],
  [lmtp(`listen: "inet:192.0.2.1:24"`), "collect.lmtp.listen", "bad-lmtp-listen"],
  [lmtp(`listen: "inet:0.0.0.0:24"`), "collect.lmtp.listen", "bad-lmtp-listen"],
  [`{ lmtp: { listen: "unix:/l" } }`, "collect.lmtp.recipients", "missing-key"],
  [`{ lmtp: { listen: "unix:/l", recipients: [a] } }`, "collect.lmtp.recipients[0]", "bad-mailbox"],
] as const;

describe("what is wrong is told at its place", () => {
  test.each(wrong)("%s", async (text, path, code) => {
    const loaded = await parse(text);
    expect(loaded.ok ? [] : loaded.errors).toMatchObject([{ path, code }]);
    for (const error of loaded.ok ? [] : loaded.errors)
      expect(error.line === 2 && error.text.ja !== error.text.en).toBe(true);
  });
});

describe("failure reports", () => {
  test("headers, when nothing is said", async () => {
    expect((await collectOf("{}")).failure).toEqual({ content: "headers" });
  });

  test.each(["headers", "message", "redacted"])("%s, and config show says so", async (content) => {
    const loaded = await parse(`{ failure: { content: ${content} } }`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    expect(loaded.config.collect.failure).toEqual({ content });
    expect(showConfig(loaded.config)).toMatch(new RegExp(`failure:\\s+content: ${content}`));
  });

  test("nothing else", async () => {
    expect(await parse("{ failure: { content: body } }")).toMatchObject({
      ok: false,
      errors: [{ path: "collect.failure.content" }],
    });
  });
});
