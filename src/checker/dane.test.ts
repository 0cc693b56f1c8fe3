import { expect, test } from "vitest";
import { checkContext, validatingResolver } from "../../test/check-context.ts";
import { checkDane } from "./dane.ts";

const digest = "0123456789abcdef".repeat(4);
const zone = `example.jp. MX 10 mx.mail.jp.
mx.mail.jp. A 192.0.2.1
_25._tcp.mx.mail.jp. TLSA 3 1 1 ${digest}`;
const name = "_25._tcp.mx.mail.jp TLSA";

type Options = Parameters<typeof validatingResolver>[1];

const cases: readonly {
  readonly name: string;
  readonly zone?: string;
  readonly dns: Options;
  readonly is: readonly string[];
}[] = [
  { name: "all signed", dns: {}, is: [] },
  {
    name: "RFC 7672 §2.2.2: the host is not signed",
    dns: { unsigned: ["mx.mail.jp"] },
    is: ["error dane.insecure address"],
  },
  {
    name: "RFC 7672 §2.2.3: only the TLSA records are not",
    dns: { unsigned: ["_tcp.mx.mail.jp"] },
    is: ["error dane.insecure tlsa"],
  },
  {
    name: "RFC 7672 §2.2.1: only the MX records are not",
    dns: { unsigned: ["example.jp"] },
    is: ["warning dane.insecure mx"],
  },
  { name: "nothing is known without a validating resolver", dns: { validates: false }, is: [] },
  { name: "RFC 7672 §2.1.2: bogus", dns: { failing: { [name]: "bogus" } }, is: ["error dane.bogus bogus"] },
  {
    name: "RFC 7672 §2.1.2: servfail",
    dns: { failing: { [name]: "servfail" } },
    is: ["error dane.bogus servfail"],
  },
  {
    name: "RFC 7672 §2.2.2: of an unsigned host nothing is asked",
    dns: { failing: { [name]: "timeout" }, unsigned: ["mx.mail.jp"] },
    is: ["warning dane.bogus timeout"],
  },
  {
    name: "unsigned, and nothing there",
    zone: "example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1",
    dns: { unsigned: ["jp"] },
    is: ["notice dane.none "],
  },
  { name: "no mail is taken", zone: "example.jp. MX 0 .", dns: {}, is: [] },
];

test.each(cases)("$name", async ({ zone: text = zone, dns: options, is }) => {
  const dns = validatingResolver(text, options);
  const { findings } = await checkDane(checkContext("", { dns, live: dns }));
  const shown = findings.map(({ id, severity, params }) => {
    const { what, reason } = params as { readonly what?: string; readonly reason?: string };
    return `${severity} ${id} ${what ?? reason ?? ""}`;
  });
  expect(shown).toEqual(is);
});

test("a zone file over a signed zone is taken to be signed with it", async () => {
  const before = zone.replace(/_25.*/, "");
  const live = validatingResolver(before);
  const { findings, facts } = await checkDane(checkContext(zone, { live }));
  expect(findings).toEqual([]);
  expect(facts).toMatchObject({ validating: true, mx: "secure" });
});

test("without live DNS nothing is said about signatures", async () => {
  const { findings, facts } = await checkDane(checkContext(zone));
  expect(findings).toEqual([]);
  expect(facts).toMatchObject({ validating: false, mx: "unknown" });
});
