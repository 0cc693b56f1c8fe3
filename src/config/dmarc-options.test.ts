import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeShared, sharedPath } from "../../test/shared.ts";
import { organizationalDomainBelow, type PublicSuffixFinder } from "../core/dmarc/public-suffix.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { builtInList, loadDmarcOptions } from "./dmarc-options.ts";
import { fileFaultText } from "./file-fault.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sekisho-psl-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function finderOf(publicSuffixList?: string): Promise<PublicSuffixFinder> {
  const dmarc = { discovery: "psl", ...(publicSuffixList !== undefined && { publicSuffixList }) } as const;
  const loaded = await loadDmarcOptions(dmarc);
  if (!loaded.ok || loaded.options.discovery?.method !== "psl") throw new Error("no finder");
  return loaded.options.discovery.publicSuffix;
}

test.each([
  { dmarc: { discovery: "treewalk" }, is: [undefined, undefined] },
  { dmarc: { discovery: "psl" }, is: ["psl", undefined] },
  { dmarc: { discovery: "treewalk", otherDiscovery: "psl" }, is: ["treewalk", "psl"] },
  { dmarc: { discovery: "psl", otherDiscovery: "treewalk" }, is: ["psl", "treewalk"] },
] as const)("$dmarc", async ({ dmarc, is }) => {
  const loaded = await loadDmarcOptions(dmarc);
  if (!loaded.ok) throw new Error(loaded.problem.text.en);
  expect([loaded.options.discovery?.method, loaded.options.otherDiscovery?.method]).toEqual(is);
});

test("a list of one's own takes the place of the built-in one", async () => {
  const file = join(folder, "list.dat");
  writeFileSync(file, "// ours\nexample\nuniversity.example\n");
  const find = await finderOf(file);
  expect(find("a.b.university.example")).toBe("university.example");
  expect(find("example.co.jp")).toBe("jp");
});

test.each([
  { name: "that is not there", make: () => "none.dat", reason: "ENOENT" },
  { name: "that is a folder", make: () => ".", reason: "EISDIR" },
  {
    name: "without a rule",
    make: () => {
      writeFileSync(join(folder, "empty.dat"), "// nothing\n");
      return "empty.dat";
    },
    reason: "no rule in it",
  },
  {
    name: "that is far too long",
    make: () => {
      writeFileSync(join(folder, "long.dat"), Buffer.alloc(10_000_001, 0x20));
      return "long.dat";
    },
    reason: "> 10000000 octets",
  },
])("a list $name is a problem", async ({ make, reason }) => {
  const publicSuffixList = join(folder, make());
  const loaded = await loadDmarcOptions({ discovery: "psl", publicSuffixList });
  expect(loaded).toMatchObject({ ok: false, problem: { code: "bad-suffix-list" } });
  for (const lang of ["en", "ja"] as const)
    expect(!loaded.ok && loaded.problem.text[lang]).toContain(fileFaultText(reason, lang));
});

test("a list that nothing needs is not read", async () => {
  const dmarc = { discovery: "treewalk", publicSuffixList: join(folder, "none.dat") } as const;
  expect(await loadDmarcOptions(dmarc)).toEqual({ ok: true, options: {} });
});

test.each([
  ["a.example.co.jp", "co.jp"],
  ["a.b.kobe.jp", "b.kobe.jp"],
  ["a.city.kobe.jp", "kobe.jp"],
  ["me.github.io", "github.io"],
  ["a.unlisted-top-level", "unlisted-top-level"],
  ["localhost", "localhost"],
  ["xn--85x722f.xn--55qx5d.cn", "xn--55qx5d.cn"],
  ["_odd._labels.example.com", "com"],
  ["192.0.2.1", "1"],
])("the built-in list: %s below %s", async (domain, suffix) => {
  expect((await builtInList())(domain)).toBe(suffix);
});

test("property: the built-in list answers with an end of any domain", async () => {
  const find = await builtInList();
  const label = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
  const known = fc.constantFrom("com", "co", "jp", "kobe", "city", "github", "io", "ck", "www");
  fc.assert(
    fc.property(fc.array(fc.oneof(label, known), { minLength: 1, maxLength: 8 }), (labels) => {
      const domain = labels.join(".");
      expect(`.${domain}`.endsWith(`.${find(domain)}`)).toBe(true);
    }),
  );
});

describeShared("the tests of the public suffix list, with the list that tldts brings", () => {
  const rows = readFileSync(sharedPath("conformance", "psl", "tests.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("//"))
    .map((line) => line.split(/\s+/) as [string, string])
    .filter(([input]) => input !== "null" && !input.startsWith("."));

  test.each(rows)("%s: %s", async (input, registrable) => {
    const find = await builtInList();
    const name = toAsciiDomain(input) as string;
    if (registrable === "null") expect(find(name)).toBe(name);
    else expect(organizationalDomainBelow(name, find)).toBe(toAsciiDomain(registrable));
  });
});

describeShared("the list on disk beside the one that tldts brings", () => {
  test("they agree on nearly all of its rules: they are of different days", async () => {
    const file = sharedPath("conformance", "psl", "public_suffix_list.dat");
    const [own, builtIn] = [await finderOf(file), await builtInList()];
    let asked = 0;
    const different = new Set<string>();
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [rule = ""] = line.split(/\s/, 1);
      if (rule === "" || rule.startsWith("//")) continue;
      const base = toAsciiDomain(rule.replace(/^!/, "").replace(/^\*\./, "w.")) as string;
      for (const domain of [base, `a.${base}`, `b.a.${base}`]) {
        asked += 1;
        if (own(domain) !== builtIn(domain)) different.add(rule);
      }
    }
    expect(asked).toBeGreaterThan(25_000);
    expect(different.size).toBeLessThan(300);
  });
});
