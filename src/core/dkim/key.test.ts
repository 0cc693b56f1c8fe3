import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { decodeBase64 } from "./base64.ts";
import { parseDkimKey } from "./key.ts";
import { publicKeyOf } from "./key-material.ts";

describe("RFC 6376 §2.10 base64string", () => {
  test.each([
    ["AAAA", 3],
    ["AAA=", 2],
    ["AA==", 1],
    ["AAA", 2],
    ["AA", 1],
    [" A A\r\n A\tA ", 3],
    ["A A = =", 1],
    ["+/+/", 3],
  ] as const)("%j has %d octets", (text, octets) => {
    expect(decodeBase64(text)).toHaveLength(octets);
  });
  test.each(["", " ", "A", "AAAAA", "A===", "AA=", "AAAA=", "AAAA==", "AA=A", "=", "AA-_", "AA.A", "\u00ff"])(
    "%j is none",
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});

describe("RFC 6376 §3.6.1 key records", () => {
  test("defaults", () => {
    expect(parseDkimKey("p=AAAA")).toEqual({ keyType: "rsa", services: ["*"], flags: [], publicKey: "AAAA" });
  });
  test("every tag", () => {
    const text = "v=DKIM1 ; k=RSA; h=sha1 : SHA256; s=email:x; t=y : s:; n=note; p= AA AA ;";
    expect(parseDkimKey(text)).toEqual({
      keyType: "rsa",
      hashes: ["sha1", "sha256"],
      services: ["email", "x"],
      flags: ["y", "s"],
      publicKey: "AAAA",
    });
  });
  test.each([
    "",
    "v=DKIM1",
    "v=DKIM1; k=rsa",
    "p",
    "v=DKIM1.0; p=A",
    "V=DKIM2",
    "p=A; v=DKIM1",
    "p=A; p=B",
    "p=A;; k=rsa",
  ])("%j is none", (text) => {
    expect(parseDkimKey(text)).toBeUndefined();
  });
});

const key = rsaTestKey(1024);
const spki = Buffer.from(key.publicText, "base64");
const pkcs1 = Buffer.from(key.pkcs1Text, "base64");

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function rsaKey(modulus: Buffer, exponent: Buffer): Buffer {
  return der(0x30, der(0x02, modulus), der(0x02, exponent));
}

function wrapped(identifier: string, unusedBits = 0): Buffer {
  const bits = der(0x03, Buffer.from([unusedBits]), pkcs1);
  return der(0x30, der(0x30, Buffer.from(identifier, "hex")), bits);
}

function modulusOf(octets: number): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.alloc(octets, 0xff)]);
}

const exponent = Buffer.from([1, 0, 1]);

describe("RSA keys", () => {
  test.each([
    ["SubjectPublicKeyInfo", spki],
    ["RSAPublicKey", pkcs1],
    ["no NULL in the identifier", wrapped("06092a864886f70d010101")],
  ] as const)("%s", (_, octets) => {
    const read = publicKeyOf("rsa", octets.toString("base64"));
    expect(read?.bits).toBe(1024);
    expect(read?.key.equals(createPublicKey(key.privateKey))).toBe(true);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["one octet", Buffer.from([0x30])],
    ["an octet too few", spki.subarray(0, -1)],
    ["an octet too many", Buffer.concat([spki, Buffer.from([0])])],
    ["RSAPublicKey, an octet too many", Buffer.concat([pkcs1, Buffer.from([0])])],
    ["another algorithm", wrapped("06092a864886f70d01010a0500")],
    ["other parameters", wrapped("06092a864886f70d0101010000")],
    ["unused bits", wrapped("06092a864886f70d0101010500", 1)],
    ["an Ed25519 key", Buffer.from(ed25519TestKey(1).publicText, "base64")],
    ["no exponent", der(0x30, der(0x02, modulusOf(128)))],
    ["no modulus", rsaKey(Buffer.from([0]), exponent)],
    ["empty modulus", rsaKey(Buffer.alloc(0), exponent)],
    ["more than 8192 bits", rsaKey(modulusOf(1025), exponent)],
    ["an endless exponent", rsaKey(modulusOf(128), Buffer.alloc(64, 1))],
    ["indefinite length", Buffer.concat([Buffer.from([0x30, 0x80]), pkcs1.subarray(3)])],
  ])("none: %s", (_, octets) => {
    expect(publicKeyOf("rsa", octets.toString("base64"))).toBeUndefined();
  });

  test.each([512, 1016, 1024, 2048, 4096] as const)("%d bits are counted", (bits) => {
    expect(publicKeyOf("rsa", rsaTestKey(bits).publicText)?.bits).toBe(bits);
  });

  test("a key is imported once, and forgotten after a thousand others", () => {
    const first = publicKeyOf("rsa", key.publicText);
    expect(publicKeyOf("rsa", key.publicText)).toBe(first);
    for (let i = 0; i < 1001; i++) {
      const octets = Buffer.alloc(32);
      octets.writeUInt32LE(i);
      publicKeyOf("ed25519", octets.toString("base64"));
    }
    expect(publicKeyOf("rsa", key.publicText)).not.toBe(first);
  });
});

describe("RFC 8463 §4.2 Ed25519 keys", () => {
  test("32 octets", () => {
    expect(publicKeyOf("ed25519", ed25519TestKey(1).publicText)?.bits).toBe(256);
  });
  test.each([0, 31, 33, 44])("none: %d octets", (octets) => {
    expect(publicKeyOf("ed25519", Buffer.alloc(octets, 1).toString("base64"))).toBeUndefined();
  });
});
