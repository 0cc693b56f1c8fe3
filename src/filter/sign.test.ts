import { beforeAll, describe, expect, test, vi } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../test/dkim-test-keys.ts";
import { applyEdits } from "../../test/edited-message.ts";
import type { Config, SocketRole } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { parseLoginMap } from "../config/login-map.ts";
import { systemClock } from "../core/clock.ts";
import { createSigningKey } from "../core/dkim/signing-key.ts";
import { openDkimVerification } from "../core/dkim/verify.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { parseHead } from "../core/message/message.ts";
import type { DkimResult } from "../core/results.ts";
import type { LoadedKey } from "../keys/load-keys.ts";
import { configuredKeys } from "../keys/signing-keys.ts";
import type { EndOfMessage } from "../milter/types.ts";
import { countOnLoan } from "./burst.ts";
import type { UnnumberedRecord } from "./compose-record.ts";
import { openListMode } from "./list-mode.ts";
import type { OpenOutgoingPart } from "./outgoing.ts";
import { openFilterSession } from "./session.ts";
import type { AskShared } from "./shared-state.ts";

const rsa = rsaTestKey(2048);
const ed25519 = ed25519TestKey(7);
const dns = memoryResolver({
  "r._domainkey.ours.example": [{ TXT: `v=DKIM1; p=${rsa.publicText}` }],
  "e._domainkey.ours.example": [{ TXT: `v=DKIM1; k=ed25519; p=${ed25519.publicText}` }],
  "_dmarc.reject.example": [{ TXT: "v=DMARC1; p=reject" }],
  "lab._domainkey.lab.ours.example": [{ TXT: `v=DKIM1; k=ed25519; p=${ed25519.publicText}` }],
});

const keys = `
  keys:
    - { domain: ours.example, selector: r, file: r.pem }
    - { domain: ours.example, selector: e, file: e.pem }
    - { domain: lab.ours.example, selector: lab, file: e.pem }
`;

