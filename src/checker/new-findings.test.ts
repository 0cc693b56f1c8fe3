import { describe, expect, test } from "vitest";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import { newFindings } from "./new-findings.ts";

const domain = "example.jp";
const dead = (mx: string): Finding => finding("mx.nxdomain", mx, { domain, mx, others: 0 });
const lookups = (count: number): Finding =>
  finding("spf.lookups-over-10", domain, {
    name: domain,
    lookups: count,
    limit: 10,
    costs: [`mx (${count})`],
  });
const open = (...names: readonly string[]): Finding => finding("sub.uncovered", domain, { domain, names });
const syntax = (term: string, at: number): Finding =>
  finding("spf.syntax", domain, { name: domain, term, problem: "character", at });
const several = (...records: readonly string[]): Finding =>
  finding("spf.multiple-records", domain, { name: domain, count: records.length, where: "name", records });

const bits = (count: number): Finding =>
  finding("dkim.bits", domain, { name: domain, bits: count, limit: 2048 });
const ttl = (id: "dns.ttl-high" | "dns.ttl-low", seconds: number): Finding =>
  finding(id, domain, { domain, records: ["example.jp MX"], ttl: seconds });

describe("what a change adds", () => {
  test.each<readonly [about: string, before: readonly Finding[], after: Finding, isNew: boolean]>([
    ["the same again", [dead("a.example")], dead("a.example"), false],
    ["the same of another", [dead("a.example")], dead("b.example"), true],
    ["fewer lookups, though still too many", [lookups(15)], lookups(12), false],
    ["more lookups", [lookups(12)], lookups(15), true],
    ["a longer key, though still too short", [bits(512)], bits(768), false],
    ["a shorter key", [bits(768)], bits(512), true],
    [
      "a lower TTL, though still too high",
      [ttl("dns.ttl-high", 604_800)],
      ttl("dns.ttl-high", 172_800),
      false,
    ],
    ["a higher TTL", [ttl("dns.ttl-high", 172_800)], ttl("dns.ttl-high", 604_800), true],
    ["a higher TTL, though still too low", [ttl("dns.ttl-low", 5)], ttl("dns.ttl-low", 20), false],
    ["a lower TTL", [ttl("dns.ttl-low", 20)], ttl("dns.ttl-low", 5), true],
    ["fewer names", [open("a.example.jp", "b.example.jp")], open("b.example.jp"), false],
    ["another name", [open("a.example.jp")], open("a.example.jp", "b.example.jp"), true],
    ["an old fault further on in the record", [syntax("a:x_", 8)], syntax("a:x_", 30), false],
    ["another fault at the same place", [syntax("a:x_", 8)], syntax("a:y_", 8), true],
    ["two records, one of them edited", [several("a", "b")], several("a", "c"), false],
    ["a third record", [several("a", "b")], several("a", "b", "c"), true],
    ["the same, but worse", [{ ...dead("a.example"), severity: "notice" }], dead("a.example"), true],
    ["the same, but less bad", [dead("a.example")], { ...dead("a.example"), severity: "notice" }, false],
    ["one of two of the same id", [syntax("a:x_", 8), syntax("a:y_", 20)], syntax("a:y_", 8), false],
  ])("%s", (_, before, after, isNew) => {
    expect(newFindings({ findings: before }, { findings: [after] })).toEqual(isNew ? [after] : []);
  });
});
