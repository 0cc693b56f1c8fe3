import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fixedClock } from "../../src/core/clock.ts";
import { type MemoryZone, memoryResolver } from "../../src/core/dns/memory.ts";
import { parseIp } from "../../src/core/ip.ts";
import type { SpfResult } from "../../src/core/results.ts";
import { verifySpf } from "../../src/core/spf/verify.ts";
import type { SuiteOutcome } from "./suite.ts";

/** The suite in the folder of shared test data beside the project. */
const suiteFile: string = fileURLToPath(
  new URL("../../../shared/conformance/spf/rfc7208-tests.json", import.meta.url),
);

/** One test of the RFC 7208 suite, ready to run. */
export interface SpfCase {
  /** Scenario and test, as in the suite. */
  readonly name: string;
  readonly ip: string;
  readonly helo: string;
  /** Empty for the HELO identity. */
  readonly mailFrom: string;
  /** Each is acceptable. */
  readonly results: readonly string[];
  /** undefined when the suite does not look at it; "" when there must be none of the publisher's. */
  readonly explanation?: string;
  readonly zone: MemoryZone;
}

type SuiteRecord = MemoryZone[string][number];
interface Suite {
  readonly scenarios: readonly {
    readonly description: string;
    readonly tests: Readonly<Record<string, SuiteTest>>;
    readonly zonedata: Readonly<Record<string, readonly SuiteRecord[]>>;
  }[];
}
interface SuiteTest {
  readonly host: string;
  readonly helo: string;
  readonly mailfrom: string;
  readonly result: string | readonly string[];
  readonly explanation?: string;
}

/** Reads the suite from its JSON form. */
export function readSpfSuite(file: string = suiteFile): readonly SpfCase[] {
  const suite = JSON.parse(readFileSync(file, "utf8")) as Suite;
  return suite.scenarios.flatMap(({ description, tests, zonedata }) => {
    const zone = Object.fromEntries(
      Object.entries(zonedata).map(([name, records]) => [name, asTxt(records)]),
    );
    return Object.entries(tests).map(([name, test]) => readCase(`${description}: ${name}`, test, zone));
  });
}

function readCase(name: string, test: SuiteTest, zone: MemoryZone): SpfCase {
  const { explanation } = test;
  return {
    name,
    ip: test.host,
    helo: test.helo,
    mailFrom: test.mailfrom,
    results: typeof test.result === "string" ? [test.result] : test.result,
    // The program's own default text is that there is none.
    ...(explanation === undefined ? {} : { explanation: explanation === "DEFAULT" ? "" : explanation }),
    zone,
  };
}

/** RFC 7208 §3.1 knows TXT only; the suite's SPF records are TXT ones where a name has none of its own. */
function asTxt(records: readonly SuiteRecord[]): SuiteRecord[] {
  const hasTxt = records.some((record) => typeof record !== "string" && "TXT" in record);
  return records.flatMap((record): SuiteRecord[] => {
    if (typeof record === "string") return [record];
    if (record["TXT"] === "NONE") return [];
    if (!("SPF" in record)) return [record];
    return hasTxt ? [] : [{ TXT: record["SPF"] as string | readonly string[] }];
  });
}

/** Runs one case as a receiving host would. */
export async function runSpfCase(test: SpfCase): Promise<SpfResult> {
  const ip = parseIp(test.ip);
  if (ip === undefined) throw new TypeError(`${test.name}: ${test.ip} is no address`);
  const { mailFrom } = await verifySpf({
    ip,
    helo: test.helo,
    mailFrom: test.mailFrom,
    dns: memoryResolver(test.zone),
    clock: fixedClock(Date.UTC(2026, 0, 1)),
  });
  return mailFrom;
}

export interface SpfFailure {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** Runs every case of the suite. */
export async function runSpfSuite(
  file: string = suiteFile,
): Promise<{ readonly suite: string; readonly passed: number; readonly failed: readonly SpfFailure[] }> {
  const cases = readSpfSuite(file);
  const failed: SpfFailure[] = [];
  for (const test of cases) {
    const { result, explanation } = await runSpfCase(test);
    const expected = `${test.results.join(" or ")}${test.explanation === undefined ? "" : ` (${test.explanation})`}`;
    const agrees =
      test.results.includes(result) &&
      (test.explanation === undefined || test.explanation === (explanation ?? ""));
    if (!agrees) failed.push({ name: test.name, expected, got: `${result} (${explanation ?? ""})` });
  }
  return { suite: "RFC 7208", passed: cases.length - failed.length, failed };
}

/** The same in the shape that all suites share. */
export async function spfConformance(file: string = suiteFile): Promise<SuiteOutcome> {
  const { suite, passed, failed } = await runSpfSuite(file);
  return {
    suite,
    passed,
    failures: failed.map(({ name, expected, got }) => `${name}: expected ${expected}, got ${got}`),
  };
}
