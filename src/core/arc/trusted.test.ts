import { expect, test } from "vitest";
import type { ArcResult, ArcSet } from "../results.ts";
import { trustedSealer } from "./trusted.ts";

/** Domains from the newest to the oldest; a "!" behind one: its message signature leaves out From. */
function chain(sealers: readonly string[], oldestPass = 0): ArcResult {
  const sets = sealers.map((written, index): ArcSet => {
    const instance = sealers.length - index;
    return {
      instance,
      domain: written.replace("!", ""),
      selector: "s1",
      chainValidation: instance === 1 ? "none" : "pass",
      signsFrom: !written.endsWith("!"),
      claims: [`set=${instance}`],
    };
  });
  const domains = sets.map(({ domain }) => domain);
  return { method: "arc", result: "pass", instances: sets.length, sealers: domains, oldestPass, sets };
}

const list = "lists.example";

test.each([
  { name: "the only sealer", arc: chain([list]), is: "lists.example 1: 1" },
  { name: "the newest sealer", arc: chain([list, "b.example"]), is: "lists.example 2: 2" },
  {
    name: "an older sealer, nothing changed since",
    arc: chain(["b.example", list]),
    is: "lists.example 1: 1",
  },
  {
    name: "an older sealer, nothing changed since its seal, though before",
    arc: chain(["b.example", list, "c.example"], 2),
    is: "lists.example 2: 2",
  },
  { name: "an older sealer, changed since", arc: chain(["b.example", list], 2), is: undefined },
  { name: "the newest of two", arc: chain(["mx.example", "b.example", list]), is: "mx.example 3: 3" },
  { name: "a line of two", arc: chain(["b.example", "mx.example", list]), is: "mx.example 2: 2,1" },
  {
    name: "a line of two that both changed the message",
    arc: chain(["mx.example", list, "b.example"], 3),
    is: "mx.example 3: 3,2",
  },
  { name: "nobody is listed", arc: chain(["b.example", "c.example"]), is: undefined },
  { name: "below a listed domain", arc: chain([`a.${list}`]), is: undefined },
  { name: "above a listed domain", arc: chain(["example"]), is: undefined },
  { name: "From is not covered", arc: chain([`${list}!`]), is: undefined },
  {
    name: "From is covered by the older of two",
    arc: chain([`${list}!`, "mx.example"]),
    is: "mx.example 1: 1",
  },
  {
    name: "the line ends where From is not covered",
    arc: chain(["mx.example", `${list}!`]),
    is: "mx.example 2: 2",
  },
  { name: "as a U-label", arc: chain(["xn--wgv71a119e.example"]), is: "xn--wgv71a119e.example 1: 1" },
  { name: "§5.2: a chain that fails", arc: { ...chain([list]), result: "fail" as const }, is: undefined },
  { name: "no chain", arc: { ...chain([]), result: "none" as const }, is: undefined },
])("RFC 8617 §7.2 $name", ({ arc, is }) => {
  const found = trustedSealer(arc, ["Lists.Example", "mx.example", "日本語.example"]);
  const shown =
    found && `${found.domain} ${found.instance}: ${found.believed.map(({ instance }) => instance).join(",")}`;
  expect(shown).toBe(is);
});

test("with nobody listed nobody is trusted", () => {
  expect(trustedSealer(chain([list]), [])).toBeUndefined();
  expect(trustedSealer(chain([list]), ["", "no domain"])).toBeUndefined();
});

test.each([
  { name: "by the only sealer", claims: [["spf=fail", "dmarc=pass"]], is: true },
  { name: "by the older of a line", claims: [["arc=pass", "dmarc=fail"], ["dmarc=pass"]], is: true },
  { name: "by nobody", claims: [["spf=pass", "dkim=pass"], ["dmarc=fail"]], is: false },
  { name: "but it had failed too", claims: [["dmarc=pass", "dmarc=fail"]], is: false },
  { name: "not in so many words", claims: [["x-dmarc=pass", "dmarc=pass-through"]], is: false },
])("DMARC had passed, $name", ({ claims, is }) => {
  const arc = chain(claims.map(() => list));
  const sets = arc.sets.map((set, index) => ({ ...set, claims: claims[index] ?? [] }));
  expect(trustedSealer({ ...arc, sets }, [list])?.dmarcPassed).toBe(is);
});

test.each([
  { name: "for the author that stands there", authors: ["a.example"], is: true },
  { name: "for another one, whose From may have been taken off since", authors: ["b.example"], is: false },
  { name: "for both", authors: ["a.example", "b.example"], is: false },
  { name: "without a word on whom", authors: undefined, is: true },
])("DMARC had passed $name", ({ authors, is }) => {
  const arc = chain([list]);
  const sets = arc.sets.map((set) => ({ ...set, claims: ["dmarc=pass"], ...(authors && { authors }) }));
  expect(trustedSealer({ ...arc, sets }, [list], "a.example")?.dmarcPassed).toBe(is);
});

test("DMARC had passed, but by the word of a sealer that is not believed", () => {
  const arc = chain(["b.example", list, "c.example"]);
  const sets = arc.sets.map((set) => ({ ...set, claims: set.instance === 2 ? [] : ["dmarc=pass"] }));
  expect(trustedSealer({ ...arc, sets }, [list])).toMatchObject({ instance: 2, dmarcPassed: false });
});
