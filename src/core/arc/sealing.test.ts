import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../../../test/dkim-test-keys.ts";
import { sealMessage } from "../../../test/seal-message.ts";
import { fixedClock } from "../clock.ts";
import { formatSignedField, openDkimSigning, type SignedField } from "../dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../dkim/signing-key.ts";
import { memoryResolver } from "../dns/memory.ts";
import { fieldsNamed, parseHead, rawValue } from "../message/message.ts";
import { parseTagList, tagValue } from "../message/taglist.ts";
import type { ArcResult } from "../results.ts";
import { ownResults } from "./own-results.ts";
import { type ArcSealing, type ArcSealingContext, openArcSealing } from "./sealing.ts";
import { openArcVerification } from "./verify.ts";

const clock = fixedClock(Date.UTC(2026, 9, 31));
const rsa = rsaTestKey(1024);
const ed = ed25519TestKey(5);
const dns = memoryResolver({
  "r1._domainkey.one.example": [{ TXT: `p=${rsa.publicText}` }],
  "e1._domainkey.two.example": [{ TXT: `k=ed25519; p=${ed.publicText}` }],
  "r1._domainkey.three.example": [{ TXT: `p=${rsa.publicText}` }],
  // Of test/seal-message.ts.
  "s1._domainkey.example.org": [{ TXT: `k=ed25519; p=${ed.publicText}` }],
});
const one = signingKey(rsa, "one.example", "r1");
const two = signingKey(ed, "two.example", "e1");
const three = signingKey(rsa, "three.example", "r1");
const plain = "From: a@example.jp\r\nTo: b@example.com\r\nSubject: Hi\r\n\r\nHi.\r\n\r\n";

