import { beforeAll, describe, expect, test } from "vitest";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import type { DmarcOptions } from "../core/authenticate.ts";
import { systemClock } from "../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { EndOfMessage, MilterSession } from "../milter/types.ts";
import type { UnnumberedRecord } from "./compose-record.ts";
import { openFilterSession } from "./session.ts";

const zone: MemoryZone = {
  "mail.a.example": [{ A: "192.0.2.25" }],
  "25.2.0.192.in-addr.arpa": [{ PTR: "mail.a.example" }],
  "a.example": [{ TXT: "v=spf1 ip4:192.0.2.25 -all" }],
  "_dmarc.a.example": [{ TXT: "v=DMARC1; p=reject" }],
};

const yaml = `
hostname: mx.rcpt.example
networks:
  own: [{ network: 198.51.100.64/28, name: lab }]
  relays: [{ network: 198.51.100.20, authserv_id: gw.rcpt.example }]
record: { fields: [from_domain, to_domain, message_id] }
`;

let config: Config;
beforeAll(async () => {
  const loaded = await parseConfig(yaml, { file: "test", hostname: "mx.rcpt.example" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  config = loaded.config;
});

interface Sent {
  readonly ip?: string;
  readonly hostname?: string;
  readonly mailFrom?: string;
  readonly macros?: Readonly<Record<string, string>>;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly dns?: DnsResolver;
  readonly config?: Config;
  readonly dmarc?: DmarcOptions;
  readonly onFailure?: "accept" | "tempfail" | "reject";
}

interface Got {
  readonly end: EndOfMessage;
  readonly records: readonly UnnumberedRecord[];
  readonly bodyAsked: boolean;
  readonly session: MilterSession;
}

const usualFields = [
  ["From", " A <a@a.example>"],
  ["Message-ID", " <1@a.example>"],
  ["Subject", " hello"],
] as const;

async function send(sent: Sent): Promise<Got> {
  const records: UnnumberedRecord[] = [];
  const session = openFilterSession({
    config: sent.config ?? config,
    socket: {
      listen: "inet:127.0.0.1:0",
      role: "verify",
      onFailure: sent.onFailure ?? "tempfail",
      mode: 0o660,
    },
    dns: sent.dns ?? memoryResolver(zone),
    clock: systemClock,
    dmarc: sent.dmarc ?? {},
    keep: (record) => records.push(record),
    lost: (error) => {
      throw error;
    },
  });
  const address = sent.ip ?? "192.0.2.25";
  const macros = new Map(Object.entries({ i: "4XyZ", ...sent.macros }));
  const family = address.includes(":") ? 6 : 4;
  const hostname = sent.hostname ?? "mail.a.example";
  await session.connect?.({ hostname, client: { family, address, port: 4711 } }, macros);
  await session.helo?.("mail.a.example", macros);
  await session.mail?.({ address: sent.mailFrom ?? "a@a.example", parameters: [] }, macros);
  await session.recipient?.({ address: "b@rcpt.example", parameters: [] }, macros);
  for (const [name, value] of sent.fields ?? usualFields)
    await session.header?.(Buffer.from(name), Buffer.from(value), macros);
  await session.endOfHeaders?.(macros);
  const answer = await session.body?.(Buffer.from(sent.body ?? "hello\r\n"));
  const end = await session.endOfMessage?.(macros);
  if (end === undefined) throw new Error("no answer at end of message");
  return { end, records, bodyAsked: answer?.kind !== "skip", session };
}

function inserted({ end }: Got): string {
  const [edit, ...others] = end.edits.filter(({ kind }) => kind === "insert-header");
  expect(others).toEqual([]);
  if (edit?.kind !== "insert-header") throw new Error("no field of ours");
  expect(edit).toMatchObject({ index: 0, name: "Authentication-Results" });
  return edit.value.replace(/\n\s+/g, " ");
}

describe("what each client gets", () => {
  test.each([
    { who: "a stranger", sent: {}, has: ["iprev=pass", "spf=pass", "dkim=none", "dmarc=pass"] },
    {
      who: "a stranger who lies",
      sent: { ip: "203.0.113.9" },
      has: ["iprev=permerror", "spf=fail", "dmarc=fail", "policy.dmarc=reject"],
    },
    { who: "the null sender", sent: { mailFrom: "" }, has: ["smtp.helo=mail.a.example"] },
    { who: "a lab of ours", sent: { ip: "198.51.100.70" }, has: ["spf=fail", "dmarc=fail"] },
    { who: "a login", sent: { macros: { auth_type: "PLAIN" } }, is: "mx.rcpt.example; none" },
    { who: "this host", sent: { ip: "127.0.0.1" }, is: "mx.rcpt.example; none" },
    { who: "a client in IPv4-mapped form", sent: { ip: "::ffff:192.0.2.25" }, has: ["spf=pass"] },
    {
      who: "the MTA's own name",
      sent: { macros: { j: "mx2.rcpt.example" } },
      has: ["mx2.rcpt.example; iprev"],
    },
  ])("$who", async ({ sent, has, is }) => {
    const got = await send(sent);
    const value = inserted(got);
    for (const part of has ?? []) expect(value).toContain(part);
    if (is !== undefined) expect(value).toBe(is);
    expect(got.end.reply).toEqual({ kind: "accept" });
  });

  test("behind a relay SPF is evaluated for the client that the relay names", async () => {
    const received =
      " from mail.a.example (mail.a.example [192.0.2.25]) by gw.rcpt.example with ESMTP id 1; now";
    const got = await send({ ip: "198.51.100.20", fields: [["Received", received], ...usualFields] });
    expect(inserted(got)).toContain("spf=pass");
    expect(got.records[0]?.client).toMatchObject({ origin: "relay", spfClient: "192.0.2.25" });
  });

  test("behind a relay whose field cannot be read SPF and iprev are left out, never failed", async () => {
    const got = await send({ ip: "198.51.100.20", fields: usualFields });
    expect(inserted(got)).not.toMatch(/spf=|iprev=/);
    expect(inserted(got)).toContain("dmarc=fail");
  });
});

describe("forged fields (RFC 8601 §5)", () => {
  const forged = ["mx.rcpt.example; dmarc=pass", "MX.Rcpt.Example; spf=pass", '"mx.rcpt.example"; dkim=pass'];
  const fields = [
    ["Authentication-Results", ` ${forged[0]}`],
    ["Authentication-Results", " other.example; spf=pass"],
    ["authentication-results", ` ${forged[1]}`],
    ["Authentication-Results", ` ${forged[2]}`],
    ...usualFields,
  ] as const;

  test("go from the last to the first, before ours comes", async () => {
    const got = await send({ fields });
    expect(got.end.edits.map((edit) => ("occurrence" in edit ? edit.occurrence : edit.kind))).toEqual([
      4,
      3,
      1,
      "insert-header",
    ]);
    expect(got.records[0]?.removed).toHaveLength(3);
  });

  test.each(["accept", "tempfail", "reject"] as const)(
    "go on a fault too, with on_failure %s",
    async (onFailure) => {
      // A fault that no rule foresees: the configuration itself fails while it is read.
      const broken = new Proxy(config, {
        get: (target, key) => {
          if (key === "verify") throw new Error("planted");
          return Reflect.get(target, key);
        },
      });
      const got = await send({ fields, config: broken, onFailure });
      expect(got.end.edits).toHaveLength(4);
      expect(inserted(got)).toBe("mx.rcpt.example; none");
      expect(got.end.reply).toEqual({ kind: onFailure });
      expect(got.records[0]?.fault).toMatchObject({ answered: onFailure });
    },
  );

  test.each([
    { who: "a stranger", ip: "192.0.2.25", removed: 1 },
    { who: "the relay itself", ip: "198.51.100.20", removed: 0 },
  ])("in the name of our relay, from $who: $removed removed", async ({ ip, removed }) => {
    const field = ["Authentication-Results", " gw.rcpt.example; dkim=pass"] as const;
    const got = await send({ ip, fields: [field, ...usualFields] });
    expect(got.records[0]?.removed).toHaveLength(removed);
  });

  test.each([
    { how: "a bare CR", value: " hi\rAuthentication-Results: mx.rcpt.example; dmarc=pass", removed: 1 },
    {
      how: "a bare CR, blank before the colon",
      value: " hi\rauthentication-results : mx.rcpt.example; dmarc=pass",
      removed: 1,
    },
    { how: "a bare LF", value: " hi\nX-Sekisho-Rules: x", removed: 1 },
    {
      how: "a fold, as it should be",
      value: " hi\n Authentication-Results: mx.rcpt.example; dmarc=pass",
      removed: 0,
    },
    { how: "a bare CR and nothing of the kind", value: " hi\rSubject: ho", removed: 0 },
  ])("hidden in a Subject behind $how: $removed removed", async ({ value, removed }) => {
    const fields = [
      ["Subject", " first"],
      ["Subject", value],
      ["From", " a@a.example"],
    ] as const;
    const got = await send({ fields });
    const expected = { name: "Subject", occurrence: 2, reason: "hidden-field" };
    expect(got.records[0]?.removed).toEqual(removed === 0 ? [] : [expected]);
  });

  test.each([
    { what: "a stranger's field", host: "other.example; none", reason: "hidden-field" },
    { what: "a field that goes by itself", host: "mx.rcpt.example; none", reason: "own-authserv-id" },
  ])("RFC 8601 §5: hidden in $what of results: that is removed, once", async ({ host, reason }) => {
    const fields = [
      ["Authentication-Results", " other.example; none"],
      ["Authentication-Results", ` ${host}\rAuthentication-Results: mx.rcpt.example; dmarc=pass`],
      ["Authentication-Results", " third.example; none"],
      ...usualFields,
    ] as const;
    const got = await send({ fields });
    expect(got.records[0]?.removed).toEqual([{ name: "Authentication-Results", occurrence: 2, reason }]);
    expect(got.end.edits.filter(({ kind }) => kind === "delete-header")).toHaveLength(1);
  });

  test.each([
    { names: 19_000, hidden: true, reply: "accept", removed: 1 },
    { names: 21_000, hidden: true, reply: "tempfail", removed: 0 },
    { names: 21_000, hidden: false, reply: "accept", removed: 0 },
    // It would be a way around every policy.
    { names: 21_000, hidden: true, onFailure: "accept", reply: "tempfail", removed: 0 },
    { names: 21_000, hidden: true, onFailure: "reject", reply: "reject", removed: 0 },
  ] as const)("RFC 8601 §5: behind $names names of fields, hidden: $hidden: $reply", async (row) => {
    const many = Array.from({ length: row.names }, (_, n) => [`X-${n}`, " x"] as const);
    const value = row.hidden ? " hi\rAuthentication-Results: mx.rcpt.example; dmarc=pass" : " hi";
    const fields = [...usualFields, ...many, ["X-Last", value]] as const;
    const { onFailure = "tempfail" } = row as { readonly onFailure?: "accept" | "reject" };
    const got = await send({ fields, onFailure });
    expect(got.end.reply.kind).toBe(row.reply);
    expect(got.records[0]?.removed ?? []).toHaveLength(row.removed);
    expect(got.records[0]?.fault?.stage).toBe(row.reply === "accept" ? undefined : "end-of-message");
  });

  test.each([
    {
      what: "much white space before the colon",
      name: `Authentication-Results${" ".repeat(1200)}`,
      removed: 1,
    },
    { what: "a name longer than a line, with another field in it", name: "X".repeat(1200), removed: 0 },
    // RFC 5322 §2.2
    { what: "a name that no edit can bear, with another field in it", name: "X-\u00e9", removed: 0 },
  ])("RFC 8601 §5: $what", async ({ name, removed }) => {
    const value = removed === 1 ? ` ${forged[0]}` : ` hi\rAuthentication-Results: ${forged[0]}`;
    const got = await send({ fields: [...usualFields, [name, value]], onFailure: "accept" });
    expect(got.records[0]?.removed).toHaveLength(removed);
    // What cannot be removed is not let through.
    expect(got.end.reply.kind).toBe(removed === 1 ? "accept" : "tempfail");
  });

  test.each(["\u00a0", "\u000b", "\u0000"])(
    "a name with %j is not counted as what it looks like",
    async (mark) => {
      const looks = [`Authentication-Results${mark}`, " other.example; none"] as const;
      const got = await send({
        fields: [looks, ["Authentication-Results", ` ${forged[0]}`], ...usualFields],
      });
      expect(got.records[0]?.removed).toMatchObject([{ name: "Authentication-Results", occurrence: 1 }]);
    },
  );

  test("a field behind more than are read goes unread", async () => {
    const many = Array.from(
      { length: 1000 },
      () => ["Authentication-Results", " other.example; spf=pass"] as const,
    );
    const got = await send({
      fields: [...many, ["Authentication-Results", ` ${forged[0]}`], ...usualFields],
    });
    expect(got.records[0]?.removed).toEqual([
      { name: "Authentication-Results", occurrence: 1001, reason: "unread" },
    ]);
  });

  test("a field does not hide behind a head that is too long", async () => {
    const filler = Array.from({ length: 60 }, () => ["X-Filler", ` ${"x".repeat(30_000)}`] as const);
    const got = await send({
      fields: [...filler, ["Authentication-Results", ` ${forged[0]}`], ...usualFields],
    });
    expect(got.records[0]?.removed).toMatchObject([{ occurrence: 1, reason: "own-authserv-id" }]);
    expect(inserted(got)).not.toContain("dmarc=pass");
  });
});

describe("the body", () => {
  test("is not asked for when no signature needs it", async () => {
    const got = await send({});
    expect(got.bodyAsked).toBe(false);
    expect(got.records[0]?.size.bodyOctets).toBeUndefined();
  });

  test("is asked for with a signature", async () => {
    const signature = " v=1; a=rsa-sha256; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA";
    const got = await send({ fields: [["DKIM-Signature", signature], ...usualFields] });
    expect(got.bodyAsked).toBe(true);
    expect(inserted(got)).toContain("dkim=permerror");
    expect(got.records[0]?.size.bodyOctets).toBe(7);
  });
});

describe("the record", () => {
  test("tells the story without local parts and subject", async () => {
    const { records } = await send({});
    expect(records).toHaveLength(1);
    const [record] = records;
    expect(record).toMatchObject({
      queueId: "4XyZ",
      messageId: "<1@a.example>",
      envelope: { from: "a.example", to: ["rcpt.example"], recipients: 1 },
      client: { origin: "stranger", ip: "192.0.2.25", helo: "mail.a.example" },
      disposition: { action: "none" },
      reply: "accept",
    });
    expect(JSON.stringify(record)).not.toMatch(/a@a|b@rcpt|hello/);
    expect(record?.results?.dns.length).toBeGreaterThan(3);
  });

  test("a message that is given up leaves none, and the connection goes on", async () => {
    const { session, records } = await send({});
    await session.mail?.({ address: "a@a.example", parameters: [] }, new Map());
    session.abort?.();
    expect(await session.endOfMessage?.(new Map())).toEqual({ edits: [], reply: { kind: "continue" } });
    expect(records).toHaveLength(1);
  });

  test.each([
    ["accept", "tempfail"],
    ["tempfail", "tempfail"],
    ["reject", "reject"],
  ] as const)(
    "a message whose header is not heard does not pass, with on_failure %s",
    async (onFailure, kind) => {
      const { session } = await send({ onFailure });
      const answer = { edits: [], reply: { kind } };
      // As after a verdict that is still under way when the next message begins.
      expect(session.fault?.(new Error("no time"), "mail")).toEqual(answer);
      await session.mail?.({ address: "a@a.example", parameters: [] }, new Map());
      expect(session.fault?.(new Error("no time"), "header")).toEqual(answer);
    },
  );

  test("a verdict that takes longer than the budget is a fault, answered once", async () => {
    const silent: DnsResolver = { query: () => new Promise(() => {}) };
    const records: UnnumberedRecord[] = [];
    const socket = { listen: "inet:127.0.0.1:0", role: "verify", onFailure: "accept", mode: 0o660 } as const;
    const keep = (record: UnnumberedRecord): void => void records.push(record);
    const session = openFilterSession({
      config,
      socket,
      dns: silent,
      clock: systemClock,
      dmarc: {},
      keep,
      lost: () => {},
    });
    const macros = new Map([["j", "mx.rcpt.example"]]);
    await session.connect?.({ hostname: "x", client: { family: 4, address: "192.0.2.1", port: 1 } }, macros);
    await session.mail?.({ address: "a@a.example", parameters: [] }, macros);
    await session.header?.(
      Buffer.from("Authentication-Results"),
      Buffer.from(" mx.rcpt.example; spf=pass"),
      macros,
    );
    await session.header?.(Buffer.from("From"), Buffer.from(" a@a.example"), macros);
    await session.endOfHeaders?.(macros);
    void session.endOfMessage?.(macros);
    const end = session.fault?.(new Error("over budget"), "end-of-message");
    expect(end?.reply).toEqual({ kind: "accept" });
    expect(end?.edits).toMatchObject([
      { kind: "delete-header", occurrence: 1 },
      { kind: "insert-header", value: "mx.rcpt.example; none" },
    ]);
    expect(records).toMatchObject([{ fault: { stage: "end-of-message", message: "over budget" } }]);
  });
});

test("both DMARC discoveries come into the record, the applied one into the field", async () => {
  const publicSuffix = (domain: string): string => domain.slice(domain.lastIndexOf(".") + 1);
  const dmarc = {
    discovery: { method: "treewalk" },
    otherDiscovery: { method: "psl", publicSuffix },
  } as const;
  const dns = memoryResolver({ ...zone, "_dmarc.example": [{ TXT: "v=DMARC1; p=none; psd=n" }] });
  const got = await send({ dmarc, dns, ip: "203.0.113.9", fields: [["From", " a@b.a.example"]] });
  expect(inserted(got)).toContain("policy.dmarc=none");
  expect(got.records[0]?.results).toMatchObject({
    dmarc: { discovery: "treewalk", policyDomain: "example" },
    dmarcOther: { discovery: "psl", policyDomain: "a.example", policy: "reject" },
  });
});
