import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../../../test/dkim-test-keys.ts";
import { type Clock, fixedClock } from "../clock.ts";
import { memoryResolver } from "../dns/memory.ts";
import { parseHead } from "../message/message.ts";
import type { DkimResult } from "../results.ts";
import { type DkimSignatureRequest, formatSignedField, openDkimSigning, type SignedField } from "./sign.ts";
import { type Canonicalization, type DkimSignature, parseDkimSignature } from "./signature.ts";
import { defaultFields } from "./signed-names.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";
import { openDkimVerification } from "./verify.ts";

const now = Date.UTC(2026, 9, 31, 9, 0, 0);
const clock = fixedClock(now);
const rsa = rsaTestKey(1024);
const ed = ed25519TestKey(9);
const rsaKey = signingKey(rsa, "r1");
const edKey = signingKey(ed, "e1");
const dns = memoryResolver({
  "r1._domainkey.example.jp": [{ TXT: `v=DKIM1; k=rsa; p=${rsa.publicText}` }],
  "e1._domainkey.example.jp": [{ TXT: `v=DKIM1; k=ed25519; p=${ed.publicText}` }],
});
const forms: readonly Canonicalization[] = ["simple", "relaxed"];

function signingKey({ privateKey }: TestKey, selector: string, domain = "example.jp"): SigningKey {
  const made = createSigningKey({ domain, selector, privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

const header =
  "From: a@example.jp\r\nTo: b@example.com\r\nSubject: Hi\r\nDate: Sat, 31 Oct 2026 18:00:00 +0900\r\n";

/** The fields for a message; the body in chunks of that many octets. */
async function sign(
  message: { readonly header: string; readonly body: string },
  requests: readonly DkimSignatureRequest[],
  { chunk = 1000, at = clock }: { readonly chunk?: number; readonly at?: Clock } = {},
): Promise<readonly SignedField[]> {
  const signing = openDkimSigning(parseHead(Buffer.from(message.header, "latin1")), {
    signatures: requests,
    clock: at,
  });
  const body = Buffer.from(message.body, "latin1");
  for (let from = 0; from < body.length; from += chunk) signing.body(body.subarray(from, from + chunk));
  return signing.finish();
}

async function verify(header: string, body: string, at = clock): Promise<readonly DkimResult[]> {
  const verification = openDkimVerification(parseHead(Buffer.from(header, "latin1")), { dns, clock: at });
  verification.body(Buffer.from(body, "latin1"));
  return verification.finish();
}

function wire(fields: readonly SignedField[]): string {
  return fields.map((field) => formatSignedField(field, "\r\n")).join("");
}

function tagsOf(field: SignedField | undefined): DkimSignature {
  const signature = parseDkimSignature(` ${field?.value.replaceAll("\n", "\r\n")}`);
  if (signature.problem !== undefined) throw new Error(signature.problem);
  return signature;
}

const bodies = [
  { name: "empty", body: "" },
  { name: "one line", body: "Hi.\r\n" },
  { name: "no line end", body: "Hi." },
  { name: "blank lines only", body: "\r\n\r\n\r\n" },
  { name: "white space only", body: " \t\r\n \r\n" },
  { name: "8-bit", body: "\xe3\x81\x82\xff\x00\r\n" },
  { name: "a long line", body: `${"x".repeat(5000)}  y\r\n` },
  { name: "bare CR and LF", body: "a\rb\nc\r\r\n\n" },
] as const;

describe.each(bodies)("body: $name", ({ body }) => {
  test.each(forms.flatMap((head) => forms.map((form) => [head, form] as const)))(
    "RFC 6376 §3.4: %s/%s, both algorithms in one pass",
    async (head, form) => {
      const canonicalization = { header: head, body: form };
      const fields = await sign(
        { header, body },
        [rsaKey, edKey].map((key) => ({ key, canonicalization })),
        { chunk: 3 },
      );
      expect(fields).toHaveLength(2);
      const results = await verify(wire(fields) + header, body);
      expect(results.map(({ result, selector, algorithm }) => [result, selector, algorithm])).toEqual([
        ["pass", "r1", "rsa-sha256"],
        ["pass", "e1", "ed25519-sha256"],
      ]);
    },
  );
});

test("signatures in several forms each keep to their own", async () => {
  const requests = forms.flatMap((head) =>
    forms.map((body) => ({ key: edKey, canonicalization: { header: head, body } })),
  );
  const body = "a  b \r\n\r\n";
  const results = await verify(wire(await sign({ header, body }, requests)) + header, body);
  expect(results.map(({ result }) => result)).toEqual(["pass", "pass", "pass", "pass"]);
});

describe("which fields are signed", () => {
  const all =
    "From:From:To:To:Cc:Subject:Subject:Date:Date:Message-ID:In-Reply-To:References:MIME-Version:Content-Type:Content-Transfer-Encoding";

  test("RFC 6376 §5.4: what matters is signed once more than it is there", async () => {
    const [field] = await sign({ header, body: "" }, [{ key: edKey }]);
    expect(tagsOf(field).signedFields.join(":")).toBe(all.toLowerCase());
  });

  test.each([
    ["From: evil@example.org", "fail"],
    ["Subject: other", "fail"],
    ["Cc: c@example.com", "fail"],
    ["Content-Type: text/html", "fail"],
    ["MIME-Version: 1.0", "fail"],
    ["References: <x@example.com>", "fail"],
    ["List-Id: <list.example.com>", "pass"],
    ["List-Unsubscribe: <mailto:x@example.com>", "pass"],
    ["Reply-To: list@example.com", "pass"],
    ["Sender: owner@example.com", "pass"],
    ["Received: from a by b", "pass"],
    ["DKIM-Signature: v=1", "pass"],
  ])("added later on top: %s gives %s", async (added, result) => {
    const own = wire(await sign({ header, body: "" }, [{ key: edKey }]));
    const results = await verify(`${added}\r\n${own}${header}`, "");
    expect(results.find(({ selector }) => selector === "e1")?.result).toBe(result);
  });

  test.each(["Reply-To", "Sender", "List-Id", "List-Unsubscribe-Post", "list-archive"])(
    "%s is signed when it is there, as often as it is there",
    async (name) => {
      const more = `${name}: x\r\n${name}: y\r\n${header}`;
      const [field] = await sign({ header: more, body: "" }, [{ key: edKey }]);
      const { signedFields } = tagsOf(field);
      expect(signedFields.filter((one) => one === name.toLowerCase())).toHaveLength(2);
      const changed = more.replace(": x", ": z");
      expect((await verify(wire(field ? [field] : []) + changed, ""))[0]?.result).toBe("fail");
    },
  );

  test("a name that begins like a list's, and would end the tag, is not taken over", async () => {
    const odd = `List-;b=AAAA: x\r\nList-X: y\r\n${header}`;
    const [field] = await sign({ header: odd, body: "" }, [{ key: edKey }]);
    expect(tagsOf(field).signedFields.join(":")).toBe(all.toLowerCase());
  });

  test("names of the operator's own; what cannot stand in h= is left out", async () => {
    const fields = {
      oversigned: [...defaultFields.oversigned, "X-One", "from"],
      whenPresent: ["X-Two", "a;b", "c:d", "", "é"],
    };
    const [field] = await sign({ header: `X-Two: 2\r\n${header}`, body: "" }, [{ key: edKey, fields }]);
    expect(tagsOf(field).signedFields.join(":")).toBe(`${all.toLowerCase()}:x-one:x-two`);
  });

  test("RFC 6376 §5.4.2: a repeated field is signed from below", async () => {
    const twice = `To: c@example.com\r\n${header}`;
    const own = wire(await sign({ header: twice, body: "" }, [{ key: edKey }]));
    expect((await verify(own + twice, ""))[0]?.result).toBe("pass");
    expect((await verify(own + header, ""))[0]?.result).toBe("fail");
  });
});

describe("what is not signed", () => {
  test.each([
    { name: "RFC 6376 §5.4: no From", header: "To: x\r\n", problem: "from-missing" },
    { name: "no header at all", header: "", problem: "from-missing" },
    { name: "RFC 6376 §8.15: two From fields", header: `From: x\r\n${header}`, problem: "from-repeated" },
    {
      name: "a line that a field on top would take in",
      header: ` y\r\n${header}`,
      problem: "header-malformed",
    },
    { name: "too many fields", header: `${"To: x\r\n".repeat(300)}${header}`, problem: "too-many-fields" },
    {
      name: "a header beyond the limits",
      header: header + "X: y\r\n".repeat(10_001),
      problem: "header-too-long",
    },
  ])("$name", async ({ header: given, problem }) => {
    const signing = openDkimSigning(parseHead(Buffer.from(given, "latin1")), {
      signatures: [{ key: edKey }],
      clock,
    });
    expect(signing.problem).toBe(problem);
    expect(signing.needsBody).toBe(false);
    signing.body(Buffer.from("x"));
    expect(await signing.finish()).toEqual([]);
  });

  test("without a signature to make the body is not needed", () => {
    const signing = openDkimSigning(parseHead(Buffer.from(header)), { signatures: [], clock });
    expect([signing.needsBody, signing.problem]).toEqual([false, undefined]);
  });
});

describe("tags", () => {
  test("t= is the time of signing, and there is no x= and no l= unless asked for", async () => {
    const [field] = await sign({ header, body: "" }, [{ key: rsaKey }]);
    const tags = tagsOf(field);
    expect([tags.timestamp, tags.expiration, tags.bodyLength]).toEqual([now / 1000, undefined, undefined]);
    expect(tags.identity).toEqual({ localPart: "", domain: "example.jp" });
  });

  test("RFC 6376 §3.5 x=: after so many seconds the signature is past", async () => {
    const own = wire(await sign({ header, body: "" }, [{ key: rsaKey, expiresAfter: 60, timestamp: false }]));
    expect(own).not.toContain(" t=");
    expect((await verify(own + header, "", fixedClock(now + 60_000)))[0]?.result).toBe("pass");
    expect((await verify(own + header, "", fixedClock(now + 61_000)))[0]?.problem).toBe("signature-expired");
  });

  test.each([
    [{ localPart: "", domain: "lab.example.jp" }, "@lab.example.jp"],
    [{ localPart: "taro", domain: "example.jp" }, "taro@example.jp"],
    [{ localPart: 'a b;"=|c', domain: "example.jp" }, 'a b;"=|c@example.jp'],
    [{ localPart: "太郎", domain: "example.jp" }, "太郎@example.jp"],
    // §3.5 i=: d= or below it.
    [{ localPart: "x", domain: "example.com" }, "@example.jp"],
    [{ localPart: "x", domain: "badexample.jp" }, "@example.jp"],
  ])("i= %j gives %s", async (identity, written) => {
    const fields = await sign({ header, body: "" }, [{ key: rsaKey, identity }]);
    const [result] = await verify(wire(fields) + header, "");
    expect([result?.result, result?.identity]).toEqual(["pass", written]);
    expect(wire(fields)).toMatch(/^[\t\r\n -~]*$/);
  });

  test("RFC 8616 §5: U-labels of d= and s= become A-labels", async () => {
    const key = signingKey(rsa, "セレクタ", "例え.jp");
    expect([key.selector, key.domain]).toEqual(["xn--pckxan2p", "xn--r8jz45g.jp"]);
  });
});

describe("layout", () => {
  test("every line is under 78 columns, with LF for milters and CRLF for files", async () => {
    const long = signingKey(rsaTestKey(2048), "s20261031", "sub.department.university.example.jp");
    const names = {
      oversigned: [...defaultFields.oversigned, "X-A-Rather-Long-Name-Of-A-Field"],
      whenPresent: [],
    };
    for (const key of [rsaKey, edKey, long]) {
      const [field] = await sign({ header, body: "x" }, [{ key, fields: names, expiresAfter: 86_400 }]);
      const lf = formatSignedField(field as SignedField, "\n");
      const lines = lf.split("\n").slice(0, -1);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(78);
      expect(lines.length).toBeGreaterThan(3);
      expect(lines.slice(1).every((line) => /^ \S/.test(line))).toBe(true);
      expect(formatSignedField(field as SignedField, "\r\n")).toBe(lf.replaceAll("\n", "\r\n"));
      expect(lf).not.toContain("\r");
      // RFC 6376 §3.5: b= last, so that nobody has to look for its end.
      expect(lf).toMatch(/\sb=[^;]*\n$/);
    }
  });

  test("a name longer than a line stands on one of its own", async () => {
    const label = "a".repeat(60);
    const key = signingKey(ed, "s", `${label}.${label}.example.jp`);
    const [field] = await sign({ header, body: "" }, [{ key }]);
    expect(tagsOf(field).domain).toBe(key.domain);
  });
});

describe("keys", () => {
  const { privateKey: ec } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  test.each([
    {
      name: "RFC 8301 §3.2: RSA under 1024 bits",
      key: rsaTestKey(1016).privateKey,
      problem: "key-too-short",
    },
    { name: "another kind of key", key: ec, problem: "key-type" },
    { name: "a public key", key: createPublicKey(rsa.privateKey), problem: "key-type" },
  ])("$name is refused", ({ key, problem }) => {
    expect(createSigningKey({ domain: "example.jp", selector: "s", privateKey: key })).toEqual({
      kind: "problem",
      problem,
    });
  });

  test("a key whose parts do not belong together is refused", () => {
    const der = rsa.privateKey.export({ format: "der", type: "pkcs1" });
    // In the modulus.
    der[40] = (der[40] as number) ^ 0xff;
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs1" });
    expect(createSigningKey({ domain: "example.jp", selector: "s", privateKey })).toEqual({
      kind: "problem",
      problem: "key-broken",
    });
  });

  test.each([
    ["jp", "s", "bad-domain"],
    ["example..jp", "s", "bad-domain"],
    ["example.jp.", "s", "bad-domain"],
    ["example.jp", "", "bad-selector"],
    ["example.jp", "a b", "bad-selector"],
    ["example.jp", "s.", "bad-selector"],
  ])("d=%s s=%s is refused: %s", (domain, selector, problem) => {
    const made = createSigningKey({ domain, selector, privateKey: ed.privateKey });
    expect(made).toEqual({ kind: "problem", problem });
  });
});

describe("properties", () => {
  const piece = fc.constantFrom(
    ..."From: a@example.jp|To|Subject:|DKIM-Signature: v=1; b=x|List-Id: <l>|Reply-To : x|X-\xff: \xe3\x81\x82".split(
      "|",
    ),
    "\r\n",
    "\r\n",
    "\r\n ",
    "\r\n\t",
    ":",
    " ",
    "\t",
    "\r",
    "\n",
    "\0",
    "\x80",
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));

  test("whatever is signed passes, however hostile the head and however the body is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        text,
        fc.constantFrom(...forms),
        fc.constantFrom(...forms),
        fc.integer({ min: 1, max: 9 }),
        async (wild, body, head, form, chunk) => {
          const given = `From: a@example.jp\r\n${wild}`;
          const message = { header: given, body };
          const canonicalization = { header: head, body: form };
          const fields = await sign(message, [{ key: edKey, canonicalization }], { chunk });
          // Two From fields are refused; all else is signed.
          const octets = Buffer.from(given, "latin1");
          const authors = parseHead(octets).fields.filter(({ lowerName }) => lowerName === "from");
          expect(fields).toHaveLength(authors.length === 1 ? 1 : 0);
          if (fields.length === 0) return;
          const results = await verify(wire(fields) + given, body);
          expect(results[0]?.result).toBe("pass");
        },
      ),
      { numRuns: 400 },
    );
  });
});
