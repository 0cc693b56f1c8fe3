import { expect, test } from "vitest";
import { isPlaceholder } from "./placeholder.ts";

test.each([
  ["RFC 2606 §3", "example.com", "corp.co.jp", true],
  ["RFC 2606 §3", "mail.example.net", "corp.co.jp", true],
  ["RFC 2606 §2", "reports.example", "corp.co.jp", true],
  ["RFC 2606 §2", "a.test", "b.test", false],
  ["of a registry", "example.co.jp", "corp.co.jp", true],
  ["the same sample", "a.example.jp", "example.jp", false],
  ["another sample", "example.com", "example.jp", true],
  ["out of instructions", "yourdomain.com", "corp.co.jp", true],
  ["out of instructions", "your-domain.co.jp", "corp.co.jp", true],
  ["a real one", "desk.jp", "corp.co.jp", false],
  ["a real one with such a label", "mail.company.io", "corp.co.jp", false],
  ["a real one that begins so", "domain.provider.net", "corp.co.jp", false],
  ["one label", "domain", "corp.co.jp", false],
])("%s: %s", (_, host, own, is) => {
  expect(isPlaceholder(host, own)).toBe(is);
});
