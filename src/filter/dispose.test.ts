import { expect, test } from "vitest";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { parseHead } from "../core/message/message.ts";
import type { AuthResults } from "../core/results.ts";
import { type Disposal, dispose } from "./dispose.ts";

async function configOf(verify: string): Promise<Config> {
  const loaded = await parseConfig(`verify: { ${verify} }`, { file: "test", hostname: "mx.rcpt.example" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

/** A message of a.example that fails DMARC here and passed it where list.example sealed it. */
const sealed: AuthResults = {
  spf: {
    method: "spf",
    result: "fail",
    identity: "mailfrom",
    domain: "a.example",
    lookups: 1,
    voidLookups: 0,
    trace: [],
  },
  dkim: [],
  arc: {
    method: "arc",
    result: "pass",
    instances: 1,
    sealers: ["list.example"],
    oldestPass: 0,
    sets: [
      {
        instance: 1,
        domain: "list.example",
        selector: "s",
        chainValidation: "none",
        signsFrom: true,
        claims: ["dmarc=pass"],
      },
    ],
  },
  dmarc: {
    method: "dmarc",
    result: "fail",
    domain: "a.example",
    organizationalDomain: "a.example",
    policyDomain: "a.example",
    policy: "quarantine",
    policyTag: "p",
    appliedPolicy: "quarantine",
    testing: false,
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: false,
  },
  dns: [],
};

async function disposalOf(verify: string): Promise<Disposal> {
  const facts = {
    results: sealed,
    head: parseHead(Buffer.from("From: a@a.example\r\nDate: now\r\n")),
    client: { origin: "stranger" },
    smtputf8: false,
    brokenBodyRules: [],
  } as const;
  return dispose(facts, { config: await configOf(verify), dns: memoryResolver({}), clock: systemClock });
}

const trusting = "arc: { trusted_sealers: [list.example] }";
test.each([
  { verify: "enforce: quarantine", is: "quarantine", shadow: undefined },
  { verify: `enforce: quarantine, ${trusting}`, is: "none", shadow: undefined },
  { verify: `enforce: quarantine, shadow: { ${trusting} }`, is: "quarantine", shadow: "none" },
  {
    verify: `enforce: quarantine, ${trusting}, shadow: { arc: { trusted_sealers: [] } }`,
    is: "none",
    shadow: "quarantine",
  },
  { verify: `enforce: quarantine, ${trusting}, shadow: { arc: {} }`, is: "none", shadow: undefined },
])("whose seals are believed is a matter of each policy: { $verify }", async ({ verify, is, shadow }) => {
  const disposal = await disposalOf(verify);
  expect([disposal.decision.action, disposal.shadow?.action]).toEqual([is, shadow]);
  expect(disposal.asked).toEqual([]);
});
