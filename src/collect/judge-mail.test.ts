import { expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../test/dkim-test-keys.ts";
import { sealMessage } from "../../test/seal-message.ts";
import { signatureField } from "../../test/sign-message.ts";
import { fixedClock } from "../core/clock.ts";
import { formatSignedField, openDkimSigning } from "../core/dkim/sign.ts";
import { createSigningKey } from "../core/dkim/signing-key.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { parseHead } from "../core/message/message.ts";
import type { MailJudgement } from "../store/reports/port.ts";
import { Allowance } from "./extract/limits.ts";
import { readMail } from "./extract/mime-part.ts";
import { type JudgeContext, judgeMail } from "./judge-mail.ts";

const clock = fixedClock(Date.UTC(2026, 10, 20));
const key = ed25519TestKey(3);
const dns = memoryResolver({
  "s._domainkey.reporter.example": [{ TXT: `v=DKIM1; k=ed25519; p=${key.publicText}` }],
  "down._domainkey.reporter.example": ["TIMEOUT"],
});
const head = "From: Reports <dmarc@reporter.example>\r\nTo: <RUA@example.com>\r\nSubject: x\r\n";
const body = "hello\r\n";

async function signed(domain: string, selector = "s"): Promise<string> {
  const made = createSigningKey({ domain, selector, privateKey: key.privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  const signing = openDkimSigning(parseHead(Buffer.from(head)), { signatures: [{ key: made.key }], clock });
  signing.body(Buffer.from(body));
  const fields = await signing.finish();
  return fields.map((field) => formatSignedField(field, "\r\n")).join("");
}

function judge(
  fields: string,
  more: Partial<JudgeContext> & { readonly nested?: boolean } = {},
): Promise<MailJudgement> {
  const { nested = false, ...context } = more;
  const octets = Buffer.from(`${fields}${head}\r\n${body}`);
  return judgeMail(readMail(octets, new Allowance(), nested), {
    authservIds: ["mx.example"],
    clock,
    ...context,
  });
}

const own = (results: string): string => `Authentication-Results: mx.example; ${results}\r\n`;

test.each<readonly [string, string, MailJudgement["verdict"], boolean]>([
  ["DMARC passed", "dmarc=pass header.from=reporter.example", "aligned", false],
  [
    "DMARC failed",
    "dkim=pass header.d=evil.example; dmarc=fail header.from=reporter.example",
    "unaligned",
    false,
  ],
  ["an aligned signature", "dkim=pass header.d=mail.reporter.example", "aligned", true],
  ["an aligned signature, by its identity", "dkim=pass header.i=@reporter.example", "aligned", true],
  ["a signature of somebody else", "dkim=pass header.d=evil.example", "unaligned", false],
  ["a signature of a top level", "dkim=pass header.d=example", "unaligned", false],
  [
    "DMARC by SPF, and a signature of somebody else",
    "dmarc=pass; dkim=pass header.d=evil.example",
    "aligned",
    false,
  ],
  ["SPF of its own", "spf=pass smtp.mailfrom=bounce@reporter.example", "aligned", false],
  ["SPF of somebody else, and no word about DKIM", "spf=pass smtp.mailfrom=x@evil.example", "unknown", false],
  [
    "SPF of somebody else, and no signature",
    "spf=pass smtp.mailfrom=x@evil.example; dkim=none",
    "unaligned",
    false,
  ],
  ["DKIM failed", "dkim=fail header.d=reporter.example; spf=softfail", "unaligned", false],
  ["nothing that tells", "iprev=pass", "unknown", false],
  ["DNS did not answer for DKIM", "dkim=temperror header.d=reporter.example", "unknown", false],
  [
    "DNS did not answer for one signature, and another one failed",
    "dkim=temperror header.d=a.example; dkim=fail header.d=reporter.example",
    "unaligned",
    false,
  ],
])("RFC 8601: what the site itself has written: %s", async (_name, results, verdict, dkimPass) => {
  expect(await judge(own(results))).toEqual({
    verdict,
    by: "authentication-results",
    fromDomain: "reporter.example",
    sentTo: "rua@example.com",
    dkimPass,
  });
});

test.each([
  ["another host's field", "Authentication-Results: mx.other; dmarc=pass\r\n", {}],
  ["no field", "", {}],
  ["a broken field", "Authentication-Results: ;;=\r\n", {}],
  ["a field that says none", own("none"), {}],
  // Whoever sent it may have written that.
  ["the field of a mail within another", own("dmarc=pass"), { nested: true }],
])("nobody's word: %s", async (_name, fields, more) => {
  expect(await judge(fields, more)).toMatchObject({ verdict: "unknown", by: "none", dkimPass: false });
});

test("of two fields in the site's name the one on top counts", async () => {
  const both =
    own("dmarc=fail header.from=reporter.example") + own("dmarc=pass header.from=reporter.example");
  expect((await judge(both)).verdict).toBe("unaligned");
});

test("DKIM now, where the site has written nothing and DNS may be asked", async () => {
  const fields = await signed("reporter.example");
  expect(await judge(fields, { dns })).toMatchObject({ verdict: "aligned", by: "dkim", dkimPass: true });
  expect(await judge(fields)).toMatchObject({ verdict: "unknown", by: "none" });
  expect(await judge(`${fields}${own("dmarc=fail")}`, { dns })).toMatchObject({ verdict: "unaligned" });
  const inner = await judge(`${fields}${own("dmarc=fail")}`, { dns, nested: true });
  expect(inner).toMatchObject({ verdict: "aligned", by: "dkim" });
});

test.each<readonly [string, string, MailJudgement["verdict"], MailJudgement["by"]]>([
  ["DMARC passed", own("dmarc=pass"), "aligned", "authentication-results"],
  ["DMARC failed", own("dmarc=fail"), "unaligned", "authentication-results"],
  ["SPF failed", own("spf=fail smtp.mailfrom=x@evil.example"), "aligned", "dkim"],
  ["SPF passed", own("spf=pass smtp.mailfrom=x@reporter.example"), "aligned", "authentication-results"],
  ["SPF of nobody", own("spf=none smtp.mailfrom=x@bounce.example"), "aligned", "dkim"],
  [
    "DMARC passed, above the field of DKIM",
    own("dmarc=pass") + own("dkim=pass"),
    "aligned",
    "authentication-results",
  ],
  ["SPF of nobody, above the field of DKIM", own("spf=none") + own("dkim=pass"), "aligned", "dkim"],
  ["DNS did not answer then", own("dkim=temperror header.d=reporter.example"), "aligned", "dkim"],
])("DKIM now, where the site's field on top says nothing of it: %s", async (_name, fields, verdict, by) => {
  const judged = await judge(`${fields}${await signed("reporter.example")}`, { dns });
  expect(judged).toMatchObject({ verdict, by, dkimPass: true });
});

test("RFC 6376 §8.2: a signature with l= says nothing of what stands behind", async () => {
  const rsa = rsaTestKey(2048);
  const records = memoryResolver({
    "s._domainkey.reporter.example": [{ TXT: `v=DKIM1; k=rsa; p=${rsa.publicText}` }],
  });
  const signed = (bodyLength?: number): string => {
    const l = bodyLength === undefined ? "" : ` l=${bodyLength};`;
    const field = signatureField({
      header: head,
      body,
      key: rsa,
      canonicalization: ["relaxed", "relaxed"],
      signed: ["from"],
      layout: ` v=1; a=rsa-sha256; c=relaxed/relaxed; d=reporter.example; s=s; h=from;${l} bh={bh}; b={b}`,
      ...(bodyLength !== undefined && { bodyLength }),
    });
    return `${field}${head}\r\n${body}`;
  };
  const judgeText = (text: string): Promise<MailJudgement> =>
    judgeMail(readMail(Buffer.from(text, "latin1"), new Allowance()), {
      authservIds: [],
      clock,
      dns: records,
    });
  expect(await judgeText(signed())).toMatchObject({ verdict: "aligned", dkimPass: true });
  expect(await judgeText(signed(7))).toMatchObject({ verdict: "unknown", by: "dkim", dkimPass: false });
  expect(await judgeText(`${signed(7)}more`)).toMatchObject({ verdict: "unknown", dkimPass: false });
});

test("a signature of another domain is none of the reporter", async () => {
  const other = memoryResolver({
    "s._domainkey.evil.example": [{ TXT: `v=DKIM1; k=ed25519; p=${key.publicText}` }],
  });
  const judged = await judge(await signed("evil.example"), { dns: other });
  expect(judged).toMatchObject({ verdict: "unknown", by: "dkim", dkimPass: false });
});

test("mails within one arrival share the time for asking", async () => {
  const allowance = new Allowance();
  const octets = Buffer.from(`${await signed("reporter.example")}${head}\r\n${body}`);
  const ask = (): Promise<MailJudgement> =>
    judgeMail(readMail(octets, allowance, true), { authservIds: [], clock, dns });
  expect(await ask()).toMatchObject({ verdict: "aligned" });
  allowance.asking.msLeft = 0;
  expect(await ask()).toMatchObject({ verdict: "unknown", by: "none" });
});

test.each([
  ["no signature", ""],
  ["a signature that is broken", "broken"],
  ["a name server that is down", "down"],
])("SPF cannot be asked any more, so it is unknown and not unaligned: %s", async (_name, what) => {
  const fields = what === "" ? "" : await signed("reporter.example", what === "down" ? "down" : "s");
  const changed = what === "broken" ? fields.replace("bh=", "bh=AAAA") : fields;
  expect(await judge(changed, { dns })).toMatchObject({ verdict: "unknown", by: "dkim", dkimPass: false });
});

const sealKey = rsaTestKey(2048);
const sealedDns = memoryResolver({
  "s1._domainkey.example.org": [{ TXT: `v=DKIM1; k=rsa; p=${sealKey.publicText}` }],
});

test.each([
  [
    "that it passed",
    " mx.example.org; dkim=pass header.d=reporter.example; dmarc=pass header.from=reporter.example",
    ["example.org"],
    "aligned",
    "arc",
    true,
  ],
  [
    "that it failed",
    " mx.example.org; dmarc=fail header.from=reporter.example",
    ["example.org"],
    "unknown",
    "dkim",
    false,
  ],
  [
    "of another author",
    " mx.example.org; dmarc=pass header.from=other.example",
    ["example.org"],
    "unknown",
    "dkim",
    false,
  ],
  [
    "but nobody trusts it",
    " mx.example.org; dmarc=pass header.from=reporter.example",
    [],
    "unknown",
    "dkim",
    false,
  ],
] as const)(
  "RFC 8617 §7.2: a sealer says %s",
  async (_name, results, trustedSealers, verdict, by, dkimPass) => {
    const message = sealMessage(`${head}\r\n${body}`, {
      key: sealKey,
      signed: ["from", "to", "subject"],
      results,
    });
    const mail = readMail(Buffer.from(message, "latin1"), new Allowance());
    const judged = await judgeMail(mail, { authservIds: [], clock, dns: sealedDns, trustedSealers });
    expect(judged).toMatchObject({ verdict, by, dkimPass });
  },
);

test("whom it was sent to", async () => {
  expect((await judge("X-Original-To: Other@example.com\r\n")).sentTo).toBe("other@example.com");
  const mail = readMail(Buffer.from("From: two@a.example, three@b.example\r\n\r\n"), new Allowance());
  const judged = await judgeMail(mail, { authservIds: [], clock });
  expect(judged).toEqual({ verdict: "unknown", by: "none", dkimPass: false });
});

test("the example of RFC 9991: who it is from can be told, though nothing can be vouched for", async () => {
  const mail = readMail(Buffer.from("From: DMARC Filter <DMARC@gen.example>;\r\n\r\n"), new Allowance());
  const judged = await judgeMail(mail, { authservIds: [], clock });
  expect(judged).toEqual({ verdict: "unknown", by: "none", dkimPass: false, fromDomain: "gen.example" });
});
