import { describe, expect, test } from "vitest";
import { parseConfig } from "./load.ts";
import { bodyRules, headerRules, type PolicyConfig } from "./policy-config.ts";
import { formatProblem } from "./problem.ts";
import { showConfig } from "./show.ts";

async function loaded(yaml: string) {
  return parseConfig(yaml, { file: "sekisho.yaml", hostname: "mx.example.jp" });
}

async function verifyOf(yaml: string) {
  const found = await loaded(yaml);
  if (!found.ok) throw new Error(found.errors.map((error) => formatProblem(error, "en")).join("\n"));
  return found.config.verify;
}

test("nothing is refused, deferred, held or marked by default", async () => {
  const { policy, shadow } = await verifyOf("");
  expect(shadow).toBeUndefined();
  expect(policy).toMatchObject({
    enforce: "monitor",
    quarantineAction: "header",
    rejectAlone: false,
    rejectOwn: false,
    rejectRelayed: false,
    overrides: [],
    lists: [],
    spf: { onFail: "record", onPermerror: "record", onTemperror: "record" },
    iprev: { onFail: "record", onPermerror: "record", onTemperror: "record" },
    dmarc: { onTemperror: "record", onPermerror: "auto" },
  });
  expect(Object.keys(policy.rules).sort()).toEqual([...headerRules, ...bodyRules].sort());
  for (const id of headerRules) expect(policy.rules[id]).toBe("record");
  // Otherwise the MTA would have to send every body.
  for (const id of bodyRules) expect(policy.rules[id]).toBe("seen");
});

describe("values", () => {
  const rows: readonly { yaml: string; read: (policy: PolicyConfig) => unknown; is: unknown }[] = [
    { yaml: "enforce: reject", read: (p) => p.enforce, is: "reject" },
    { yaml: "enforce: quarantine", read: (p) => p.enforce, is: "quarantine" },
    { yaml: "quarantine_action: hold", read: (p) => p.quarantineAction, is: "hold" },
    { yaml: "reject_alone: true", read: (p) => p.rejectAlone, is: true },
    {
      yaml: "own_domains: [Example.JP., 大学.example]",
      read: (p) => p.ownDomains,
      is: ["example.jp", "xn--pss25c.example"],
    },
    {
      yaml: "own_names: [MX.example.jp., 門.example]",
      read: (p) => p.ownNames,
      is: ["mx.example.jp", "xn--3e5a.example"],
    },
    {
      yaml: "overrides: [{ domain: a.example, action: none }, { domain: b.example, include_subdomains: true, action: reject }]",
      read: (p) => p.overrides,
      is: [
        { domain: "a.example", includeSubdomains: false, action: "none" },
        { domain: "b.example", includeSubdomains: true, action: "reject" },
      ],
    },
    {
      yaml: "lists: [{ list_id: <Dev.Lists.Example> }, { domain: L.example }]",
      read: (p) => p.lists,
      is: [{ listId: "dev.lists.example" }, { domain: "l.example" }],
    },
    { yaml: "lists: [{ network: 192.0.2.0/28 }]", read: (p) => p.lists[0]?.network?.prefix, is: 28 },
    {
      yaml: "spf: { on_fail: reject }",
      read: (p) => [p.spf.onFail, p.spf.onTemperror],
      is: ["reject", "record"],
    },
    { yaml: "iprev: { on_temperror: defer }", read: (p) => p.iprev.onTemperror, is: "defer" },
    { yaml: "dmarc: { on_permerror: reject }", read: (p) => p.dmarc.onPermerror, is: "reject" },
    {
      yaml: "rules: { repeated_date: reject, raw_8bit_header: off, nul_body: record }",
      read: ({ rules }) => [
        rules["repeated-date"],
        rules["raw-8bit-header"],
        rules["nul-body"],
        rules["bare-cr-body"],
      ],
      is: ["reject", "off", "record", "seen"],
    },
  ];
  test.each(rows)("verify: { $yaml }", async ({ yaml, read, is }) => {
    expect(read((await verifyOf(`verify: { ${yaml} }`)).policy)).toEqual(is);
  });
});