function signingKey({ privateKey }: TestKey, domain: string, selector: string): SigningKey {
  const made = createSigningKey({ domain, selector, privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

function split(message: string): { head: ReturnType<typeof parseHead>; body: Buffer } {
  const octets = Buffer.from(message, "latin1");
  return { head: parseHead(octets), body: octets.subarray(octets.indexOf("\r\n\r\n") + 4) };
}

async function validate(message: string): Promise<ArcResult> {
  const { head, body } = split(message);
  const verification = openArcVerification(head, { dns, clock });
  verification.body(body);
  return verification.finish();
}

async function seal(
  message: string,
  key: SigningKey,
  options: Partial<ArcSealingContext> = {},
): Promise<{ outcome: ArcSealing; message: string }> {
  const { head, body } = split(message);
  const sealing = openArcSealing(head, {
    key,
    clock,
    results: async () => ({
      payload: "mx.example.org;\n    spf=pass smtp.mailfrom=a@example.jp;\n    dmarc=pass",
      chain: (await validate(message)).result,
    }),
    ...options,
  });
  for (let from = 0; from < body.length; from += 2) sealing.body(body.subarray(from, from + 2));
  const outcome = await sealing.finish();
  const fields = outcome.kind === "sealed" ? wire(outcome.fields) : "";
  return { outcome, message: fields + message };
}

function wire(fields: readonly SignedField[]): string {
  return fields.map((field) => formatSignedField(field, "\r\n")).join("");
}

function tagsOf(message: string, name: string, tag: string): string | undefined {
  const { head } = split(message);
  const [field] = fieldsNamed(head, name);
  return field === undefined ? undefined : tagValue(parseTagList(rawValue(head, field)), tag);
}

describe("RFC 8617 §5.1", () => {
  test("a chain of three hops passes, each set on top of the one before", async () => {
    let message = plain;
    for (const [index, key] of [one, two, three].entries()) {
      const sealed = await seal(message, key);
      expect(sealed.outcome).toMatchObject({
        kind: "sealed",
        instance: index + 1,
        chainValidation: index === 0 ? "none" : "pass",
      });
      message = `Received: from hop${index}\r\n${sealed.message}`;
    }
    expect(await validate(message)).toMatchObject({
      result: "pass",
      instances: 3,
      oldestPass: 0,
      sealers: ["three.example", "two.example", "one.example"],
    });
    expect((await validate(message)).sets[0]).toMatchObject({
      claims: ["spf=pass", "dmarc=pass"],
      signsFrom: true,
    });
    const { head } = split(message);
    expect(head.fields.slice(1, 4).map(({ name }) => name)).toEqual([
      "ARC-Seal",
      "ARC-Message-Signature",
      "ARC-Authentication-Results",
    ]);
  });

  test.each(["simple", "relaxed"] as const)("a message signature of form %s", async (form) => {
    const sealed = await seal(plain, one, { canonicalization: { header: form, body: form } });
    expect((await validate(sealed.message)).result).toBe("pass");
    expect(tagsOf(sealed.message, "arc-message-signature", "c")).toBe(`${form}/${form}`);
  });

  test("step 1: what changed the message in between is covered, and oldest-pass tells it", async () => {
    const first = await seal(plain, one);
    const changed = first.message.replace("Subject: Hi", "Subject: [list] Hi");
    expect((await validate(changed)).result).toBe("fail");
    // The hop knows that the chain was good when the message came in.
    const second = await seal(changed, two, {
      results: () => ({ payload: "lists.example; arc=pass", chain: "pass" }),
    });
    expect(await validate(second.message)).toMatchObject({ result: "pass", oldestPass: 2 });
  });

  test("step 1: the header as it leaves may be given at the end", async () => {
    const { head, body } = split(plain);
    const leaving = `X-Sekisho: 1\r\nReply-To: list@example.com\r\n${plain}`;
    const sealing = openArcSealing(head, {
      key: one,
      clock,
      results: () => ({ payload: "mx", chain: "none", head: split(leaving).head }),
    });
    sealing.body(body);
    const outcome = await sealing.finish();
    if (outcome.kind !== "sealed") throw new Error(outcome.reason);
    expect((await validate(wire(outcome.fields) + leaving)).result).toBe("pass");
    expect(tagsOf(wire(outcome.fields) + leaving, "arc-message-signature", "h")).toContain("Reply-To");
  });

  test("step 2: on top of cv=fail nothing is added", async () => {
    const failed = sealMessage(sealMessage(plain, { key: ed }), { key: ed, cv: "fail", scope: "own" });
    expect((await seal(failed, one)).outcome).toEqual({ kind: "unsealed", reason: "sealed-as-failed" });
  });

  test("§5.1.2: a chain that fails is sealed with cv=fail over the own set only", async () => {
    const broken = sealMessage(plain, { key: ed }).replace("Subject: Hi", "Subject: Ho");
    const sealed = await seal(broken, one);
    expect(sealed.outcome).toMatchObject({ instance: 2, chainValidation: "fail" });
    expect(await validate(sealed.message)).toMatchObject({ result: "fail", problem: "sealed-as-failed" });
    // As if it were the only set: the same seal stands over another chain.
    const others = await seal(
      sealMessage(plain.replace("Hi\r", "Hu\r"), { key: ed, results: " other" }).replace(
        "Subject: Hu",
        "Subject: Ho",
      ),
      one,
    );
    expect(tagsOf(others.message, "arc-seal", "b")).toBe(tagsOf(sealed.message, "arc-seal", "b"));
    expect((await seal(sealed.message, two)).outcome.kind).toBe("unsealed");
  });

  test.each([
    ["a set is missing", (message: string) => message.replace(/^ARC-Seal:.*\r\n(?:[ \t].*\r\n)*/m, ""), 2],
    ["a gap", (message: string) => message.replaceAll("i=1;", "i=7;"), 8],
    ["a stray field", (message: string) => `ARC-Seal: a=b\r\n${message}`, 2],
  ])("§5.1.2: broken structure (%s) is cv=fail, whatever the results say", async (_, damage, instance) => {
    const broken = damage(sealMessage(plain, { key: ed }));
    const sealed = await seal(broken, one, { results: () => ({ payload: "mx; arc=pass", chain: "pass" }) });
    expect(sealed.outcome).toMatchObject({ instance, chainValidation: "fail" });
  });

  test.each([
    ["none", "pass"],
    ["none", "fail"],
    ["none", "none"],
  ] as const)("without a chain cv= is %s, though the results say %s", async (cv, chain) => {
    const sealed = await seal(plain, one, { results: () => ({ payload: "mx", chain }) });
    expect(sealed.outcome).toMatchObject({ instance: 1, chainValidation: cv });
  });

  test("a chain that the results do not know fails", async () => {
    const sealed = await seal(sealMessage(plain, { key: ed }), one, {
      results: () => ({ payload: "mx", chain: "none" }),
    });
    expect(sealed.outcome).toMatchObject({ chainValidation: "fail" });
  });

  test("§4.2.1: no fifty-first set", async () => {
    let message = plain;
    for (let i = 1; i <= 50; i++) message = sealMessage(message, { key: ed });
    expect((await seal(message, two)).outcome).toEqual({ kind: "unsealed", reason: "too-many-sets" });
    const fifty = message.slice(message.indexOf("\r\nARC-Seal", 3) + 2);
    expect((await seal(fifty, two)).outcome).toMatchObject({ instance: 50 });
    expect((await validate((await seal(fifty, two)).message)).result).toBe("pass");
  });
});

describe("RFC 8617 §4.1", () => {
  test("§4.1.2: DKIM signatures are covered; ARC fields and results never, though they be asked for", async () => {
    const { head, body } = split(plain);
    const signing = openDkimSigning(head, { signatures: [{ key: one }], clock });
    signing.body(body);
    const signed = wire(await signing.finish()) + plain;
    const sealed = await seal(`Authentication-Results: mx; spf=pass\r\n${signed}`, two, {
      fields: {
        oversigned: ["Authentication-Results", "ARC-Seal"],
        whenPresent: ["DKIM-Signature", "arc-seal"],
      },
    });
    expect(tagsOf(sealed.message, "arc-message-signature", "h")).toBe("From:From:DKIM-Signature");
    expect((await validate(sealed.message)).result).toBe("pass");
    const byDefault = await seal(signed, two);
    expect(tagsOf(byDefault.message, "arc-message-signature", "h")).toMatch(/:DKIM-Signature$/);
    expect((await validate(byDefault.message)).result).toBe("pass");
  });

  test("§4.1.3: the seal has just the tags that it may have, the instance first", async () => {
    const { message } = await seal(plain, one);
    const { head } = split(message);
    const names = (field: string): string[] => {
      const [found] = fieldsNamed(head, field);
      return found === undefined ? [] : parseTagList(rawValue(head, found)).tags.map(({ name }) => name);
    };
    expect(names("arc-seal")).toEqual(["i", "a", "cv", "d", "s", "t", "b"]);
    expect(names("arc-message-signature")).toEqual(["i", "a", "c", "d", "s", "t", "h", "bh", "b"]);
  });

  test.each(["mx\r\nSubject: evil\r\n\r\nbody", "mx;\n\n\n dmarc=pass\n", 'mx; x="\r"', ""])(
    "§4.1.1: a payload stays in its field: %j",
    async (payload) => {
      const { outcome, message } = await seal(plain, one, { results: () => ({ payload, chain: "none" }) });
      expect(outcome.kind).toBe("sealed");
      expect(split(message).head.fields).toHaveLength(3 + 3);
    },
  );
});

describe("what is not sealed", () => {
  test.each([
    ["from-missing", "To: x\r\n\r\n"],
    ["from-repeated", `From: x\r\n${plain}`],
    ["too-many-fields", `${"To: x\r\n".repeat(300)}${plain}`],
    ["header-too-long", `${"X: x\r\n".repeat(10_001)}${plain}`],
    ["too-many-sets", `${"ARC-Seal: i=1\r\n".repeat(151)}${plain}`],
  ])("%s", async (reason, message) => {
    expect((await seal(message, one)).outcome).toEqual({ kind: "unsealed", reason });
  });

  test("no results, no seal", async () => {
    const { outcome } = await seal(plain, one, { results: () => Promise.reject(new Error("gone")) });
    expect(outcome).toEqual({ kind: "unsealed", reason: "no-results" });
  });
});

describe("RFC 8617 §4.1.1: the results of our own fields put together", () => {
  const results = (header: string): ReturnType<typeof ownResults> =>
    ownResults(parseHead(Buffer.from(`${header}\r\n`, "latin1")), "mx.example.jp");

  test.each([
    ["A-R: mx.example.jp; spf=pass", undefined],
    ["Authentication-Results: other.example; spf=pass", undefined],
    ["Authentication-Results: MX.Example.JP 1; spf=pass", { payload: "mx.example.jp;\n    spf=pass" }],
    ["Authentication-Results: mx.example.jp; none", { payload: "mx.example.jp;\n    none" }],
    [
      'Authentication-Results: mx.example.jp; arc=fail;\r\n\tspf=pass (a; b) smtp.mailfrom="a;b"@x;\r\nAuthentication-Results: mx.example.jp; arc=pass;dmarc=pass\r\n  header.from=x ; ',
      {
        payload:
          'mx.example.jp;\n    arc=fail; spf=pass (a; b) smtp.mailfrom="a;b"@x;\n    arc=pass;dmarc=pass header.from=x',
        chain: "fail",
      },
    ],
    ["Authentication-Results: mx.example.jp; spf=pass (not closed", undefined],
    ["Authentication-Results: mx.example.jp; arc=odd", { payload: "mx.example.jp;\n    arc=odd" }],
  ])("%j", (header, expected) => {
    expect(results(header)).toEqual(expected);
  });
});
