import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleRecord } from "../../test/sample-record.ts";
import type { RecordField } from "../config/config.ts";
import type { MessageRecord } from "./record.ts";
import { redact } from "./redact.ts";

const defaults: readonly RecordField[] = ["from_domain", "to_domain", "message_id"];

function withLocalPart(local: string, recipient = "rika"): MessageRecord {
  const base = sampleRecord(1);
  if (base.results === undefined) throw new Error("the sample has results");
  const percent = [...Buffer.from(local)].map((octet) => `%${octet.toString(16).padStart(2, "0")}`).join("");
  return {
    ...base,
    messageId: `<${local}.1@sender.test>`,
    subject: `hello ${local}`,
    client: { ...base.client, helo: `${local}@pc`, name: "mail.sender.test" },
    envelope: {
      ...base.envelope,
      from: `${local}@sender.test`,
      to: [`${recipient}@example.jp`, `${recipient}2@example.jp`, "yuki@example.org"],
    },
    results: {
      ...base.results,
      spf: {
        method: "spf",
        result: "fail",
        identity: "mailfrom",
        domain: "sender.test",
        lookups: 1,
        voidLookups: 0,
        explanation: `see http://sender.test/why?s=${percent}%40sender.test for ${local} or ${local}@sender.test`,
      },
      dkim: [
        {
          method: "dkim",
          result: "pass",
          domain: "sender.test",
          selector: "s1",
          identity: `${local}@sender.test`,
          algorithm: "rsa-sha256",
          fieldIndex: 0,
        },
      ],
      dns: [
        { name: "sender.test", type: "TXT", outcome: "answer", ms: 1 },
        { name: "s1._domainkey.sender.test", type: "TXT", outcome: "answer", ms: 1 },
        { name: `${local}._spf.sender.test`, type: "A", outcome: "nxdomain", ms: 1 },
        {
          name: `${local
            .split(/[.+=-]/)
            .toReversed()
            .join(".")}.lp._spf.sender.test`,
          type: "A",
          outcome: "nxdomain",
          ms: 1,
        },
        { name: `${local}\\@sender.test.x.test`, type: "A", outcome: "nxdomain", ms: 1 },
        { name: `${percent}.u.test`, type: "A", outcome: "nxdomain", ms: 1 },
      ],
    },
    authenticationResults: `mx.example.jp; spf=fail smtp.mailfrom=${local}@sender.test; dkim=pass header.i=${local}@sender.test`,
    fault: { stage: "body", message: `cannot handle ${local}@sender.test`, answered: "accept" },
  };
}

describe("by default no local part is kept", () => {
  const full = redact(withLocalPart("hanako.yamada"), ["from_domain", "to_domain"]);
  test("envelope", () => {
    expect(full.envelope.from).toBe("sender.test");
    expect(full.envelope.to).toEqual(["example.jp", "example.org"]);
  });
  test("DKIM i= keeps its domain", () => expect(full.results?.dkim[0]?.identity).toBe("@sender.test"));
  test("names that SPF macros made (RFC 7208 §7.3)", () => {
    expect(full.results?.dns.map(({ name }) => name)).toEqual([
      "sender.test",
      "s1._domainkey.sender.test",
      "*._spf.sender.test",
      "*.*.lp._spf.sender.test",
      "*@sender.test.x.test",
      "*.u.test",
    ]);
  });
  test("explanation", () => {
    expect(full.results?.spf?.explanation).toBe(
      "see http://sender.test/why?s=@sender.test for * or @sender.test",
    );
  });
  test("the field that was written", () => {
    expect(full.authenticationResults).toBe(
      "mx.example.jp; spf=fail smtp.mailfrom=@sender.test; dkim=pass header.i=@sender.test",
    );
  });
  test("what a stricter setting would have done", () => {
    const reasons = [{ type: "mailing_list", comment: "taro.list" }] as const;
    const why = ["list.known: taro.list"];
    const disposition = { action: "none", reasons, why } as const;
    const kept = redact({ ...withLocalPart("taro.list"), disposition, shadow: disposition }, defaults);
    expect(kept.disposition.reasons).toEqual([{ type: "mailing_list", comment: "*" }]);
    expect(kept.shadow?.reasons).toEqual(kept.disposition.reasons);
  });

  test("no subject and no Message-ID", () => {
    expect(full.subject).toBeUndefined();
    expect(full.messageId).toBeUndefined();
  });
  test("fault", () => expect(full.fault?.message).toBe("cannot handle @sender.test"));
});

test.each<{ field: RecordField; holds: (record: MessageRecord) => unknown; is: unknown }>([
  { field: "mail_from", holds: (r) => r.envelope.from, is: "taro@sender.test" },
  {
    field: "rcpt_to",
    holds: (r) => r.envelope.to,
    is: ["rika@example.jp", "rika2@example.jp", "yuki@example.org"],
  },
  { field: "message_id", holds: (r) => r.messageId, is: "<taro.1@sender.test>" },
  { field: "subject", holds: (r) => r.subject, is: "hello taro" },
  { field: "dkim_identity", holds: (r) => r.results?.dkim[0]?.identity, is: "taro@sender.test" },
  { field: "from_domain", holds: (r) => r.envelope.from, is: "sender.test" },
  { field: "to_domain", holds: (r) => r.envelope.to, is: ["example.jp", "example.org"] },
])("$field is kept when it is named, and only then", ({ field, holds, is }) => {
  expect(holds(redact(withLocalPart("taro"), [field]))).toEqual(is);
  expect(holds(redact(withLocalPart("taro"), []))).not.toEqual(is);
});

