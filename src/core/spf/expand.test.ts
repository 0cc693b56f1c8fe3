import { expect, test } from "vitest";
import { fixedClock } from "../clock.ts";
import { memoryResolver } from "../dns/memory.ts";
import { parseIp } from "../ip.ts";
import { checkHost } from "./check-host.ts";

const zone = {
  "3.2.0.192.in-addr.arpa": [{ PTR: "mx.example.org" }],
  "mx.example.org": [{ A: "192.0.2.3" }],
};

/** Expands by publishing `text` as the explanation of a record that always fails. */
async function expand(text: string, client = "192.0.2.3", sender = "strong-bad@email.example.com") {
  const domain = sender.slice(sender.lastIndexOf("@") + 1);
  const result = await checkHost({
    ip: parseIp(client) as NonNullable<ReturnType<typeof parseIp>>,
    domain,
    sender,
    helo: "Mail.Example.net",
    dns: memoryResolver({
      ...zone,
      [domain]: [{ TXT: "v=spf1 -all exp=exp.example" }],
      "exp.example": [{ TXT: text }],
    }),
    clock: fixedClock(1_700_000_000_999),
    receiver: "mx.example.jp",
  });
  return result.explanation;
}

const expansions: readonly [section: string, macro: string, is: string | undefined][] = [
  ["§7.4", "%{s}", "strong-bad@email.example.com"],
  ["§7.4", "%{o}", "email.example.com"],
  ["§7.4", "%{d}", "email.example.com"],
  ["§7.4", "%{d4}", "email.example.com"],
  ["§7.4", "%{d3}", "email.example.com"],
  ["§7.4", "%{d2}", "example.com"],
  ["§7.4", "%{d1}", "com"],
  ["§7.4", "%{dr}", "com.example.email"],
  ["§7.4", "%{d2r}", "example.email"],
  ["§7.4", "%{l}", "strong-bad"],
  ["§7.4", "%{l-}", "strong.bad"],
  ["§7.4", "%{lr}", "strong-bad"],
  ["§7.4", "%{lr-}", "bad.strong"],
  ["§7.4", "%{l1r-}", "strong"],
  ["§7.4", "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"],
  ["§7.4", "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"],
  ["§7.4", "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"],
  ["§7.4", "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"],
  ["§7.4", "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"],
  ["§7.2", "%{p}", "mx.example.org"],
  ["§7.2", "%{h} %{r} %{t} %{c}", "Mail.Example.net mx.example.jp 1700000000 192.0.2.3"],
  ["§7.3", "%{d127}", "email.example.com"],
  ["§7.3", "%{d99999999999}", "email.example.com"],
  ["§7.3", "%{D2R}", "example.email"],
  ["§7.3", "%{S}", "strong-bad%40email.example.com"],
  ["§7.1", "100%%%_%-x", "100% %20x"],
  ["§6.2", "two  spaces ", "two  spaces "],
  ["§6.2", "", ""],
  ["§6.2", "%{x}", undefined],
  ["§6.2", "caf\u00e9", undefined],
  ["§6.2", "bell\u0007", undefined],
  ["§6.2", "x".repeat(1001), undefined],
];
test.each(expansions)("RFC 7208 %s: %j expands to %j", async (_, macro, is) => {
  expect(await expand(macro)).toBe(is);
});

test("RFC 7208 §7.4: an IPv6 client, dotted and reversed, in either case", async () => {
  const expected = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com".replace(
    "c.0",
    "c.0.0.0.0.0",
  );
  const expanded = await expand("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01");
  expect(expanded?.toLowerCase()).toBe(expected);
});

test("RFC 7208 §7.3: consecutive delimiters leave empty parts", async () => {
  expect(await expand("%{l+}", "192.0.2.3", "a++b@x.example")).toBe("a..b");
  expect(await expand("%{l2+-}", "192.0.2.3", "a+b-c@x.example")).toBe("b.c");
});

test("RFC 8616 §4: no explanation out of a local part that is not ASCII", async () => {
  expect(await expand("%{l}", "192.0.2.3", "\u7528\u6237@x.example")).toBeUndefined();
  expect(await expand("%{o}", "192.0.2.3", "\u7528\u6237@x.example")).toBe("x.example");
});