async function configWith(sign = "", rest = ""): Promise<Config> {
  const yaml = `
hostname: mx.ours.example
networks:
  own: [{ network: 198.51.100.64/28, name: lab }]
  submitters: [198.51.100.10]
  relays: [{ network: 198.51.100.20, authserv_id: gw.ours.example }]
record: { fields: [from_domain, to_domain, message_id, login] }
sign:
${keys}
${sign}
${rest}`;
  const loaded = await parseConfig(yaml, { file: "test", hostname: "mx.ours.example" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

let config: Config;
beforeAll(async () => {
  config = await configWith();
});

function loadedKeys({ sign }: Config, broken: readonly string[] = []): readonly LoadedKey[] {
  return sign.keys.flatMap((row) => {
    const { privateKey } = row.file === "r.pem" ? rsa : ed25519;
    const made = createSigningKey({ domain: row.domain, selector: row.selector, privateKey });
    if (made.kind !== "key") throw new Error(made.problem);
    return broken.includes(row.selector) ? [] : [{ ...row, key: made.key }];
  });
}

interface Sent {
  readonly config?: Config;
  readonly role?: SocketRole;
  readonly ip?: string;
  readonly login?: string;
  /** It begins on this host. */
  readonly local?: boolean;
  readonly mailFrom?: string;
  readonly parameters?: readonly string[];
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
  readonly logins?: string;
  readonly broken?: readonly string[];
  readonly parts?: readonly OpenOutgoingPart[];
  readonly ask?: AskShared;
}

interface Got {
  readonly end: EndOfMessage;
  readonly record: UnnumberedRecord;
  /** Of the message as the MTA has it after the edits. */
  readonly dkim: readonly DkimResult[];
  readonly header: string;
  readonly bodyAsked: boolean;
}

const usual: readonly (readonly [string, string])[] = [
  ["From", " Taro <taro@ours.example>"],
  ["To", " b@rcpt.example"],
  ["Date", " Mon, 2 Nov 2026 10:00:00 +0900"],
  ["Message-ID", " <1@ours.example>"],
  ["Subject", " hello"],
];

type Fields = NonNullable<Sent["fields"]>;

function from(value: string, more: Fields = []): Fields {
  return [...more, ["From", ` ${value}`], ...usual.slice(1)];
}

async function send(sent: Sent): Promise<Got> {
  const records: UnnumberedRecord[] = [];
  const used = sent.config ?? config;
  const fields = sent.fields ?? usual;
  const session = openFilterSession({
    config: used,
    socket: { listen: "inet:127.0.0.1:0", role: sent.role ?? "both", onFailure: "accept", mode: 0o660 },
    dns,
    clock: systemClock,
    dmarc: {},
    signing: {
      keys: configuredKeys(used.sign.keys, loadedKeys(used, sent.broken)),
      ...(sent.logins !== undefined && {
        logins: sent.logins === "unreadable" ? sent.logins : parseLoginMap(sent.logins).logins,
      }),
    },
    ...(sent.parts !== undefined && { parts: sent.parts }),
    ...(sent.ask !== undefined && { countMessage: countOnLoan(sent.ask, () => 0) }),
    keep: (record) => records.push(record),
    lost: (error) => {
      throw error;
    },
  });
  const login = sent.login === undefined ? {} : { auth_type: "PLAIN", auth_authen: sent.login };
  const macros = new Map(Object.entries({ i: "4XyZ", ...login }));
  const address = sent.ip ?? (sent.login === undefined ? "198.51.100.10" : "203.0.113.5");
  const client =
    sent.local === true
      ? ({ family: 4, address: "127.0.0.1", port: 0 } as const)
      : ({ family: 4, address, port: 4711 } as const);
  const hostname = sent.local === true ? "localhost" : "c.example";
  await session.connect?.({ hostname, client }, macros);
  await session.helo?.("c.example", macros);
  const envelope = { address: sent.mailFrom ?? "taro@ours.example", parameters: sent.parameters ?? [] };
  await session.mail?.(envelope, macros);
  await session.recipient?.({ address: "b@rcpt.example", parameters: [] }, macros);
  for (const [name, value] of fields)
    await session.header?.(Buffer.from(name), Buffer.from(value.replaceAll("\r\n", "\n")), macros);
  await session.endOfHeaders?.(macros);
  const body = Buffer.from(sent.body ?? "hello\r\n");
  let bodyAsked = true;
  for (let at = 0; at < body.length && bodyAsked; at += 7)
    bodyAsked = (await session.body?.(body.subarray(at, at + 7)))?.kind !== "skip";
  const end = await session.endOfMessage?.(macros);
  const [record] = records;
  if (end === undefined || record === undefined) throw new Error("no answer or no record");
  const header = applyEdits(fields, end.edits);
  const verification = openDkimVerification(parseHead(Buffer.from(header)), { dns, clock: systemClock });
  verification.body(body);
  return { end, record, header, dkim: await verification.finish(), bodyAsked };
}

function words({ dkim }: Got): string[] {
  return dkim.map(({ result, domain, selector }) => `${result} ${selector}.${domain}`);
}

describe("a right of the client and a From of ours", () => {
  test.each<Sent & { name: string; is: string[]; why?: string }>([
    { name: "a submitter", is: ["pass r.ours.example", "pass e.ours.example"] },
    { name: "a login", login: "taro", is: ["pass r.ours.example", "pass e.ours.example"] },
    {
      name: "a signing socket",
      role: "sign",
      ip: "203.0.113.9",
      is: ["pass r.ours.example", "pass e.ours.example"],
    },
    {
      name: "a domain with a key of its own",
      fields: from("a@lab.ours.example"),
      is: ["pass lab.lab.ours.example"],
    },
    { name: "a domain below without one", fields: from("a@new.ours.example"), is: [], why: "not-ours" },
    { name: "a stranger's From", fields: from("a@else.example"), is: [], why: "not-ours" },
    {
      name: "a stranger's From, by a login",
      login: "taro",
      fields: from("a@else.example"),
      is: [],
      why: "not-ours",
    },
    {
      name: "two authors, one a stranger",
      fields: from("a@ours.example, b@else.example"),
      is: [],
      why: "no-author",
    },
    {
      name: "two From fields",
      fields: from("a@ours.example", [["From", " b@ours.example"]]),
      is: [],
      why: "no-author",
    },
    { name: "a lab host of ours", ip: "198.51.100.70", is: [], why: "no-right" },
    { name: "a lab host with its own From", ip: "198.51.100.70", fields: from("a@else.example"), is: [] },
    { name: "a stranger", ip: "203.0.113.9", is: [] },
    { name: "a verifying socket", role: "verify", login: "taro", is: [] },
  ])("$name", async ({ is, why, ...sent }) => {
    const got = await send(sent);
    expect(words(got)).toEqual(is);
    expect(got.record.signing?.reason).toBe(why);
    expect(got.record.signing?.outcome).toBe(is.length > 0 ? "signed" : why && "unsigned");
    expect(got.end.reply).toEqual({ kind: "accept" });
    expect(got.bodyAsked || is.length === 0).toBe(true);
  });

  test("mail that went through us before and did not pass DMARC is only passed on", async () => {
    const results = (text: string): Fields =>
      from("boss@ours.example", [["Authentication-Results", ` mx.ours.example; ${text}`]]);
    const forged = await send({ fields: results("dmarc=fail header.from=ours.example") });
    expect([words(forged), forged.record.signing?.reason]).toEqual([[], "passing-through"]);
    const byRelay = from("boss@ours.example", [["Authentication-Results", " gw.ours.example; dmarc=fail"]]);
    expect((await send({ fields: byRelay })).record.signing?.reason).toBe("passing-through");
    expect(words(await send({ fields: results("dmarc=pass header.from=ours.example") }))).toHaveLength(2);
    expect(words(await send({ fields: results("none") }))).toHaveLength(2);
    const others = from("boss@ours.example", [["Authentication-Results", " mx.else.example; dmarc=fail"]]);
    expect(words(await send({ fields: others }))).toHaveLength(2);
  });

  test.each<[string, Sent, boolean]>([
    ["sign", {}, true],
    ["local", {}, false],
    ["local", { login: "taro" }, false],
    ["unsigned", {}, false],
  ])("null sender, null_sender: %s %o", async (setting, sent, signed) => {
    const got = await send({ ...sent, config: await configWith(`  null_sender: ${setting}`), mailFrom: "" });
    expect(words(got).length > 0).toBe(signed);
    if (!signed) expect(got.record.signing?.reason).toBe("null-sender");
  });

  test("a bounce that began on this host", async () => {
    const fields = from("MAILER-DAEMON@ours.example (Mail Delivery System)");
    const bounce = { local: true, mailFrom: "", fields };
    expect(words(await send({ ...bounce, config: await configWith("  null_sender: local") }))).toHaveLength(
      2,
    );
    expect(words(await send({ ...bounce, config: await configWith("  null_sender: unsigned") }))).toEqual([]);
    const others = { ...bounce, fields: from("MAILER-DAEMON@else.example") };
    expect((await send(others)).record.signing?.reason).toBe("not-ours");
  });
});

describe("logins", () => {
  const logins = "taro: taro@ours.example, lab.ours.example\nboss@ours.example: boss@ours.example\n";
  const own = `  logins: { file: x, unlisted: own }`;
  const hold = `  logins: { file: x, on_mismatch: hold }`;
  const some = `  logins: { file: x }`;
  const any = `  logins: { file: x, unlisted: any }`;

  test.each<[string, string, string, string | undefined]>([
    [some, "taro", "taro@ours.example", undefined],
    [some, "TARO", "Taro@OURS.example", undefined],
    [some, "taro", "anybody@lab.ours.example", undefined],
    [some, "taro", "boss@ours.example", "login-mismatch"],
    [some, "taro", "taro@ours.example, boss@ours.example", "login-mismatch"],
    [some, "Boss@Ours.Example", "boss@ours.example", undefined],
    [some, "hanako", "hanako@ours.example", "login-unlisted"],
    [own, "hanako", "hanako@ours.example", undefined],
    [own, "hanako@ours.example", "hanako@ours.example", undefined],
    [own, "hanako@lab.ours.example", "hanako@ours.example", "login-unlisted"],
    [own, "hanako", "boss@ours.example", "login-unlisted"],
    [own, "taro", "boss@ours.example", "login-mismatch"],
    [any, "hanako", "boss@ours.example", undefined],
    [any, "taro", "boss@ours.example", "login-mismatch"],
  ])("%s: %s as %s", async (setting, login, author, why) => {
    const got = await send({ config: await configWith(setting), logins, login, fields: from(author) });
    expect(got.record.signing).toMatchObject({ login, outcome: why === undefined ? "signed" : "unsigned" });
    expect(got.record.signing?.reason).toBe(why);
    expect(got.end.edits.some(({ kind }) => kind === "quarantine")).toBe(false);
  });

  test("held when the operator wants it so, and the record says it", async () => {
    const sent = { config: await configWith(hold), logins, login: "taro", fields: from("boss@ours.example") };
    const { end, record } = await send(sent);
    expect(end.edits.at(-1)).toEqual({
      kind: "quarantine",
      reason: "Sekisho: the login may not write as this From",
    });
    expect(end.reply).toEqual({ kind: "accept" });
    expect(record.disposition).toMatchObject({ action: "hold", why: ["sign.held"] });
    expect(record.signing?.action).toBe("hold");
  });

  const forged: Fields = [["Authentication-Results", " mx.ours.example; dmarc=fail"]];
  const second: Fields = [["From", " taro@ours.example"]];
  test.each<[string, Sent]>([
    ["the null sender", { mailFrom: "" }],
    ["a field that makes it look sent on", { fields: from("boss@ours.example", forged) }],
    ["a second From", { fields: from("boss@ours.example", second) }],
    ["a second author", { fields: from("boss@ours.example, a@else.example") }],
    ["a route", { fields: from("<@x.example:boss@ours.example>") }],
    ["text behind the address", { fields: from("<taro@ours.example> <boss@ours.example>") }],
    ["a damaged address", { fields: from("bo ss@ours.example, taro@ours.example") }],
    ["a second From behind a bare CR", { fields: from("taro@ours.example\rFrom: boss@ours.example") }],
    ["a quote without an end", { fields: from('"<boss@ours.example>') }],
    ["a comment without an end", { fields: from("(boss@ours.example") }],
    ["quotes in a quote without an end", { fields: from('"<"boss"@ours.example>') }],
    ["a control character", { fields: from("boss@ours.example\x00 <taro@ours.example>") }],
    ["an ideographic space", { fields: from("boss@ours.example\u3000<taro@ours.example>") }],
    ["ISO-2022-JP", { fields: from('"\x1b$Bboss@ours.example\x1b(B" <taro@ours.example>') }],
    ["a blank in the domain", { fields: from("boss@ours .example <taro@ours.example>") }],
  ])("a mismatch does not hide behind %s", async (_, sent) => {
    const used = await configWith(`${hold}\n  null_sender: unsigned`);
    const fields = from("boss@ours.example");
    const got = await send({ config: used, logins, login: "taro", fields, ...sent });
    expect(got.record.signing).toMatchObject({
      outcome: "unsigned",
      reason: "login-mismatch",
      action: "hold",
    });
    expect(got.end.edits.at(-1)?.kind).toBe("quarantine");
    // Who may use every address of ours may also write what cannot be read.
    const every = await send({ config: used, logins: "taro: *", login: "taro", fields, ...sent });
    expect(every.record.signing).toMatchObject({ outcome: "unsigned" });
    expect(every.record.signing?.reason).toMatch(/^(?:null-sender|passing-through|no-author)$/);
  });

  test.each([
    "taro@ours.example, a@else.example",
    "a@else.example, b@third.example",
    "<@x.example:a@else.example>",
    "undisclosed-recipients:;",
  ])(
    "an unclear From without an address of ours that the login may not use is none of this: %s",
    async (author) => {
      const got = await send({ config: await configWith(hold), logins, login: "taro", fields: from(author) });
      expect([got.record.signing?.reason, got.record.signing?.action]).toEqual(["no-author", undefined]);
    },
  );

  test.each<[string, Sent]>([
    ["a From that stands there twice", { fields: from("taro@ours.example", second) }],
    ["a comma in the name", { fields: from("Yamada, Taro <taro@ours.example>") }],
    ["an at sign in the name", { fields: from("Yamada@Sales <taro@ours.example>") }],
    ["one with blanks beside it", { fields: from("Taro Yamada @ Sales <taro@ours.example>") }],
    ["a name in ISO-2022-JP", { fields: from("\x1b$B@n\x1b(B <taro@ours.example>") }],
    ["one in quotes", { fields: from('"\x1b$B@P@n\x1b(B" <taro@ours.example>') }],
    ["one in quotes, as of 1978", { fields: from('"\x1b$@;3ED\x1b(J" <taro@ours.example>') }],
    ["one in a comment", { fields: from("taro@ours.example (\x1b$B@n@>\x1b(B)") }],
    ["quotation marks that are none in mail", { fields: from("'taro@ours.example' <taro@ours.example>") }],
    ["Japanese ones", { fields: from("「taro@ours.example」<taro@ours.example>") }],
    ["a bracket too many", { fields: from("Taro <taro@ours.example>>") }],
  ])("who writes as himself is not held for %s", async (_, sent) => {
    const got = await send({ config: await configWith(hold), logins, login: "taro", ...sent });
    expect([got.record.signing?.reason, got.record.signing?.action]).toEqual(["no-author", undefined]);
  });

  test.each<[string, Fields]>([
    ["behind a bare CR in another field", [["Subject", " hi\rFrom: boss@ours.example"]]],
    ["behind a bare CR, the first one twice", [...second, ["Subject", " hi\rFrom: boss@ours.example"]]],
    ["behind a name in code words", [["From", " =?utf-8?q?a=40b?= <taro@ours.example> <boss@ours.example>"]]],
    ["in a comment", [["From", " (boss@ours.example"]]],
  ])("but for a second From %s", async (_, more) => {
    const fields = from("taro@ours.example", more);
    const got = await send({ config: await configWith(hold), logins, login: "taro", fields });
    expect([got.record.signing?.reason, got.record.signing?.action]).toEqual(["login-mismatch", "hold"]);
  });

  test("clients without a login have no entry to keep to", async () => {
    expect(words(await send({ config: await configWith(some), logins }))).toHaveLength(2);
  });

  test("a login without a name is one that is not in the file", async () => {
    const sent = { login: "", logins };
    expect((await send({ ...sent, config: await configWith(some) })).record.signing?.reason).toBe(
      "login-unlisted",
    );
    expect((await send({ ...sent, config: await configWith(own) })).record.signing?.reason).toBe(
      "login-unlisted",
    );
    expect(words(await send({ ...sent, config: await configWith(any) }))).toHaveLength(2);
    expect(words(await send({ ...sent, config: await configWith() }))).toHaveLength(2);
  });

  test.each([
    ["boss@ours.example <taro@ours.example>", "login-mismatch"],
    ["The President boss@ours.example <taro@ours.example>", "login-mismatch"],
    ['"The President" boss@ours.example <taro@ours.example>', "login-mismatch"],
    ["taro@ours.example boss@ours.example <taro@ours.example>", "login-mismatch"],
    ["boss@ours.example (x) taro@ours.example <taro@ours.example>", "login-mismatch"],
    ["boss@ours.example: taro@ours.example;", "login-mismatch"],
    ["Boss@ours.example taro@lab.ours.example: taro@ours.example;", "login-mismatch"],
    ["Taro Yamada taro@ours.example <taro@ours.example>", undefined],
    ["Taro @ ours.example <taro@ours.example>", undefined],
    ["taro@ours.example <taro@ours.example>", undefined],
    ["[boss@ours.example] <taro@ours.example>", "login-mismatch"],
    ["[taro@ours.example] <taro@ours.example>", undefined],
    ['"Taro, of ours" <taro@ours.example>', undefined],
  ])("an address in the place of a name counts as one in From: %s", async (author, why) => {
    const got = await send({ config: await configWith(some), logins, login: "taro", fields: from(author) });
    expect(got.record.signing?.reason).toBe(why);
  });

  test("a From that goes because another field hides in it is still one that was written", async () => {
    const hiding = " taro@ours.example\rAuthentication-Results: mx.ours.example; dmarc=pass";
    const fields = from("boss@ours.example", [["From", hiding]]);
    // What sees to the header of mail for lists.
    const parts: OpenOutgoingPart[] = [() => ({ needsBody: false, editHead() {} })];
    for (const more of [{}, { parts }])
      for (const login of ["taro", "boss@ours.example"]) {
        const got = await send({ config: await configWith(some), logins, login, fields, ...more });
        expect(got.header).not.toContain("taro@ours.example");
        expect([words(got), got.record.signing?.reason]).toEqual([[], "login-mismatch"]);
        expect(got.end.reply).toEqual({ kind: "accept" });
      }
  });

  test.each<[string, string, Fields, string]>([
    ["taro", "boss@ours.example", [], "login-mismatch"],
    ["taro", "<@x.example:boss@ours.example>", [], "login-mismatch"],
    ["taro", "boss@ours.example", [["From", " taro@ours.example"]], "login-mismatch"],
    ["taro", "taro@ours.example", [], "list-unproven"],
    ["fml", "boss@ours.example", [], "list-unproven"],
  ])("a mismatch does not hide behind a List-Id either: %s as %s", async (login, author, more, why) => {
    const hosts = "[{ name: fml, addresses: [staff@ours.example], list_id: staff.ours.example }]";
    const got = await send({
      config: await configWith(hold, `lists: { hosts: ${hosts} }`),
      parts: [openListMode],
      logins: `${logins}fml: staff@ours.example\n`,
      login,
      fields: from(author, [["List-Id", " <staff.ours.example>"], ...more]),
    });
    expect(got.record.signing?.reason).toBe(why);
    expect(got.record.signing?.action).toBe(why === "login-mismatch" ? "hold" : undefined);
  });

  test.each([
    ["taro", "staff@lists.ours.example", "login-mismatch"],
    ["taro", "boss@reject.example", "login-mismatch"],
    ["fml", "staff@lists.ours.example", undefined],
    ["fml", "boss@reject.example", undefined],
    [undefined, "staff@lists.ours.example", undefined],
  ])("a List-Id gives a login no other names: %s as %s", async (login, author, why) => {
    const hosts = "[{ name: fml, addresses: [staff@lists.ours.example], list_id: staff.ours.example }]";
    const row = "    - { domain: ours.example, selector: r, file: r.pem, from: [lists.ours.example] }";
    const used = await configWith(`${row}\n${some}`, `lists: { hosts: ${hosts} }`);
    const got = await send({
      config: used,
      parts: [openListMode],
      logins: `${logins}fml: lists.ours.example\n`,
      fields: from(author, [["List-Id", " <staff.ours.example>"]]),
      ...(login !== undefined && { login }),
    });
    expect(got.record.list).toMatchObject({ by: "list-id" });
    expect(got.header).toMatch(/^From: .*staff@lists\.ours\.example/m);
    expect(got.record.signing?.reason).toBe(why);
    expect(words(got)).toEqual(why === undefined ? ["pass r.ours.example"] : []);
  });

  test("the login is not kept unless the operator names it", async () => {
    const quiet = await configWith();
    const { record } = await send({
      config: { ...quiet, record: { ...quiet.record, fields: ["from_domain"] } },
      login: "taro@ours.example",
    });
    expect(JSON.stringify(record)).not.toContain("taro");
  });
});

describe("what should be signed and cannot be", () => {
  test("no key that can be used: put off", async () => {
    const { end, record } = await send({ broken: ["r", "e"] });
    expect(end.reply).toMatchObject({ kind: "smtp", code: 451, enhanced: "4.7.5" });
    expect(record).toMatchObject({
      reply: "tempfail",
      disposition: { action: "defer" },
      signing: { outcome: "failed", reason: "key-unusable", action: "tempfail" },
    });
  });

  test("or let through, when the operator wants it so", async () => {
    const { end, record } = await send({
      broken: ["r", "e"],
      config: await configWith("  on_failure: unsigned"),
    });
    expect(end.reply).toEqual({ kind: "accept" });
    expect(record.signing).toMatchObject({ outcome: "failed", reason: "key-unusable" });
  });

  test("a login file that cannot be read: put off; those without a login are signed", async () => {
    const guarded = await configWith("  logins: { file: x, unlisted: any }");
    const { end, record } = await send({ config: guarded, logins: "unreadable", login: "taro" });
    expect(end.reply).toMatchObject({ kind: "smtp", code: 451 });
    expect(record.signing).toMatchObject({ outcome: "failed", reason: "logins-unreadable" });
    expect(words(await send({ config: guarded, logins: "unreadable" }))).toHaveLength(2);
  });

  test("with one key left that one signs", async () => {
    expect(words(await send({ broken: ["r"] }))).toEqual(["pass e.ours.example"]);
  });

  test("other mail does not suffer from it", async () => {
    const { end } = await send({ broken: ["r", "e"], fields: from("a@lab.ours.example") });
    expect(end.reply).toEqual({ kind: "accept" });
  });

  test("a fault anywhere does not let it out unsigned, though the socket accepts", async () => {
    const part: OpenOutgoingPart = () => ({
      needsBody: false,
      editHead: () => {
        throw new Error("broken");
      },
    });
    expect((await send({ parts: [part] })).end.reply).toEqual({ kind: "tempfail" });
    const unsigned = await configWith("  on_failure: unsigned");
    expect((await send({ parts: [part], config: unsigned })).end.reply).toEqual({ kind: "accept" });
    expect((await send({ parts: [part], ip: "203.0.113.9" })).end.reply).toEqual({ kind: "accept" });
  });
});

describe("the order of the stages", () => {
  const list: OpenOutgoingPart = () => ({
    needsBody: true,
    body: vi.fn(),
    editHead(edited) {
      edited.change("From", 1, "Taro via list <list@ours.example>");
      edited.append("Reply-To", "taro@else.example");
      edited.insertOnTop("X-List", "yes");
    },
    seal(edited, _results, authenticationResults) {
      edited.insertOnTop("X-Seal", authenticationResults);
    },
    recorded: () => ({ rules: ["by the list"] }),
  });

  test("a From that a part has written is what is signed, whoever wrote the old one", async () => {
    const fields = from("Taro <taro@else.example>", [
      ["Authentication-Results", " mx.ours.example; dmarc=fail"],
      ["DKIM-Signature", " v=1; a=rsa-sha256; d=else.example; s=x; h=from; bh=AAAA; b=AAAA"],
    ]);
    const got = await send({
      fields,
      parts: [list],
      login: "nobody",
      logins: "x: *",
      config: await configWith("  logins: { file: x }"),
    });
    expect(got.dkim.filter(({ domain }) => domain === "ours.example").map(({ result }) => result)).toEqual([
      "pass",
      "pass",
    ]);
    const names = got.header.split("\r\n").flatMap((line) => /^([\w-]+):/.exec(line)?.[1] ?? []);
    expect(names.slice(0, 6)).toEqual([
      "X-Seal",
      "Authentication-Results",
      "DKIM-Signature",
      "DKIM-Signature",
      "X-List",
      "DKIM-Signature",
    ]);
    expect(got.header).toContain("X-Seal: mx.ours.example; none");
    expect(got.header).not.toContain("dmarc=fail");
    expect(names.at(-1)).toBe("Reply-To");
    expect(got.record.rules).toEqual(["by the list"]);
  });

  test("the edits in the order of the wire give the same header", async () => {
    const { formatEdits } = await import("../milter/edits.ts");
    const got = await send({ parts: [list], fields: from("taro@else.example") });
    const { dropped } = formatEdits(got.end.edits, {
      edits: new Set(["insert-header", "add-header", "change-header", "delete-header", "quarantine"]),
      leadingSpace: true,
    });
    expect(dropped).toEqual([]);
  });
});

describe("our own signature that is there already", () => {
  test("a good one is not made twice; a bad one stays and gets a good one beside it", async () => {
    const first = await send({});
    const signed = first.header
      .split(/\r\n(?![ \t])/)
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const);
    const again = await send({ fields: signed });
    expect(again.record.signing).toMatchObject({ outcome: "unsigned", reason: "already-signed" });
    expect(words(again)).toEqual(words(first));
    const one = signed.filter(([name, value]) => name !== "DKIM-Signature" || value.includes("s=r"));
    expect(words(await send({ fields: one }))).toEqual(["pass e.ours.example", "pass r.ours.example"]);
    const changed = await send({ fields: signed, body: "another\r\n" });
    expect(words(changed)).toEqual([
      "pass r.ours.example",
      "pass e.ours.example",
      "fail r.ours.example",
      "fail e.ours.example",
    ]);
  });
});

describe("what would break the signature on the way", () => {
  const long = `${"x".repeat(999)}\r\n`;
  const plain = (name: string): Fields => usual.filter(([one]) => one !== name);
  test.each<[string, Sent, string[]]>([
    ["nothing", {}, []],
    ["a long line", { body: `hello\r\n${long}` }, ["long-body-line"]],
    ["a bare CR", { body: "a\rb\r\n" }, ["bare-cr-body"]],
    ["a bare LF", { body: "a\nb\r\n" }, ["bare-lf-body"]],
    ["NUL", { body: "a\0b\r\n" }, ["nul-body"]],
    ["8-bit text", { body: "日本語\r\n" }, ["undeclared-8bit-body"]],
    ["8-bit text that is declared", { body: "日本語\r\n", parameters: ["body=8bitmime"] }, []],
    ["8-bit header", { fields: [...plain("Subject"), ["Subject", " 日本語"]] }, ["raw-8bit-header"]],
    [
      "8-bit header with SMTPUTF8",
      { fields: [...plain("Subject"), ["Subject", " 日本語"]], parameters: ["SMTPUTF8"] },
      [],
    ],
    ["no Date", { fields: plain("Date") }, ["missing-date"]],
    ["no Message-ID", { fields: plain("Message-ID") }, ["missing-message-id"]],
    ["two Subjects", { fields: [...usual, ["Subject", " b"]] }, ["repeated-field"]],
    ["a blank fold", { fields: [...usual, ["X-A", " a\n \n b"]] }, ["blank-header-line"]],
    ["an unquoted name", { fields: from("T. A. Ro <taro@ours.example>") }, ["unquoted-name"]],
    ["a quoted name", { fields: from('"T. A. Ro" <taro@ours.example>') }, []],
    ["a dot in an address alone", { fields: from("t.a@ours.example") }, []],
  ])("%s", async (_, sent, fragile) => {
    const got = await send(sent);
    expect(got.record.signing?.fragile ?? []).toEqual(fragile);
    expect(words(got)).toEqual(["pass r.ours.example", "pass e.ours.example"]);
  });

  test.each([
    ["unsigned", "unsigned", 0, false],
    ["hold", "signed", 2, true],
  ])("on_fragile: %s", async (setting, outcome, signatures, held) => {
    const got = await send({ config: await configWith(`  on_fragile: ${setting}`), body: long });
    expect(got.record.signing?.outcome).toBe(outcome);
    expect(words(got)).toHaveLength(signatures);
    expect(got.end.edits.some(({ kind }) => kind === "quarantine")).toBe(held);
  });
});

describe("bodies and canonicalizations", () => {
  const bodies = ["", "\r\n\r\n\r\n", "a", "a \t b  \r\n\r\n", "日本語\r\n", `${"y".repeat(5000)}\r\n`];
  test.each(
    ["relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"].flatMap((form) =>
      bodies.map((body) => [form, body] as const),
    ),
  )("%s %j", async (form, body) => {
    const got = await send({ config: await configWith(`  canonicalization: ${form}`), body });
    expect(words(got)).toEqual(["pass r.ours.example", "pass e.ours.example"]);
  });
});

describe("bursts", () => {
  const answer = (count: number, first: boolean): AskShared =>
    (async () => ({ count, first, lend: 0 })) as unknown as AskShared;

  test("asked with From domain and login, and without them for others", async () => {
    const ask = vi.fn(answer(1, false));
    await send({ ask: ask as unknown as AskShared, login: "Taro" });
    await send({ ask: ask as unknown as AskShared, login: "taro", fields: from("a@else.example") });
    await send({ ask: ask as unknown as AskShared });
    await send({ ask: ask as unknown as AskShared, ip: "203.0.113.9" });
    expect(ask.mock.calls.map(([name, question]) => [name, (question as { sender: string }).sender])).toEqual(
      [
        ["sign.burst", "ours.example taro"],
        ["sign.burst", "other taro"],
        ["sign.burst", "ours.example [198.51.100.10]"],
      ],
    );
  });

  test("domains that only a rule for all below covers count as one", async () => {
    const ask = vi.fn(answer(1, false));
    const wide = `    - { domain: wide.example, selector: w, file: e.pem, include_subdomains: true }`;
    const used = await configWith(wide);
    for (const author of ["a@wide.example", "a@x1.wide.example", "a@x2.wide.example", "a@lab.ours.example"])
      await send({ ask: ask as unknown as AskShared, config: used, login: "t", fields: from(author) });
    expect(ask.mock.calls.map(([, question]) => (question as { sender: string }).sender)).toEqual([
      "wide.example t",
      "*.wide.example t",
      "*.wide.example t",
      "lab.ours.example t",
    ]);
  });

  test("within the bounds nothing is told; beyond them it is signed and recorded", async () => {
    expect((await send({ ask: answer(500, false) })).record.signing?.burst).toBeUndefined();
    const got = await send({ ask: answer(501, true) });
    expect(got.record.signing?.burst).toEqual({ count: 501, messages: 500, perMs: 3_600_000, first: true });
    expect(words(got)).toHaveLength(2);
    expect(got.end.edits.some(({ kind }) => kind === "quarantine")).toBe(false);
  });

  test("held when the operator wants it so", async () => {
    const held = await configWith("  burst: { messages: 2, per: 1m, action: hold }");
    const got = await send({ ask: answer(3, true), config: held });
    expect(got.end.edits.at(-1)).toMatchObject({ kind: "quarantine" });
    expect(got.record.disposition.action).toBe("hold");
    // Also where something else is noted that is no reason to hold.
    const fields = usual.filter(([name]) => name !== "Message-ID");
    const fragile = await send({ ask: answer(3, true), config: held, fields });
    expect(fragile.record.signing?.fragile).toEqual(["missing-message-id"]);
    expect(fragile.end.edits.at(-1)).toMatchObject({ reason: expect.stringContaining("a sudden burst") });
  });

  test("without an answer the message goes on", async () => {
    const got = await send({ ask: (async () => undefined) as AskShared });
    expect(got.record.signing).toMatchObject({ outcome: "signed" });
    expect(got.record.signing?.burst).toBeUndefined();
  });

  test("off asks nobody", async () => {
    const ask = vi.fn(answer(1, false));
    await send({ ask: ask as unknown as AskShared, config: await configWith("  burst: { action: off }") });
    expect(ask).not.toHaveBeenCalled();
  });
});
