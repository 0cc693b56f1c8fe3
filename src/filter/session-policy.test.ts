import { describe, expect, test } from "vitest";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { EndOfMessage, MessageEdit } from "../milter/types.ts";
import { answerReserveMs } from "./budget.ts";
import type { UnnumberedRecord } from "./compose-record.ts";
import { openFilterSession } from "./session.ts";

const zone: MemoryZone = {
  "mail.a.example": [{ A: "192.0.2.25" }],
  "25.2.0.192.in-addr.arpa": [{ PTR: "mail.a.example" }],
  "a.example": [{ TXT: "v=spf1 ip4:192.0.2.25 -all" }],
  "_dmarc.a.example": [{ TXT: "v=DMARC1; p=reject" }],
  "parked.example": [{ MX: [0, ""] }],
  "_dmarc.parked.example": [{ TXT: "v=DMARC1; p=reject" }],
  "mute.example": ["TIMEOUT"],
  "_dmarc.mute.example": [{ TXT: "v=DMARC1; p=reject" }],
  "slow.example": ["TIMEOUT"],
  "_dmarc.slow.example": ["TIMEOUT"],
};

interface Sent {
  /** Of the section `verify`. */
  readonly verify: string;
  readonly ip?: string;
  readonly from?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly helo?: string;
  readonly mailFrom?: string;
  /** More of the configuration. */
  readonly config?: string;
  /** What the MTA calls itself. */
  readonly mtaName?: string;
}

interface Got extends EndOfMessage {
  readonly record: UnnumberedRecord;
  readonly bodyAsked: boolean;
  /** Questions to DNS. */
  readonly asked: readonly string[];
  /** By when MX records had to be answered. */
  readonly deadlines: readonly (number | undefined)[];
}

const networks =
  "networks: { own: [{ network: 198.51.100.64/28 }], relays: [{ network: 198.51.100.20, authserv_id: gw.rcpt.example, received_by: [gw-in.rcpt.example] }] }";

