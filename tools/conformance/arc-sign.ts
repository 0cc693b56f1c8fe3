import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ownResults } from "../../src/core/arc/own-results.ts";
import { type ArcSealing, openArcSealing } from "../../src/core/arc/sealing.ts";
import { fixedClock } from "../../src/core/clock.ts";
import { createSigningKey, type SigningKey } from "../../src/core/dkim/signing-key.ts";
import type { MessageHead } from "../../src/core/message/message.ts";
import { MessageReader } from "../../src/core/message/message-reader.ts";
import type { Verification } from "../../src/core/verification.ts";
import { sharedPath } from "../../test/shared.ts";
import type { SuiteOutcome } from "./suite.ts";

interface Suite {
  readonly scenarios: readonly {
    readonly description: string;
    readonly domain: string;
    readonly sel: string;
    readonly privatekey: string;
    readonly tests: Readonly<Record<string, SuiteTest>>;
  }[];
}

interface SuiteTest {
  readonly message: string;
  readonly t: string;
  readonly "sig-headers": string;
  readonly "srv-id": string;
  readonly AS: string;
  readonly AMS: string;
  readonly AAR: string;
}

/** One signing test, ready to run. */
export interface ArcSignCase extends SuiteTest {
  readonly name: string;
  readonly key: SigningKey;
}

/** The signing half of the ARC test suite. */
export async function readArcSignCases(): Promise<readonly ArcSignCase[]> {
  const file = sharedPath("conformance", "arc", "arc-draft-sign-tests.json");
  const { scenarios } = JSON.parse(await readFile(file, "utf8")) as Suite;
  return scenarios.flatMap(({ description, domain, sel, privatekey, tests }) => {
    const made = createSigningKey({ domain, selector: sel, privateKey: createPrivateKey(privatekey) });
    if (made.kind !== "key") throw new Error(`${description}: ${made.problem}`);
    return Object.entries(tests).map(([name, test]) => ({
      ...test,
      name: `${description}: ${name}`,
      key: made.key,
    }));
  });
}

/** Seals the message of a case: its own Authentication-Results fields are the results of the hop. */
export async function sealArcCase(test: ArcSignCase): Promise<ArcSealing> {
  let sealing: Verification<ArcSealing> | undefined;
  const reader = new MessageReader({
    head: (head) => {
      sealing = openCase(head, test);
    },
    body: (chunk) => sealing?.body(chunk),
  });
  reader.push(Buffer.from(test.message.replace(/\r?\n/g, "\r\n"), "utf8"));
  reader.end();
  if (sealing === undefined) throw new Error(`${test.name} has no head`);
  return sealing.finish();
}

function openCase(head: MessageHead, test: ArcSignCase): Verification<ArcSealing> {
  return openArcSealing(head, {
    key: test.key,
    clock: fixedClock(Number(test.t) * 1000),
    // The suite takes the state of the chain from the results, and does not validate it again.
    results: () => {
      const { payload, chain = "none" } = ownResults(head, test["srv-id"]) ?? { payload: test["srv-id"] };
      return { payload, chain };
    },
    fields: { oversigned: [], whenPresent: [], exactly: test["sig-headers"].split(":") },
    layout: "sorted",
  });
}

/** Every signing test in shared/conformance/arc: b= and all else must be the same, octet by octet. */
export async function runArcSignSuite(): Promise<SuiteOutcome> {
  const failures: string[] = [];
  const cases = await readArcSignCases();
  let passed = 0;
  for (const test of cases) {
    const before = failures.length;
    const sealing = await sealArcCase(test);
    const wanted = [test.AS, test.AMS, test.AAR].map(plain);
    const fields = sealing.kind === "sealed" ? sealing.fields.map(({ value }) => plain(value)) : ["", "", ""];
    for (const [index, name] of ["AS", "AMS", "AAR"].entries())
      if (fields[index] !== wanted[index])
        failures.push(`${test.name}: ${name} ${fields[index]}, should be ${wanted[index]}`);
    if (failures.length === before) passed += 1;
  }
  return { suite: "arc signing", passed, failures };
}

/** Without white space, which the suite's YAML breaks its values with. */
function plain(value: string): string {
  return value.replaceAll(/\s+/g, "");
}
