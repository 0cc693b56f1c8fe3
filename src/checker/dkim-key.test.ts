import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMsOf } from "../../test/cpu-time.ts";
import { ed25519TestKey, rsaTestKey } from "../../test/dkim-test-keys.ts";
import { parseDkimKey } from "../core/dkim/key.ts";
import { keyText, oldTags, orderedParts, readKey, rewritten } from "./dkim-key.ts";

const rsa = rsaTestKey(2048);
const ed25519 = ed25519TestKey(9);
const text = `v=DKIM1; k=rsa; p=${rsa.publicText}`;

describe("RFC 6376 §3.6.1: what a record comes to", () => {
  test.each([
    ["RSA", text, "key rsa 2048"],
    ["RSAPublicKey", `p=${rsa.pkcs1Text}`, "key rsa 2048"],
    ["white space in the key", text.replace("p=", "p= \t"), "key rsa 2048"],
    ["RFC 8463 §4.2: Ed25519", `v=DKIM1; k=ed25519; p=${ed25519.publicText}`, "key ed25519 256"],
    ["the other type", `v=DKIM1; p=${ed25519.publicText}`, "key ed25519 256"],
    ["revoked", "v=DKIM1; p=", "revoked"],
    ["SPF", "v=spf1 -all", "not-a-key"],
    ["nothing", "", "not-a-key"],
    ["k= alone", "k=rsa", "no-p"],
    ["version", text.replace("v=DKIM1", "v=DKIM1.0"), "version, mended"],
    ["version not first", `${text.slice(9)}; v=DKIM1`, "version, mended"],
    ["twice", `${text}; p=${rsa.publicText}`, "tags, mended"],
    ["quotes of a zone file", `"${text.slice(0, 200)}" "${text.slice(200)}"`, "quotes, mended"],
    ["a blank for each plus", text.replaceAll("+", " "), "lost-plus, mended"],
    ["cut off", text.slice(0, 255), "cut-off"],
    ["Ed25519 cut off", `v=DKIM1; k=ed25519; p=${ed25519.publicText.slice(0, 40)}`, "cut-off"],
    ["no base64", "p=?", "base64"],
    ["no key", "p=AAAA", "no-key"],
  ])("%s", (_, published, is) => {
    const read = readKey(published);
    const shown =
      read.kind === "key"
        ? `key ${read.type} ${read.key.bits}`
        : read.kind === "broken"
          ? `${read.fault}${read.better === undefined ? "" : ", mended"}`
          : read.kind;
    expect(shown).toBe(is);
    if (read.kind === "broken" && read.better !== undefined) expect(readKey(read.better).kind).toBe("key");
  });

  test("parts are put in order, and left alone where they stand right or give nothing", () => {
    const parts = [text.slice(0, 150), text.slice(150, 300), text.slice(300)] as const;
    expect(orderedParts([parts[2], parts[0], parts[1]])).toBe(text);
    expect(orderedParts(parts)).toBeUndefined();
    expect(orderedParts([parts[2], parts[0]])).toBeUndefined();
    expect(orderedParts([parts[2], parts[0], parts[1], "", "", ""])).toBeUndefined();
  });

  test("a tag is written anew, and what means nothing is left out", () => {
    const published = `v=DKIM1; g=*; t=y; p=${rsa.publicText}; x=1`;
    expect(oldTags(published)).toEqual(["g", "x"]);
    expect(rewritten(published, "t", undefined)).toBe(`v=DKIM1; p=${rsa.publicText}`);
    expect(rewritten("t=y; p=A B", "t", "s")).toBe("v=DKIM1; t=s; p=AB");
  });

  test.each([rsa, ed25519])("the text of a public key reads back as it", ({ privateKey }) => {
    const key = createPublicKey(privateKey);
    const read = readKey(keyText(key));
    expect(read.kind === "key" && read.key.key.equals(key)).toBe(true);
  });
});

test("a record that was damaged anywhere is read without a throw, and mended only to a key", () => {
  const damage = fc.record({
    at: fc.nat(text.length),
    out: fc.nat(40),
    put: fc.string({ unit: "binary", maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(damage, { maxLength: 4 }), (damages) => {
      let broken = text;
      for (const { at, out, put } of damages) broken = broken.slice(0, at) + put + broken.slice(at + out);
      const read = readKey(broken);
      if (read.kind === "key") expect(parseDkimKey(broken)).toBeDefined();
      if (read.kind === "broken" && read.better !== undefined) expect(readKey(read.better).kind).toBe("key");
      orderedParts([broken.slice(200), broken.slice(0, 200)]);
    }),
    { numRuns: 300 },
  );
});

test.each([" ", '"', "\\", "p=", "=", ";", "A", "+", "p= A "])(
  "a long run of %s takes no longer than its length",
  (part) => {
    const long = `p=${part.repeat(Math.floor(65_000 / part.length))}x`;
    const spent = cpuMsOf(() => {
      readKey(long);
      oldTags(long);
      rewritten(long, "t", "y");
    });
    // Quadratic work would take minutes.
    expect(spent).toBeLessThan(5000);
  },
);