async function send({
  verify,
  ip = "203.0.113.9",
  from = "a.example",
  fields = [],
  body = "hello\r\n",
  helo = "mail.client.example",
  mailFrom = `reject@${from}`,
  config = "",
  mtaName = "mta.rcpt.example",
}: Sent): Promise<Got> {
  const loaded = await parseConfig(`verify: { ${verify} }\n${networks}\n${config}`, {
    file: "test",
    hostname: "mx.rcpt.example",
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const records: UnnumberedRecord[] = [];
  const memory = memoryResolver(zone);
  const deadlines: (number | undefined)[] = [];
  const dns: DnsResolver = {
    query(name, type, options) {
      if (type === "MX") deadlines.push(options?.deadline);
      return memory.query(name, type, options);
    },
  };
  const session = openFilterSession({
    config: loaded.config,
    socket: { listen: "inet:127.0.0.1:0", role: "verify", onFailure: "accept", mode: 0o660 },
    dns,
    clock: systemClock,
    dmarc: {},
    keep: (record) => records.push(record),
    lost: (error) => {
      throw error;
    },
  });
  const macros = new Map([
    ["i", "4XyZ"],
    ["j", mtaName],
  ]);
  await session.connect?.({ hostname: "x", client: { family: 4, address: ip, port: 4711 } }, macros);
  await session.helo?.(helo, macros);
  await session.mail?.({ address: mailFrom, parameters: [] }, macros);
  await session.recipient?.({ address: "b@rcpt.example", parameters: [] }, macros);
  for (const [name, value] of [["From", ` <a@${from}>`], ["Date", " now"], ...fields])
    await session.header?.(Buffer.from(name ?? ""), Buffer.from(value ?? "", "latin1"), macros);
  await session.endOfHeaders?.(macros);
  const answer = await session.body?.(Buffer.from(body));
  const end = await session.endOfMessage?.(macros);
  const [record] = records;
  if (end === undefined || record === undefined) throw new Error("no answer at end of message");
  return { ...end, record, bodyAsked: answer?.kind !== "skip", asked: memory.asked, deadlines };
}

/** `Name: value` of what is inserted, deletions as `- Name 2`, others by their kind. */
function brief(edits: readonly MessageEdit[]): string[] {
  return edits.map((edit) => {
    if (edit.kind === "insert-header")
      return `${edit.name}: ${edit.value.slice(0, edit.value.search(/;|$/))}`;
    if (edit.kind === "delete-header") return `- ${edit.name} ${edit.occurrence}`;
    return edit.kind === "quarantine" ? `quarantine ${edit.reason}` : edit.kind;
  });
}

const results = "Authentication-Results: mta.rcpt.example";

describe("what each action sends to the MTA", () => {
  test("none", async () => {
    const got = await send({ verify: "" });
    expect(got.reply).toEqual({ kind: "accept" });
    expect(brief(got.edits)).toEqual([results]);
    expect(got.record).toMatchObject({
      disposition: { action: "none", why: ["dmarc.reject a.example", "enforce.monitor"] },
      reply: "accept",
    });
    expect(got.record).not.toHaveProperty("status");
    expect(got.record).not.toHaveProperty("shadow");
    expect(got.record).not.toHaveProperty("rules");
  });

  test("quarantine: the field stands below the results and tells why", async () => {
    const got = await send({ verify: "enforce: quarantine" });
    expect(got.reply).toEqual({ kind: "accept" });
    expect(brief(got.edits)).toEqual(["X-Sekisho-Quarantine: dmarc", results]);
    expect(got.edits[0]).toMatchObject({
      index: 0,
      value: "dmarc; domain=a.example; policy=reject; reason=enforce.quarantine",
    });
    expect(got.record).toMatchObject({ disposition: { action: "quarantine" }, reply: "accept" });
  });

  test("hold: the MTA's own quarantine, and no field that would still be there after a release", async () => {
    const got = await send({ verify: "enforce: quarantine, quarantine_action: hold" });
    expect(got.reply).toEqual({ kind: "accept" });
    expect(brief(got.edits)).toEqual([
      results,
      "quarantine dmarc; reason=enforce.quarantine; policy=reject; domain=a.example",
    ]);
    expect(got.record).toMatchObject({ disposition: { action: "hold" }, reply: "accept" });
  });

  test("reject: 550 with the word DMARC (RFC 9989 §7.2)", async () => {
    const got = await send({ verify: "enforce: reject, own_domains: [a.example]" });
    expect(got.reply).toMatchObject({ kind: "smtp", code: 550, enhanced: "5.7.1" });
    expect(got.reply).toMatchObject({ text: expect.stringContaining("DMARC policy for a.example") });
    expect(got.record).toMatchObject({
      disposition: { action: "reject" },
      reply: "reject",
      status: "550 5.7.1",
    });
  });

  test("defer: 451", async () => {
    const got = await send({ verify: "spf: { on_temperror: defer }", from: "slow.example" });
    expect(got.reply).toMatchObject({ kind: "smtp", code: 451, enhanced: "4.7.24" });
    expect(got.record).toMatchObject({
      disposition: { action: "defer" },
      reply: "tempfail",
      status: "451 4.7.24",
    });
  });

  test("header: the rules that were broken", async () => {
    const fields = [["Date", " again"]] as const;
    const got = await send({ verify: "rules: { repeated_date: header }", fields });
    expect(got.reply).toEqual({ kind: "accept" });
    expect(brief(got.edits)).toEqual(["X-Sekisho-Rules: repeated-date", results]);
    expect(got.record).toMatchObject({ disposition: { action: "header" }, rules: ["repeated-date"] });
  });

  test("a rule that refuses", async () => {
    const fields = [["Date", " again"]] as const;
    const got = await send({ verify: "rules: { repeated_date: reject }", fields });
    expect(got.reply).toMatchObject({ kind: "smtp", code: 550, enhanced: "5.6.0" });
    expect(got.record.rules).toEqual(["repeated-date"]);
  });
});

describe("who is judged", () => {
  const verify =
    "enforce: reject, reject_alone: true, spf: { on_fail: reject }, rules: { missing_date: reject }";
  test("own networks are quarantined at most", async () => {
    const got = await send({ verify, ip: "198.51.100.70" });
    expect(got.record.disposition.action).toBe("quarantine");
    expect(got.record.disposition.why).toContain("lowered.own");
  });

  test("behind a relay that cannot be read SPF is not known, and the policy is not applied", async () => {
    const got = await send({ verify, ip: "198.51.100.20" });
    expect(got.record.disposition).toMatchObject({
      action: "none",
      why: ["dmarc.reject a.example", "dmarc.spf-unknown"],
    });
  });

  test("mail of submitters is not judged, by no rule either", async () => {
    const got = await send({ verify, ip: "127.0.0.1", fields: [["Date", " again"]] });
    expect(got.record).toMatchObject({ disposition: { action: "none" }, client: { origin: "submitter" } });
    expect(got.record).not.toHaveProperty("rules");
  });

  test.each(["mx.rcpt.example", "MX.rcpt.example", "mx.rcpt.example.", "ｍｘ.rcpt.example"])(
    "whoever greets with our name, written %s",
    async (helo) => {
      const got = await send({ verify: "enforce: reject", helo });
      expect(got.record.disposition.why).toContain("second.own-helo mx.rcpt.example");
    },
  );

  test.each([
    { name: "authserv_id", config: "authserv_id: AS.rcpt.example", helo: "as.rcpt.example" },
    { name: "what the MTA calls itself", config: "", helo: "MTA.rcpt.example" },
    { name: "hostname beside authserv_id", config: "authserv_id: as.rcpt.example", helo: "mx.rcpt.example" },
  ])("whoever greets with $name", async ({ config, helo }) => {
    const got = await send({ verify: "enforce: reject", config, helo });
    expect(got.record.disposition.why).toContain(`second.own-helo ${helo.toLowerCase()}`);
  });

  test.each(["gw.rcpt.example", "gw-in.rcpt.example"])("whoever greets as our gateway %s", async (helo) => {
    const got = await send({ verify: "enforce: reject", helo });
    expect(got.record.disposition.why).toContain(`second.own-helo ${helo}`);
  });

  test("what passes is delivered", async () => {
    const got = await send({ verify, ip: "192.0.2.25" });
    expect(got.reply).toEqual({ kind: "accept" });
  });
});

describe("fields that only we write", () => {
  test.each(["X-Sekisho-Quarantine", "x-sekisho-quarantine ", "X-SEKISHO-RULES"])(
    "%s of a stranger goes",
    async (name) => {
      const got = await send({
        verify: "",
        fields: [
          [name, " dmarc"],
          ["X-Sekisho", " x"],
          [name, " dmarc"],
        ],
      });
      const written = name.toLowerCase().startsWith("x-sekisho-q")
        ? "X-Sekisho-Quarantine"
        : "X-Sekisho-Rules";
      expect(brief(got.edits)).toEqual([`- ${written} 2`, `- ${written} 1`, results]);
      expect(got.record.removed).toMatchObject([{ reason: "own-field" }, { reason: "own-field" }]);
    },
  );

  test("among forged results, and with ours going in", async () => {
    const fields = [
      ["X-Sekisho-Quarantine", " none"],
      ["Authentication-Results", " mta.rcpt.example; dmarc=pass"],
    ] as const;
    const got = await send({ verify: "enforce: quarantine", fields });
    expect(brief(got.edits).toSorted()).toEqual(
      [
        "- Authentication-Results 1",
        "- X-Sekisho-Quarantine 1",
        "X-Sekisho-Quarantine: dmarc",
        results,
      ].toSorted(),
    );
  });
});

describe("the shadow", () => {
  test("is recorded, and nothing else", async () => {
    const got = await send({ verify: "shadow: { enforce: reject, reject_alone: true }" });
    expect(got.reply).toEqual({ kind: "accept" });
    expect(brief(got.edits)).toEqual([results]);
    expect(got.record).toMatchObject({
      disposition: { action: "none" },
      shadow: { action: "reject", why: ["dmarc.reject a.example", "reject-alone"] },
      reply: "accept",
    });
  });

  test("is not recorded where it would do the same", async () => {
    const got = await send({ verify: "enforce: quarantine, shadow: quarantine" });
    expect(got.record).not.toHaveProperty("shadow");
  });

  test("its rules are looked at", async () => {
    const verify = "rules: { repeated_date: off }, shadow: { rules: { repeated_date: reject } }";
    const got = await send({ verify, ip: "192.0.2.25", fields: [["Date", " again"]] });
    expect(got.record).toMatchObject({ rules: ["repeated-date"], shadow: { action: "reject" } });
    expect(got.reply).toEqual({ kind: "accept" });
  });
});

const signature =
  " v=1; a=rsa-sha256; d=signer.example; s=s; c=relaxed/relaxed; h=from; bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; b=AAAA";

describe("rules about the body", () => {
  test("by default no body is asked for on their account", async () => {
    const got = await send({ verify: "", body: "a\u0000" });
    expect(got.bodyAsked).toBe(false);
    expect(got.record).not.toHaveProperty("rules");
  });

  test("by default they are recorded when a signature asks for the body", async () => {
    const fields = [["DKIM-Signature", signature]] as const;
    const got = await send({ verify: "", body: "a\u0000\r\n", fields });
    expect(got.bodyAsked).toBe(true);
    expect(got.record.rules).toEqual(["nul-body"]);
    expect(got.record.disposition.action).toBe("none");
    const off = await send({ verify: "rules: { nul_body: off }", body: "a\u0000\r\n", fields });
    expect(off.record).not.toHaveProperty("rules");
  });

  test.each([
    "rules: { nul_body: reject }",
    "rules: { nul_body: record }",
    "shadow: { rules: { nul_body: reject } }",
  ])("with %s it is", async (verify) => {
    const got = await send({ verify, ip: "192.0.2.25", body: "a\u0000\r\n" });
    expect(got.bodyAsked).toBe(true);
    expect(got.record.rules).toEqual(["nul-body"]);
    expect(got.record.size.bodyOctets).toBe(4);
  });
});

describe("whether the author domain is parked", () => {
  // A client with a name, and an envelope of its own: nothing else speaks for refusing.
  const plain = { ip: "192.0.2.25", mailFrom: "x@a.example" } as const;
  const asksMx = (asked: readonly string[]): readonly string[] => asked.filter((one) => one.endsWith(" MX"));

  test("is asked when a refusal hangs on it, and told in the record", async () => {
    const got = await send({ ...plain, verify: "enforce: reject", from: "parked.example" });
    expect(got.reply).toMatchObject({
      kind: "smtp",
      code: 550,
      text: expect.stringContaining("(parked-domain)"),
    });
    expect(got.record.disposition.why).toContain("second.parked-domain parked.example");
    expect(got.record.results?.dns).toContainEqual(
      expect.objectContaining({ name: "parked.example", type: "MX", outcome: "answer" }),
    );
  });

  test("is asked within the time budget of the message", async () => {
    const before = systemClock.monotonic();
    const config = "milter: { time_budget: 5s }";
    const got = await send({ ...plain, verify: "enforce: reject", from: "parked.example", config });
    const [deadline = 0] = got.deadlines;
    expect(deadline).toBeGreaterThan(before);
    expect(deadline).toBeLessThanOrEqual(systemClock.monotonic() + 5000 - answerReserveMs);
  });

  test("DNS does not answer: quarantine", async () => {
    const got = await send({ ...plain, verify: "enforce: reject", from: "mute.example" });
    expect(got.record.disposition).toMatchObject({ action: "quarantine" });
    expect(got.record.disposition.why).toContain("second.none");
    expect(asksMx(got.asked)).toEqual(["mute.example MX"]);
  });

  test.each([
    { verify: "", why: "nothing is enforced" },
    { verify: "enforce: quarantine", why: "nothing is refused" },
    { verify: "enforce: reject, own_domains: [parked.example]", why: "there is a second reason" },
    { verify: "enforce: reject, reject_alone: true", why: "none is needed" },
  ])("is not asked where $why", async ({ verify }) => {
    const got = await send({ ...plain, verify, from: "parked.example" });
    expect(asksMx(got.asked)).toEqual([]);
  });

  test("is asked for the shadow as well", async () => {
    const got = await send({ ...plain, verify: "shadow: reject", from: "parked.example" });
    expect(got.record).toMatchObject({ disposition: { action: "none" }, shadow: { action: "reject" } });
  });
});

describe("the shadow tries", () => {
  const ofList = { ip: "192.0.2.25", mailFrom: "x@a.example", from: "parked.example" } as const;
  test.each([
    {
      verify: "enforce: reject, shadow: { lists: [{ domain: a.example }] }",
      is: "none",
      why: "forwarder.known a.example",
    },
    {
      verify: "enforce: reject, shadow: { overrides: [{ domain: parked.example, action: none }] }",
      is: "none",
      why: "override.none parked.example",
    },
    {
      verify: "enforce: quarantine, shadow: { quarantine_action: hold }",
      is: "hold",
      why: "enforce.quarantine",
    },
    { verify: "enforce: reject, shadow: { enforce: monitor }", is: "none", why: "enforce.monitor" },
  ])("$verify", async ({ verify, is, why }) => {
    const got = await send({ ...ofList, verify });
    expect(got.record.shadow?.action).toBe(is);
    expect(got.record.shadow?.why).toContain(why);
    expect(got.record.disposition.action).not.toBe(is);
  });

  test.each([
    {
      verify: "enforce: reject, shadow: { own_domains: [mute.example] }",
      why: "second.own-domain mute.example",
    },
    {
      verify: "enforce: reject, shadow: { parked_domains: [mute.example] }",
      why: "second.parked-domain mute.example",
    },
    {
      verify: "enforce: reject, shadow: { own_names: [mail.client.example] }",
      why: "second.own-helo mail.client.example",
    },
  ])("$verify", async ({ verify, why }) => {
    const got = await send({ ...ofList, from: "mute.example", verify });
    expect(got.record.disposition.action).toBe("quarantine");
    expect(got.record.shadow).toMatchObject({ action: "reject" });
    expect(got.record.shadow?.why).toContain(why);
  });
});

test("reasons and why are our own words: no local part takes them for its own", async () => {
  // The local part of the sender is "reject".
  const got = await send({ verify: "enforce: reject" });
  expect(got.record.disposition.why).toEqual(["dmarc.reject a.example", "second.no-list-or-forwarder"]);
});
