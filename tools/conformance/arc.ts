import { readFile } from "node:fs/promises";
import { openArcVerification } from "../../src/core/arc/verify.ts";
import { fixedClock } from "../../src/core/clock.ts";
import { type MemoryZone, memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import { MessageReader } from "../../src/core/message/message-reader.ts";
import type { ArcResult } from "../../src/core/results.ts";
import { sharedPath } from "../../test/shared.ts";
import type { SuiteOutcome } from "./suite.ts";

interface Suite {
  readonly scenarios: readonly {
    readonly description: string;
    readonly tests: Readonly<Record<string, SuiteTest>>;
    readonly "txt-records": Readonly<Record<string, string>>;
  }[];
}

interface SuiteTest {
  readonly message: string;
  readonly cv: string;
}

/** One validation test, ready to run. */
export interface ArcCase {
  readonly name: string;
  readonly octets: Buffer;
  readonly zone: MemoryZone;
  readonly result: ArcResult["result"];
  /** The suite states no result: the newest seal says cv=fail itself. */
  readonly sealedAsFailed: boolean;
}

/** The validation half of the ARC test suite. */
export async function readArcCases(): Promise<readonly ArcCase[]> {
  const file = sharedPath("conformance", "arc", "arc-draft-validation-tests.json");
  const suite = JSON.parse(await readFile(file, "utf8")) as Suite;
  return suite.scenarios.flatMap(({ description, tests, "txt-records": records }) => {
    const zone = Object.fromEntries(Object.entries(records).map(([name, text]) => [name, [{ TXT: text }]]));
    return Object.entries(tests).map(([name, { message, cv }]) => ({
      name: `${description}: ${name}`,
      octets: Buffer.from(message.replace(/\r?\n/g, "\r\n"), "utf8"),
      zone,
      result: cv === "" ? "fail" : (cv.toLowerCase() as ArcResult["result"]),
      sealedAsFailed: cv === "",
    }));
  });
}

/** Validates the message of a case, given as a file in chunks. */
export async function validateArcCase({ zone }: ArcCase, chunks: readonly Buffer[]): Promise<ArcResult> {
  const context = { dns: memoryResolver(zone), clock: fixedClock(Date.UTC(2026, 0, 1)) };
  let verification = openArcVerification(parseHead(Buffer.alloc(0)), context);
  const reader = new MessageReader({
    head: (head) => {
      verification = openArcVerification(head, context);
    },
    body: (chunk) => verification.body(chunk),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return verification.finish();
}

/** Every validation test in shared/conformance/arc. */
export async function runArcSuite(): Promise<SuiteOutcome> {
  const failures: string[] = [];
  const cases = await readArcCases();
  for (const test of cases) {
    const { result, problem } = await validateArcCase(test, [test.octets]);
    if (result !== test.result) failures.push(`${test.name}: ${result} ${problem}, should be ${test.result}`);
  }
  return { suite: "arc", passed: cases.length - failures.length, failures };
}
