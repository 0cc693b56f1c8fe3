import { expect, test } from "vitest";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { organizationalDomains } from "./naming.ts";
import { providerClasses, providerName, providerOfAsn, providerOfDomain, providers } from "./provider.ts";

test("the catalogue has its entries, each with an id of its own", () => {
  expect(providers.length).toBeGreaterThan(200);
  expect(new Set(providers.map(({ id }) => id)).size).toBe(providers.length);
});

test.each(providers)("$id is well formed", (provider) => {
  const { id, name, ja, domains = [], ptr = [], dkim = [], spf = [], asn = [], ...rest } = provider;
  expect(rest).toEqual({ class: provider.class });
  expect(providerClasses).toContain(provider.class);
  expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(name.trim()).not.toBe("");
  expect(ja ?? "x").not.toBe("");
  const all = [...domains, ...ptr, ...dkim, ...spf];
  expect(all.length + asn.length).toBeGreaterThan(0);
  for (const domain of all) {
    expect(toAsciiDomain(domain)).toBe(domain);
    expect(domain).toContain(".");
  }
  for (const number of asn) expect(Number.isInteger(number) && number > 0 && number < 2 ** 32).toBe(true);
});

test("no domain and no network belongs to two", () => {
  for (const kind of ["ptr", "dkim", "spf"] as const) {
    const all = providers.flatMap(({ domains = [], [kind]: own = [] }) => [...domains, ...own]);
    expect(all.filter((domain, index) => all.indexOf(domain) !== index)).toEqual([]);
  }
  const numbers = providers.flatMap(({ asn = [] }) => asn);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("below a public suffix anybody may register: only those who rent out servers have one of their own", async () => {
  const organizational = await organizationalDomains();
  const others = providers.filter((provider) => provider.class !== "hosting");
  const all = others.flatMap(({ domains = [], ptr = [], dkim = [], spf = [] }) => [
    ...domains,
    ...ptr,
    ...dkim,
    ...spf,
  ]);
  expect(all.filter((domain) => organizational(`x.${domain}`) === `x.${domain}`)).toEqual([]);
});

const found = [
  ["mail-qk1-f12.google.com", "ptr", "google"],
  ["example-co-jp.20230601.gappssmtp.com", "dkim", "google"],
  ["mail-tyo01on2045.outbound.protection.outlook.com", "ptr", "microsoft-365"],
  ["contoso.onmicrosoft.com", "dkim", "microsoft-365"],
  ["a8-31.smtp-out.amazonses.com", "ptr", "amazon-ses"],
  ["ap-northeast-1.amazonses.com", "spf", "amazon-ses"],
  ["www1234.sakura.ne.jp", "ptr", "sakura"],
  ["sv1234.xserver.jp", "ptr", "xserver"],
  ["docomo.ne.jp", "dkim", "docomo"],
  ["mx0a-00112233.pphosted.com", "ptr", "proofpoint"],
  ["google.com.evil.example", "ptr", undefined],
  ["notgoogle.com", "ptr", undefined],
  ["example.jp", "spf", undefined],
] as const;
test.each(found)("%s by %s is %s", (domain, evidence, id) => {
  expect(providerOfDomain(domain, evidence)?.id).toBe(id);
});

test("providers have names in both languages, and are found by their networks", () => {
  expect(providerOfAsn(9370)?.id).toBe("sakura");
  expect(providerOfAsn(64_496)).toBeUndefined();
  expect(providerName("sakura", "ja")).toBe("さくらインターネット");
  expect(providerName("sakura", "en")).toBe("SAKURA internet");
  expect(providerName("slack", "ja")).toBe("Slack");
  expect(providerName("gone", "en")).toBe("gone");
});
