import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { signatureField } from "../../../test/sign-message.ts";
import { parseHead } from "../message/message.ts";
import { type LateSigning, openLateSigning } from "./late-signing.ts";
import { type DkimSignatureRequest, formatSignedField, openDkimSigning } from "./sign.ts";
import type { Canonicalization } from "./signature.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";

const testKeys = { r: rsaTestKey(1024), e: ed25519TestKey(3) };

function keyOf(selector: "r" | "e", domain = "ours.example"): SigningKey {
  const made = createSigningKey({ domain, selector, privateKey: testKeys[selector].privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

const [rsa, ed25519] = [keyOf("r"), keyOf("e")];
const clock = { now: () => 1_800_000_000_000, monotonic: () => 0 };
const ownDomains = new Set(["ours.example"]);
const head = "From: a@ours.example\r\nSubject: x\r\n";

function open(header: string, body: string, bodyCanonicalization: Canonicalization = "relaxed"): LateSigning {
  const late = openLateSigning(parseHead(Buffer.from(header)), { clock, bodyCanonicalization, ownDomains });
  for (let at = 0; at < body.length; at += 5) late.body(Buffer.from(body.slice(at, at + 5), "latin1"));
  return late;
}

async function signed(
  late: LateSigning,
  header: string,
  requests: readonly DkimSignatureRequest[],
): Promise<string> {
  const made = await late.sign(parseHead(Buffer.from(header)), requests);
  if (made.kind === "problem") throw new Error(made.problem);
  return made.fields.map((field) => formatSignedField(field, "\r\n")).join("");
}

test("signs as one does that has the header from the start, whatever the header was before", async () => {
  const forms = fc.constantFrom<Canonicalization>("relaxed", "simple");
  const text = fc.string({ unit: fc.constantFrom("a", " ", "\t", "\r\n", "é", ".") });
  await fc.assert(
    fc.asyncProperty(forms, forms, text, fc.boolean(), async (header, body, octets, timestamp) => {
      const canonicalization = { header, body };
      const requests = [rsa, ed25519].map((key) => ({
        key,
        canonicalization,
        timestamp,
        expiresAfter: 3600,
      }));
      const early = openDkimSigning(parseHead(Buffer.from(head)), { signatures: requests, clock });
      early.body(Buffer.from(octets, "latin1"));
      const expected = (await early.finish()).map((field) => formatSignedField(field, "\r\n")).join("");
      const late = open("From: other@else.example\r\n", octets, body);
      expect(await signed(late, head, requests)).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

test("the body is in the form that was named at the beginning, whatever a request says", async () => {
  const late = open(head, "a  b\r\n", "simple");
  const fields = await signed(late, head, [
    { key: rsa, canonicalization: { header: "simple", body: "relaxed" } },
  ]);
  expect(fields).toContain("c=simple/simple");
  expect(late.goodKeys(parseHead(Buffer.from(fields + head)), [rsa])).toEqual(new Set([rsa]));
});

test.each([
  ["", "from-missing"],
  [`${head}From: b@ours.example\r\n`, "from-repeated"],
  [` x\r\n${head}`, "header-malformed"],
])("a header that cannot be signed: %j", async (header, problem) => {
  expect(await open("", "").sign(parseHead(Buffer.from(header)), [{ key: rsa }])).toEqual({
    kind: "problem",
    problem,
  });
});

describe("which keys have a good signature", () => {
  const body = "hello\r\nworld\r\n";
  const good = (header: string, octets = body, keys = [rsa, ed25519]): string[] =>
    [...open(header, octets).goodKeys(parseHead(Buffer.from(header)), keys)].map(({ selector }) => selector);
  const layout =
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=ours.example; s=r; h=From:Subject; {more}bh={bh}; b={b}";
  const one = (more = "", bodyLength?: number): string =>
    signatureField({
      header: head,
      body,
      key: testKeys.r,
      canonicalization: ["relaxed", "relaxed"],
      signed: ["From", "Subject"],
      layout: layout.replace("{more}", more),
      ...(bodyLength !== undefined && { bodyLength }),
    });

  test("both of ours, and nobody else's", async () => {
    const fields = await signed(open(head, body), head, [{ key: rsa }, { key: ed25519 }]);
    expect(good(fields + head)).toEqual(["r", "e"]);
    expect(good(fields + head, body, [keyOf("r", "else.example")])).toEqual([]);
    expect(good(`${fields + head}X-New: 1\r\n`)).toEqual(["r", "e"]);
    expect(good(`${fields + head}Subject: y\r\n`)).toEqual([]);
    expect(good(fields + head, "other\r\n")).toEqual([]);
    expect(good(fields.replaceAll("s=r", "s=x") + head)).toEqual(["e"]);
  });

  test.each<[string, string, string[]]>([
    ["made elsewhere", one(), ["r"]],
    ["written in other letters", one().replace("d=ours.example", "d=Ours.EXAMPLE"), []],
    ["not expired", one("x=1900000000; "), ["r"]],
    ["expired", one("x=1700000000; "), []],
    ["over a part of the body", one("l=5; ", 5), []],
    ["over all of the body, by l=", one("l=14; "), ["r"]],
    ["that cannot be read", "DKIM-Signature: v=1; d=ours.example; s=r\r\n", []],
  ])("one %s", (_, field, is) => expect(good(field + head)).toEqual(is));

  test("one in a form that was not there at the beginning is never found good", () => {
    const field = one().replace("c=relaxed/relaxed", "c=relaxed/simple");
    const late = open(head, body);
    expect(late.goodKeys(parseHead(Buffer.from(field + head)), [rsa]).size).toBe(0);
  });

  test("twenty are looked at, and no more", () => {
    const bad = one().replace(/b=[A-Za-z0-9+/]{8}/, "b=AAAAAAAA");
    expect(good(bad.repeat(19) + one() + head)).toEqual(["r"]);
    expect(good(bad.repeat(20) + one() + head)).toEqual([]);
  });

  test("whatever stands in the header, nothing is thrown", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, octets) => {
        const header = `DKIM-Signature: d=ours.example; ${value.replaceAll(/[\r\n]/g, "")}\r\n${one()}${head}`;
        expect(
          open(header, octets).goodKeys(parseHead(Buffer.from(header)), [rsa, ed25519]).size,
        ).toBeLessThan(2);
      }),
    );
  });
});
