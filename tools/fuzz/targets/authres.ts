import type { MethodResult } from "../../../src/core/message/authres.ts";
import { registeredPtypes } from "../../../src/core/message/authres.ts";
import { formatAuthenticationResults } from "../../../src/core/message/authres-format.ts";
import { parseAuthenticationResults } from "../../../src/core/message/authres-parse.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  " example.com;\r\n\tspf=pass smtp.mailfrom=example.net",
  " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
  " spf=pass (sender IP is 192.0.2.22)\r\n smtp.mailfrom=example.com; dkim=pass (signature was verified)\r\n header.d=example.com;dmarc=pass action=none\r\n header.from=example.com;compauth=pass reason=100",
  ' mx.google.com;\r\n dkim=pass header.i=@example.com header.s=20230601 header.b="Ab/Cd+==";\r\n spf=pass (google.com: domain of a@example.com designates 2001:db8::1 as permitted sender) smtp.mailfrom="a b"@example.com;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com',
  ' example.com; dkim=fail reason="bad \\"signature\\"" header.i=@newyork.example.com; (null)=pass',
  " example.org 1; none",
  " mx.microsoft.com 2; arc=none (0)",
  ' "mx.\\"example" 1; spf=none smtp.mailfrom= smtp.helo=a.example; auth=pass smtp.auth=a (b) @c.example',
  " 関所.example; dkim=pass header.d=例え.example",
];

/** Reads any field; what was read and can be said is formatted, and read again it must be the same. */
export const target: FuzzTarget = {
  name: "authres",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const parsed = parseAuthenticationResults(input.toString("latin1"));
    if (parsed.kind !== "parsed") return;
    const said = parsed.results.map(ascii).map(sayable);
    const authservId = asciiText(parsed.authservId ?? "").slice(0, 255);
    const field = formatAuthenticationResults({ authservId, results: said });
    if (field.length > 60_000) throw new Error("the field is too long");
    for (const line of field.split("\n")) {
      if (!/^[\x20-\x7e]{1,990}$/.test(line)) throw new Error("a line that must not be");
    }
    if (/\n(?! )/.test(field)) throw new Error("a line end that folds nothing");
    const again = parseAuthenticationResults(field);
    if (again.kind !== "parsed" || again.defects.length > 0)
      throw new Error(`not read again: ${JSON.stringify(again)}`);
    if (again.authservId !== authservId) throw new Error("another authserv-id");
    // Statements beyond the longest field are left out.
    const kept = field.length < 50_000 ? said : said.slice(0, again.results.length);
    if (JSON.stringify(again.results) !== JSON.stringify(kept)) throw new Error("other results");
  },
};

function sayable({ properties, reason, ...result }: MethodResult): MethodResult {
  return {
    ...result,
    ...(reason !== undefined && { reason: reason.slice(0, 200) }),
    properties: properties.filter(({ ptype, value }) => registeredPtypes.has(ptype) && value.length <= 320),
  };
}

function ascii({ properties, reason, ...result }: MethodResult): MethodResult {
  return {
    ...result,
    ...(reason !== undefined && { reason: asciiText(reason) }),
    properties: properties.map((property) => ({ ...property, value: asciiText(property.value) })),
  };
}

function asciiText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, "?");
}
