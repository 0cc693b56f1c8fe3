import { expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../test/dkim-test-keys.ts";
import { sealMessage } from "../../test/seal-message.ts";
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
    true,
  ],
  ["an aligned signature", "dkim=pass header.d=mail.reporter.example", "aligned", true],
  ["an aligned signature, by its identity", "dkim=pass header.i=@reporter.example", "aligned", true],
  ["a signature of somebody else", "dkim=pass header.d=evil.example", "unaligned", true],
  ["a signature of a top level", "dkim=pass header.d=example", "unaligned", true],
  ["SPF of its own", "spf=pass smtp.mailfrom=bounce@reporter.example", "aligned", false],
  ["SPF of somebody else", "spf=pass smtp.mailfrom=x@evil.example", "unaligned", false],
  ["DKIM failed", "dkim=fail header.d=reporter.example; spf=softfail", "unaligned", false],
  ["nothing that tells", "iprev=pass", "unknown", false],
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