describe("shadow", () => {
  test.each([
    { yaml: "shadow: reject", read: (p: PolicyConfig) => p.enforce, is: "reject" },
    { yaml: "shadow: { enforce: quarantine }", read: (p: PolicyConfig) => p.enforce, is: "quarantine" },
    {
      yaml: "spf: { on_permerror: defer }, shadow: { spf: { on_fail: reject } }",
      read: (p: PolicyConfig) => [p.enforce, p.spf],
      is: ["monitor", { onFail: "reject", onPermerror: "defer", onTemperror: "record" }],
    },
    {
      yaml: "rules: { bare_cr_body: record }, shadow: { rules: { repeated_to: reject } }",
      read: ({ rules }: PolicyConfig) => [rules["bare-cr-body"], rules["repeated-to"], rules["repeated-cc"]],
      is: ["record", "reject", "record"],
    },
    {
      yaml: "own_domains: [a.example], shadow: { reject_alone: true, dmarc: { on_permerror: reject } }",
      read: (p: PolicyConfig) => [p.ownDomains, p.rejectAlone, p.dmarc],
      is: [["a.example"], true, { onTemperror: "record", onPermerror: "reject" }],
    },
    {
      yaml: `enforce: reject, quarantine_action: hold, own_domains: [a.example], own_names: [mx.a.example],
        parked_domains: [p.example], overrides: [{ domain: b.example, action: none }], lists: [{ domain: l.example }],
        arc: { trusted_sealers: [s.example] }, shadow: {}`,
      read: (p: PolicyConfig) => [
        p.enforce,
        p.quarantineAction,
        p.ownDomains,
        p.ownNames,
        p.parkedDomains,
        p.overrides.length,
        p.lists,
        p.trustedSealers,
      ],
      is: [
        "reject",
        "hold",
        ["a.example"],
        ["mx.a.example"],
        ["p.example"],
        1,
        [{ domain: "l.example" }],
        ["s.example"],
      ],
    },
    {
      yaml: `own_domains: [a.example], own_names: [mx.a.example], parked_domains: [p.example],
        overrides: [{ domain: b.example, action: none }], lists: [{ domain: l.example }],
        arc: { trusted_sealers: [s.example] }, shadow: { enforce: monitor, quarantine_action: hold,
        own_domains: [A2.example], own_names: [], parked_domains: [p2.example],
        overrides: [{ domain: C.example, include_subdomains: true, action: reject }],
        lists: [{ list_id: <Dev.L.example>, network: 192.0.2.1 }], arc: { trusted_sealers: [S2.example] } }`,
      read: (p: PolicyConfig) => [
        p.enforce,
        p.quarantineAction,
        p.ownDomains,
        p.ownNames,
        p.parkedDomains,
        p.overrides,
        p.lists.map(({ listId, network }) => [listId, network?.text]),
        p.trustedSealers,
      ],
      is: [
        "monitor",
        "hold",
        ["a2.example"],
        [],
        ["p2.example"],
        [{ domain: "c.example", includeSubdomains: true, action: "reject" }],
        [["dev.l.example", "192.0.2.1"]],
        ["s2.example"],
      ],
    },
    {
      yaml: "rules: { nul_body: off }, shadow: { rules: { nul_body: seen, bare_cr_body: reject } }",
      read: ({ rules }: PolicyConfig) => [rules["nul-body"], rules["bare-cr-body"], rules["bare-lf-body"]],
      is: ["seen", "reject", "seen"],
    },
  ])("$yaml is what is in force with that changed", async ({ yaml, read, is }) => {
    const { shadow } = await verifyOf(`verify: { ${yaml} }`);
    expect(shadow && read(shadow)).toEqual(is);
  });
});

