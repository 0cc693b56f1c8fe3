import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuMsOf } from "../../test/cpu-time.ts";
import { parseZone } from "../core/dns/zone-parse.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { zoneFaults } from "./zone-faults.ts";

function faultsOf(text: string): (readonly [number, string])[] {
  const zone = parseZone(text, { file: "f", lenient: true });
  return zoneFaults({ file: "f", text, included: [], zone }).map(({ params }) => {
    const { line, fault } = params as { readonly line: number; readonly fault: string };
    return [line, fault];
  });
}

const sound = `$ORIGIN example.jp.
$TTL 1h
@ SOA ns1 root ( 1 ; serial
  7200 3600 1209600 3600 )
@ NS ns1
ns1 A 192.0.2.53
@ MX 10 mx1
mx1 A 192.0.2.1 ; v=old
www CNAME mx1
@ TXT "v=spf1 mx -all" ; ours = yes
s1._domainkey TXT ( "v=DKIM1; k=rsa; "
  "p=MIIB" )
_dmarc TXT v=DMARC1\\;p=reject
mail.sub A 192.0.2.2
@ MX 20 mail.sub
@ 3600 RRSIG TXT 13 2 3600 (
  20261222083758 20261122083758 49376 example.jp.
  JTNDTnrmx0mFvRz+ q0zR2w== )
_sip._tcp SRV 0 0 5060 mx1
`;

test("a sound zone has no faults", () => {
  expect(faultsOf(sound)).toEqual([]);
});

test.each([
  ["www ALIAS example.com.", "notice"],
  ["www 300 IN ANAME example.com.", "notice"],
  ["$GENERATE 1-9 h$ A 192.0.2.$", "notice"],
  ["www ALIASS example.com.", "error"],
])("what a provider or a server knows is no mistake: %s", (line, severity) => {
  const text = `${sound}${line}\n`;
  const found = zoneFaults({ file: "f", text, included: [], zone: parseZone(text, { lenient: true }) });
  expect(found.map((one) => one.severity)).toEqual([severity]);
});

test("one parenthesis that is never closed does not hide the rest of the file", () => {
  const text = `$ORIGIN example.jp.\n@ TXT ( "v=spf1"\n  " -all"\nwww A 192.0.2.1\n@ MX 10 mx.example.jp\n`;
  expect(faultsOf(text)).toEqual([
    [2, "parenthesis"],
    [5, "missing-dot"],
  ]);
  const { records } = parseZone(text, { lenient: true });
  expect(records.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "example.jp TXT",
    "www.example.jp A",
    "example.jp MX",
  ]);
});

test("many unclosed parentheses are read in linear time", () => {
  const spent = cpuMsOf(() => {
    expect(faultsOf('a TXT ( "x"\n'.repeat(20_000))[0]).toEqual([1, "parenthesis"]);
  });
  expect(spent).toBeLessThan(10_000);
});

test("a mutated zone file is read without throwing", () => {
  const change = fc.tuple(
    fc.nat(sound.length - 1),
    fc.constantFrom("(", ")", '"', ";", "\n", " ", "\\", "@", "$", "x"),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
      const text = changes.reduce((old, [at, char]) => old.slice(0, at) + char + old.slice(at + 1), sound);
      faultsOf(text);
    }),
  );
});

test("RFC 1035 §5.1: a TXT record that is printed is read as the same octets", () => {
  const octet = fc.nat(255).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.string({ unit: octet, maxLength: 700 }), (text) => {
      const { name, type, data } = addTxt("example.jp", text);
      const { records, errors } = parseZone(`${name}. ${type} ${data}`);
      expect(errors).toEqual([]);
      expect(records[0]?.data).toMatchObject({ text });
      const [record] = records;
      if (record?.type === "TXT") expect(removeTxt("example.jp", record.data.strings).data).toBe(data);
    }),
  );
});
