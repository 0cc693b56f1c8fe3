import { readFile } from "node:fs/promises";
import { bodyHash } from "../../src/core/dkim/body-hash.ts";
import { createBodyCanonicalizer } from "../../src/core/dkim/canonical-body.ts";
import { canonicalizeHeaderField } from "../../src/core/dkim/canonical-header.ts";
import type { Canonicalization } from "../../src/core/dkim/signature.ts";
import { openDkimVerification } from "../../src/core/dkim/verify.ts";
import { type MemoryZone, memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import { MessageReader } from "../../src/core/message/message-reader.ts";
import type { DkimResult } from "../../src/core/results.ts";
import { sharedPath } from "../../test/shared.ts";
import type { SuiteOutcome } from "./suite.ts";

interface SignatureCase {
  readonly index: number;
  readonly result: string;
  readonly a?: string;
  readonly d?: string;
  readonly s?: string;
  readonly i?: string;
  readonly reason?: string;
}

interface MessageCase {
  readonly file: string;
  readonly now?: number;
  readonly signatures: readonly SignatureCase[];
}

interface RfcCases {
  readonly cases: readonly MessageCase[];
  readonly canonicalization: readonly {
    readonly source: string;
    readonly input: string;
    readonly c: string;
    readonly header: string;
    readonly body: string;
  }[];
  readonly emptyBody: readonly {
    readonly source: string;
    readonly c: Canonicalization;
    readonly body: string;
    readonly canonical: string;
    readonly sha256: string;
  }[];
}

interface MailAuthCases {
  readonly zone: MemoryZone;
  readonly cases: readonly MessageCase[];
}

/** A message of the suite with its keys. */
export interface DkimCase extends MessageCase {
  readonly octets: Buffer;
  readonly zone: MemoryZone;
}

/** RFC 6376 appendix A, RFC 8463 appendix A, and the messages of mail-auth. */
export async function readDkimCases(): Promise<readonly DkimCase[]> {
  const rfc = await readJson<RfcCases>("rfc", "cases.json");
  const rfcZone = await readJson<MemoryZone>("rfc", "zone.json");
  const mailAuth = await readJson<MailAuthCases>("mail-auth", "cases.json");
  const cases: DkimCase[] = [];
  for (const message of rfc.cases) {
    const octets = await readFile(sharedPath("conformance", "dkim", "rfc", message.file));
    cases.push({ ...message, octets, zone: rfcZone });
  }
  for (const message of mailAuth.cases) {
    const file = await readFile(sharedPath("conformance", "dkim", "mail-auth", message.file));
    // Key records come first, then an empty line, then the message.
    const octets = file.subarray(file.indexOf("\n\n") + 2);
    cases.push({ ...message, octets, zone: mailAuth.zone });
  }
  return cases;
}

/** Every vector in shared/conformance/dkim: the messages, the canonicalization examples of RFC 6376 §3.4.5, empty bodies. */
export async function runDkimSuite(): Promise<SuiteOutcome> {
  const tally = new Tally();
  for (const test of await readDkimCases())
    checkResults(tally, test, await verifyDkimCase(test, [test.octets]));
  const rfc = await readJson<RfcCases>("rfc", "cases.json");
  for (const example of rfc.canonicalization) checkCanonicalization(tally, example);
  for (const empty of rfc.emptyBody) checkEmptyBody(tally, empty);
  return tally.outcome();
}

class Tally {
  #passed = 0;
  readonly #failures: string[] = [];

  check(name: string, got: unknown, wanted: unknown): void {
    if (got === wanted) this.#passed += 1;
    else this.#failures.push(`${name}: ${JSON.stringify(got)}, should be ${JSON.stringify(wanted)}`);
  }

  outcome(): SuiteOutcome {
    return { suite: "dkim", passed: this.#passed, failures: this.#failures };
  }
}

async function readJson<T>(folder: string, file: string): Promise<T> {
  return JSON.parse(await readFile(sharedPath("conformance", "dkim", folder, file), "utf8")) as T;
}

/** The messages of the RFCs have no expiration. */
const defaultNow = 1_700_000_000;

/** Verifies the message of a case, given as a file in chunks. */
export async function verifyDkimCase(
  { zone, now = defaultNow }: DkimCase,
  chunks: readonly Buffer[],
): Promise<readonly DkimResult[]> {
  const clock = { now: () => now * 1000, monotonic: () => 0 };
  const context = { dns: memoryResolver(zone), clock };
  let verification = openDkimVerification(parseHead(Buffer.alloc(0)), context);
  const reader = new MessageReader({
    head: (head) => {
      verification = openDkimVerification(head, context);
    },
    body: (chunk) => verification.body(chunk),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return verification.finish();
}

function checkResults(tally: Tally, message: MessageCase, results: readonly DkimResult[]): void {
  tally.check(`${message.file} number of signatures`, results.length, message.signatures.length);
  for (const wanted of message.signatures) {
    const got = results[wanted.index];
    const name = `${message.file} signature ${wanted.index}`;
    tally.check(name, got?.result, wanted.result);
    if (wanted.a !== undefined) tally.check(`${name} a=`, got?.algorithm, wanted.a);
    if (wanted.d !== undefined) tally.check(`${name} d=`, got?.domain, wanted.d);
    if (wanted.s !== undefined) tally.check(`${name} s=`, got?.selector, wanted.s);
    if (wanted.i !== undefined) tally.check(`${name} i=`, got?.identity, wanted.i);
    if (wanted.reason === "body hash did not verify")
      tally.check(`${name} problem`, got?.problem, "body-hash-mismatch");
  }
}

function checkCanonicalization(tally: Tally, example: RfcCases["canonicalization"][number]): void {
  const [header, body] = example.c.split("/") as [Canonicalization, Canonicalization];
  const input = Buffer.from(example.input, "latin1");
  const separator = input.indexOf("\r\n\r\n");
  const head = parseHead(input.subarray(0, separator + 2));
  const fields = head.fields.map((field) =>
    canonicalizeHeaderField({ ...field, octets: head.octets }, header).toString("latin1"),
  );
  tally.check(`${example.source} header`, fields.join(""), example.header);
  tally.check(`${example.source} body`, canonicalBody(input.subarray(separator + 4), body), example.body);
}

function checkEmptyBody(tally: Tally, empty: RfcCases["emptyBody"][number]): void {
  const body = Buffer.from(empty.body, "latin1");
  tally.check(`${empty.source} octets`, canonicalBody(body, empty.c), empty.canonical);
  tally.check(`${empty.source} sha256`, bodyHash(body, empty.c).hash.toString("base64"), empty.sha256);
}

function canonicalBody(body: Buffer, canonicalization: Canonicalization): string {
  let text = "";
  const canonicalizer = createBodyCanonicalizer(canonicalization, (octets, start, end) => {
    text += octets.toString("latin1", start, end);
  });
  canonicalizer.update(body);
  canonicalizer.end();
  return text;
}
