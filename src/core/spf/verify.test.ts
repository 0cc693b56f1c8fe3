import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryResolver } from "../dns/memory.ts";
import { type IpAddress, parseIp } from "../ip.ts";
import { parseSender } from "./sender.ts";
import { verifySpf } from "./verify.ts";

const senders: readonly [text: string, localPart: string | undefined, domain: string][] = [
  ["", undefined, ""],
  ["<>", undefined, ""],
  [" ", undefined, ""],
  ["taro@example.jp", "taro", "example.jp"],
  ["<taro@example.jp>", "taro", "example.jp"],
  ["example.jp", "postmaster", "example.jp"],
  ["@example.jp", "postmaster", "example.jp"],
  ["@a.example,@b.example:taro@example.jp", "taro", "example.jp"],
  ['"a@b"@example.jp', '"a@b"', "example.jp"],
  ["bounce+taro=example.com@example.jp", "bounce+taro=example.com", "example.jp"],
  ["taro@[192.0.2.1]", "taro", "[192.0.2.1]"],
];
test.each(senders)("RFC 7208 §2.2, §4.3: sender %j is %j at %j", (text, localPart, domain) => {
  expect(parseSender(text)).toEqual(localPart === undefined ? undefined : { localPart, domain });
});

const ip = parseIp("192.0.2.1") as IpAddress;
const dns = memoryResolver({
  "example.jp": [{ TXT: "v=spf1 ip4:192.0.2.1 -all" }],
  "mail.example.jp": [{ TXT: "v=spf1 exists:%{l}.%{d} -all" }],
  "postmaster.mail.example.jp": [{ A: "192.0.2.2" }],
});
const identities: readonly [section: string, mailFrom: string, helo: string, is: string][] = [
  ["§2.4", "taro@example.jp", "mail.example.jp", "mailfrom pass example.jp, helo pass mail.example.jp"],
  ["§2.4", "", "mail.example.jp", "helo pass mail.example.jp, helo pass mail.example.jp"],
  ["§2.3", "taro@example.jp", "[192.0.2.1]", "mailfrom pass example.jp, helo none "],
  ["§2.3", "taro@example.jp", "localhost", "mailfrom pass example.jp, helo none localhost"],
  ["§2.3", "", "", "helo none , helo none "],
  ["§4.3", "taro", "mail.example.jp", "mailfrom none taro, helo pass mail.example.jp"],
];
test.each(identities)("RFC 7208 %s: MAIL FROM %j, HELO %j", async (_, mailFrom, helo, is) => {
  const results = await verifySpf({ ip, helo, mailFrom, dns });
  const words = [results.mailFrom, results.helo].map((one) => `${one.identity} ${one.result} ${one.domain}`);
  expect(words.join(", ")).toBe(is);
});

test("the null sender costs one evaluation", async () => {
  const counted = memoryResolver({});
  await verifySpf({ ip, helo: "mail.example.jp", mailFrom: "", dns: counted });
  expect(counted.asked).toEqual(["mail.example.jp TXT"]);
});

test("whatever the client says, there is a result", async () => {
  const text = fc.string({ unit: "binary" });
  await fc.assert(
    fc.asyncProperty(text, text, async (helo, mailFrom) => {
      const { mailFrom: result } = await verifySpf({ ip, helo, mailFrom: `${mailFrom}@example.jp`, dns });
      expect(["pass", "none"]).toContain(result.result);
      await verifySpf({ ip, helo, mailFrom, dns });
    }),
  );
});