describe("errors with their place", () => {
  test.each([
    { yaml: "enforce: strict", is: ["not-one-of verify.enforce 1:20"] },
    { yaml: "shadow: monitor", is: ["not-one-of verify.shadow 1:19"] },
    { yaml: "shadow: [reject]", is: ["not-one-of verify.shadow 1:19"] },
    { yaml: "shadow: { enforce: hold }", is: ["not-one-of verify.shadow.enforce 1:30"] },
    { yaml: "shadow: { enforced: reject }", is: ["unknown-key verify.shadow.enforced 1:21"] },
    { yaml: "shadow: { own_domains: [a..b] }", is: ["bad-domain verify.shadow.own_domains[0] 1:35"] },
    {
      yaml: "shadow: { overrides: [{ domain: a.example }] }",
      is: ["missing-key verify.shadow.overrides[0].action 1:33"],
    },
    { yaml: "shadow: { lists: [{}] }", is: ["bad-list-entry verify.shadow.lists[0] 1:29"] },
    {
      yaml: "shadow: { arc: { trusted_sealer: [a.example] } }",
      is: ["unknown-key verify.shadow.arc.trusted_sealer 1:28"],
    },
    { yaml: "own_names: [192.0.2.1]", is: ["bad-hostname verify.own_names[0] 1:23"] },
    { yaml: "rules: { repeated_date: seen }", is: ["not-one-of verify.rules.repeated_date 1:35"] },
    { yaml: "shadow: { spf: { on_fial: reject } }", is: ["unknown-key verify.shadow.spf.on_fial 1:28"] },
    { yaml: "quarantine_action: junk", is: ["not-one-of verify.quarantine_action 1:30"] },
    { yaml: "reject_alone: 'yes'", is: ["wrong-type verify.reject_alone 1:25"] },
    { yaml: "own_domains: [a..b]", is: ["bad-domain verify.own_domains[0] 1:25"] },
    { yaml: "own_domains: [192.0.2.1]", is: ["bad-domain verify.own_domains[0] 1:25"] },
    { yaml: "parked_domains: a.example", is: ["wrong-type verify.parked_domains 1:27"] },
    { yaml: "overrides: [{ domain: a.example }]", is: ["missing-key verify.overrides[0].action 1:23"] },
    {
      yaml: "overrides: [{ domain: a.example, action: hold }]",
      is: ["not-one-of verify.overrides[0].action 1:52"],
    },
    { yaml: "lists: [{}]", is: ["bad-list-entry verify.lists[0] 1:19"] },
    { yaml: "lists: [{ network: 192.0.2.0/99 }]", is: ["bad-network verify.lists[0].network 1:30"] },
    { yaml: "spf: { on_fail: quarantine }", is: ["not-one-of verify.spf.on_fail 1:27"] },
    { yaml: "iprev: { on_fial: reject }", is: ["unknown-key verify.iprev.on_fial 1:20"] },
    { yaml: "dmarc: { on_temperror: reject }", is: ["not-one-of verify.dmarc.on_temperror 1:34"] },
    { yaml: "rules: { repeated_date: refuse }", is: ["not-one-of verify.rules.repeated_date 1:35"] },
    { yaml: "rules: { repeated-date: reject }", is: ["unknown-key verify.rules.repeated-date 1:20"] },
  ])("verify: { $yaml }", async ({ yaml, is }) => {
    const found = await loaded(`verify: { ${yaml} }`);
    const errors = found.ok ? [] : found.errors;
    expect(errors.map(({ code, path, line, column }) => `${code} ${path} ${line}:${column}`)).toEqual(is);
  });

  test("a rule written with hyphens is told its key", async () => {
    const found = await loaded("verify: { rules: { repeated-date: reject } }");
    expect(!found.ok && found.errors[0]?.text.en).toContain('did you mean "repeated_date"');
  });
});

test.each([
  { yaml: "enforce: reject, reject_alone: true", is: ["reject-alone"] },
  { yaml: "reject_alone: true", is: [] },
  { yaml: "enforce: reject", is: [] },
])("warnings of { $yaml }", async ({ yaml, is }) => {
  const found = await loaded(`verify: { ${yaml} }`);
  expect(found.ok && found.warnings.map(({ code }) => code)).toEqual(is);
});

test.each([
  "enforce: reject, shadow: { reject_alone: true, rules: { nul_body: reject } }",
  "shadow: reject",
  "enforce: reject, own_names: [a.b], rules: { nul_body: seen }, shadow: { enforce: monitor, own_names: [c.d] }",
  "overrides: [{ domain: e.f, action: none }], shadow: { overrides: [{ domain: e.f, action: reject }], lists: [{ network: 192.0.2.1 }], arc: { trusted_sealers: [s.t] } }",
  "shadow: { iprev: { on_fail: defer } }",
  "lists: [{ list_id: a.b, domain: c.d, network: 192.0.2.0/28 }], overrides: [{ domain: e.f, action: none }]",
])("what showConfig prints of { %s } gives the same again", async (yaml) => {
  const first = await loaded(`verify: { ${yaml} }`);
  if (!first.ok) throw new Error("not loaded");
  const again = await loaded(showConfig(first.config));
  expect(again).toMatchObject({ ok: true, config: first.config });
});
