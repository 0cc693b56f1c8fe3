import { expect, test } from "vitest";
import { type ReasonId, type ReasonParams, reason } from "../../collect/classify/source.ts";
import { reasonText, sourceText } from "./source-text.ts";

/** One of each; a missing one does not compile. */
const samples: { readonly [Id in ReasonId]: ReasonParams[Id] } = {
  label: { label: "192.0.2.1" },
  "own-network": { network: "192.0.2.0/24" },
  "own-relay": { network: "192.0.2.0/24" },
  "own-submitter": { network: "192.0.2.0/24" },
  "own-name": { name: "mx.univ.example" },
  "own-signature": { domain: "univ.example", network: "192.0.2.0/24" },
  "own-space": { network: "192.0.2.0/24" },
  "list-host": { host: "mailman" },
  "list-override": { messages: 1234 },
  "list-envelope": { envelope: "lists.society.example" },
  "provider-ptr": { provider: "sakura", name: "www1.sakura.ne.jp" },
  "provider-dkim": { provider: "amazon-ses", domain: "amazonses.com" },
  "provider-spf": { provider: "amazon-ses", domain: "amazonses.com" },
  "provider-asn": { provider: "sakura", asn: 9370 },
  "in-spf": { messages: 1234 },
  "passes-on": { provider: "google" },
  "forward-override": { messages: 1234 },
  "arc-override": { messages: 1234 },
  "srs-envelope": { envelope: "srs0=x@fwd.example" },
  "other-envelope": { envelope: "fwd.example" },
  "dkim-survives": { messages: 1234 },
  "many-authors": { authors: 4 },
  "nothing-passes": { messages: 1234 },
  "no-name": {},
  "unconfirmed-name": { name: "x.example" },
  "generic-name": { name: "pool-1.isp.example" },
  listed: { lists: "bl.example" },
  refused: { messages: 1234 },
  "nothing-known": {},
};
const ids = Object.keys(samples) as ReasonId[];

test.each(ids)("%s is said in both languages, with what it names", (id) => {
  const said = reason(id, samples[id]);
  for (const lang of ["en", "ja"] as const) {
    const sentence = reasonText(said, lang);
    expect(sentence).not.toMatch(/undefined|\[object/);
    for (const [key, value] of Object.entries(said.params))
      if (key !== "provider") expect(sentence).toContain(key === "messages" ? "1,234" : `${value}`);
    // The sentence of a reason stands behind "Why", without a full stop.
    expect(sentence).not.toMatch(/[.。]$/);
  }
});

test("providers are named as they are called in the language", () => {
  const said = reason("provider-asn", { provider: "sakura", asn: 9370 });
  expect(reasonText(said, "ja")).toBe("ネットワーク（AS9370）が さくらインターネット のもの");
  expect(reasonText(said, "en")).toBe("its network (AS9370) belongs to SAKURA internet");
});

test("one is not many", () => {
  const { summary, moreAddresses } = sourceText("en");
  expect(summary("a.example", 1, 1, "2026-01-01")).toBe(
    "a.example: 1 message from 1 address since 2026-01-01",
  );
  expect(moreAddresses(1200)).toBe("… and 1,200 more addresses (--limit)");
  expect(reasonText(reason("nothing-passes", { messages: 1 }), "en")).toBe("nothing passes for its message");
  expect(reasonText(reason("in-spf", { messages: 1 }), "en")).toBe("SPF lets it send as us (1 message)");
  expect(reasonText(reason("dkim-survives", { messages: 1 }), "en")).toMatch(/\(1 message\)$/);
});

test("SPF of a service passes for its own envelope, so that its address in our record is not enough", () => {
  expect(sourceText("en").advice["add-to-spf"]).toContain("envelope of our own domain");
  expect(sourceText("ja").advice["add-to-spf"]).toContain("エンベロープ From を自ドメイン");
});
