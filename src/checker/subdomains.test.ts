import { expect, test } from "vitest";
import { checkContext } from "../../test/check-context.ts";
import { checkSubdomains } from "./subdomains.ts";

const hosts = "example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1";
const wildcard = "*.example.jp. A 192.0.2.2";
const noMail = '*.example.jp. TXT "v=spf1 -all"';
const www = "www.example.jp. A 192.0.2.3";

test.each<readonly [about: string, lines: readonly string[], uncovered: readonly string[]]>([
  ["a common name", [www], ["mx.example.jp", "www.example.jp"]],
  ["a wildcard stands for all that is guessed", [wildcard], ["mx.example.jp", "*.example.jp"]],
  ["and for a common name beside it", [wildcard, www], ["mx.example.jp", "*.example.jp"]],
  ["a wildcard that sends nothing", [wildcard, noMail], ["mx.example.jp"]],
  // RFC 4592 §3.3.1: the wildcard says nothing of names that exist.
  ["a common name that it does not cover", [wildcard, noMail, www], ["mx.example.jp", "www.example.jp"]],
  ["a wildcard with SPF alone", [noMail, www], ["mx.example.jp", "www.example.jp"]],
  ["a wildcard under a policy", [wildcard, '_dmarc.example.jp. TXT "v=DMARC1; p=reject"'], []],
])("names that anybody can send as: %s", async (_, lines, uncovered) => {
  const { findings } = await checkSubdomains(checkContext([hosts, ...lines].join("\n")));
  expect(findings.map(({ params }) => params)).toEqual(
    uncovered.length === 0 ? [] : [{ domain: "example.jp", names: uncovered }],
  );
});

test("what only a wildcard answers is no name that was seen", async () => {
  const { facts } = await checkSubdomains(checkContext([hosts, wildcard, noMail].join("\n")));
  expect(facts).toEqual({ names: ["mx.example.jp"] });
});
