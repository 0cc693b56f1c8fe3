import { describe, expect, test } from "vitest";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import type { EndOfMessage, MessageEdit } from "../milter/types.ts";
import type { UnnumberedRecord } from "./compose-record.ts";
import { openFilterSession } from "./session.ts";

const zone: MemoryZone = {
  "mail.a.example": [{ A: "192.0.2.25" }],
  "25.2.0.192.in-addr.arpa": [{ PTR: "mail.a.example" }],
  "a.example": [{ TXT: "v=spf1 ip4:192.0.2.25 -all" }],
  "_dmarc.a.example": [{ TXT: "v=DMARC1; p=reject" }],
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
}

interface Got extends EndOfMessage {
  readonly record: UnnumberedRecord;
  readonly bodyAsked: boolean;
}

const networks = "networks: { own: [{ network: 198.51.100.64/28 }], relays: [{ network: 198.51.100.20 }] }";

async function send({
  verify,
  ip = "203.0.113.9",
  from = "a.example",
  fields = [],
  body = "hello\r\n",
  helo = "mail.client.example",
}: Sent): Promise<Got> {
  const loaded = await parseConfig(`verify: { ${verify} }\n${networks}`, {
    file: "test",
    hostname: "mx.rcpt.example",
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const records: UnnumberedRecord[] = [];
  const session = openFilterSession({
    config: loaded.config,
    socket: { listen: "inet:127.0.0.1:0", role: "verify", onFailure: "accept", mode: 0o660 },
    dns: memoryResolver(zone),
    clock: systemClock,
    dmarc: {},
    keep: (record) => records.push(record),
    lost: (error) => {
      throw error;
    },
  });
  const macros = new Map([["i", "4XyZ"]]);
  await session.connect?.({ hostname: "x", client: { family: 4, address: ip, port: 4711 } }, macros);
  await session.helo?.(helo, macros);
  await session.mail?.({ address: `reject@${from}`, parameters: [] }, macros);
  await session.recipient?.({ address: "b@rcpt.example", parameters: [] }, macros);
  for (const [name, value] of [["From", ` <a@${from}>`], ["Date", " now"], ...fields])
    await session.header?.(Buffer.from(name ?? ""), Buffer.from(value ?? "", "latin1"), macros);
  await session.endOfHeaders?.(macros);
  const answer = await session.body?.(Buffer.from(body));
  const end = await session.endOfMessage?.(macros);
  const [record] = records;
  if (end === undefined || record === undefined) throw new Error("no answer at end of message");
  return { ...end, record, bodyAsked: answer?.kind !== "skip" };
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

const results = "Authentication-Results: mx.rcpt.example";

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
      ["Authentication-Results", " mx.rcpt.example; dmarc=pass"],
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

describe("rules about the body", () => {
  test("without them the body is not asked for", async () => {
    expect((await send({ verify: "", body: "a\u0000" })).bodyAsked).toBe(false);
  });

  test.each(["rules: { nul_body: reject }", "shadow: { rules: { nul_body: reject } }"])(
    "with %s it is",
    async (verify) => {
      const got = await send({ verify, ip: "192.0.2.25", body: "a\u0000\r\n" });
      expect(got.bodyAsked).toBe(true);
      expect(got.record.rules).toEqual(["nul-body"]);
      expect(got.record.size.bodyOctets).toBe(4);
    },
  );
});

test("reasons and why are our own words: no local part takes them for its own", async () => {
  // The local part of the sender is "reject".
  const got = await send({ verify: "enforce: reject" });
  expect(got.record.disposition.why).toEqual(["dmarc.reject a.example", "second.no-list-or-forwarder"]);
});