test("with mail_from the field that was written keeps the address", () => {
  const kept = redact(withLocalPart("taro"), ["mail_from"]);
  expect(kept.authenticationResults).toContain("smtp.mailfrom=taro@sender.test");
});

test("an address without a domain is a local part as a whole", () => {
  const { envelope, ...record } = sampleRecord(1);
  const bare = {
    ...record,
    envelope: { ...envelope, from: "taro.yamada", to: ["hanako", "x@example.org"] },
    authenticationResults: "mx.example.jp; spf=none smtp.mailfrom=taro.yamada",
  };
  const kept = redact(bare, defaults);
  expect(kept.envelope).toEqual({ recipients: 1, smtputf8: false, to: ["example.org"] });
  expect(kept.authenticationResults).toBe("mx.example.jp; spf=none smtp.mailfrom=*");
  expect(redact(bare, ["mail_from", "rcpt_to"]).envelope).toEqual(bare.envelope);
});

test("the null sender stays one", () => {
  const base = withLocalPart("taro");
  expect(redact({ ...base, envelope: { ...base.envelope, from: "" } }, defaults).envelope.from).toBe("");
});

test("a local part that is a common word does not spoil the field or known names", () => {
  const kept = redact(withLocalPart("spf"), defaults);
  expect(kept.authenticationResults).toContain("spf=fail");
  expect(kept.results?.dns[1]?.name).toBe("s1._domainkey.sender.test");
});

test("a local part does not spoil the names that the keys of ARC sealers have", () => {
  const base = withLocalPart("arc");
  const sets = [
    { instance: 1, domain: "lists.test", selector: "arc", signsFrom: true, claims: ["spf=pass"] },
  ];
  const arc = { method: "arc", result: "pass", instances: 1, sealers: ["lists.test"], sets } as const;
  const dns = [{ name: "arc._domainkey.lists.test", type: "TXT", outcome: "answer", ms: 1 } as const];
  const kept = redact(
    { ...base, results: { ...base.results, arc, dns } as typeof base.results & {} },
    defaults,
  );
  expect(kept.results?.dns[0]?.name).toBe("arc._domainkey.lists.test");
  expect(kept.results?.arc).toEqual(arc);
});

describe("a BIMI record that is the local part's own (lps=)", () => {
  const location = "https://l.test/people/taro-yamada.svg";
  const authority = "https://l.test/taro.yamada/cert.pem";
  const withSelector = (selector: string): MessageRecord => {
    const base = withLocalPart("taro.yamada");
    const bimi = {
      method: "bimi",
      result: "pass",
      domain: "sender.test",
      selector,
      localPartSelector: "taro-yamada",
      location,
      authority,
    } as const;
    const uris = `policy.authority-uri=${authority} policy.indicator-uri=${location}`;
    return {
      ...base,
      authenticationResults: `mx; bimi=pass header.d=sender.test header.selector=${selector} ${uris}`,
      results: { ...base.results, bimi, dns: [] } as typeof base.results & {},
    };
  };

  test("neither selector nor pictures tell whose it is", () => {
    const { results, authenticationResults } = redact(withSelector("taro-yamada"), defaults);
    expect(results?.bimi).toMatchObject({
      domain: "sender.test",
      selector: "*",
      localPartSelector: "*",
      location: "https://l.test/*",
      authority: "https://l.test/*",
    });
    expect(authenticationResults).toBe(
      "mx; bimi=pass header.d=sender.test header.selector=* policy.authority-uri=https://l.test/* policy.indicator-uri=https://l.test/*",
    );
  });

  test("the record of the whole domain stays", () => {
    const { results } = redact(withSelector("default"), defaults);
    expect(results?.bimi).toMatchObject({ selector: "default", localPartSelector: "*", location, authority });
  });

  test("with mail_from everything stays", () => {
    const kept = redact(withSelector("taro-yamada"), [...defaults, "mail_from"]);
    expect(kept.results?.bimi).toMatchObject({ selector: "taro-yamada", location, authority });
    expect(kept.authenticationResults).toContain(location);
  });
});

const piece = fc.stringMatching(/^q[b-df-hj-np-tv-z]{5,9}9$/);
const localPart = fc.oneof(
  piece,
  fc
    .tuple(piece, fc.constantFrom(".", "-", "+", "=", "_", "/", "!", "#", "~"), piece)
    .map((parts) => parts.join("")),
  fc.tuple(piece, piece).map(([a, b]) => `"${a} ${b}"`),
  piece.map((text) => `利用者${text}`),
);

test("property: no piece of a hidden local part is anywhere in the record", () => {
  fc.assert(
    fc.property(localPart, localPart, (sender, recipient) => {
      const json = JSON.stringify(
        redact(withLocalPart(sender, recipient), ["from_domain", "to_domain"]),
      ).toLowerCase();
      for (const local of [sender, recipient])
        for (const part of local.toLowerCase().match(/q[a-z]+9/g) ?? []) expect(json).not.toContain(part);
    }),
    { numRuns: 300 },
  );
});

test("property: hostile texts neither throw nor take long", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 2000, unit: fc.constantFrom('"', "@", "%", "4", "0", "\\", "a", " ", "İ") }),
      (text) => {
        const base = withLocalPart("taro");
        const record = { ...base, authenticationResults: text, client: { ...base.client, helo: text } };
        expect(typeof redact(record, defaults).client.helo).toBe("string");
      },
    ),
  );
});
