import { openArcSealing } from "../../src/core/arc/sealing.ts";
import { openArcVerification } from "../../src/core/arc/verify.ts";
import { formatSignedField, openDkimSigning, type SignedField } from "../../src/core/dkim/sign.ts";
import { openDkimVerification } from "../../src/core/dkim/verify.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import type { Verification } from "../../src/core/verification.ts";
import type { DifferentialOutcome } from "./outcome.ts";
import { runPeer } from "./peer.ts";
import { seededRandom } from "./random.ts";
import { corpusSignCases, publishedKeys, randomSignCase, type SignDifferentialCase } from "./sign-cases.ts";

/** Past the time that t= states, before x=. */
const now = 1_793_440_800;
const clock = { now: () => now * 1000, monotonic: () => 0 };
const dns = memoryResolver(
  Object.fromEntries(Object.entries(publishedKeys).map(([name, text]) => [name, [{ TXT: text }]])),
);
const batchSize = 500;

interface Peer {
  readonly name: string;
  readonly interpreter: string;
  readonly script: string;
  readonly verifies: (test: SignDifferentialCase) => boolean;
}

const peers: readonly Peer[] = [
  { name: "dkimpy", interpreter: "/usr/bin/python3", script: "dkimpy.py", verifies: () => true },
  {
    name: "Mail::DKIM",
    interpreter: "perl",
    script: "mail-dkim.pl",
    // Debian's knows no Ed25519.
    verifies: ({ key }) => key.algorithm === "rsa-sha256",
  },
  {
    name: "OpenDKIM",
    interpreter: "/usr/bin/python3",
    script: "opendkim.py",
    // Its test mode reads files by lines of a fixed size, looks at the clock of the host, and makes all white space
    // after the colon of a field one blank.
    verifies: ({ header, body, canonicalization, expiresAfter }) =>
      expiresAfter === undefined &&
      body.split("\r\n").every((line) => line.length <= 998) &&
      (canonicalization.header === "relaxed" || header.split(/\r\n(?![ \t])/).every(isRegular)),
  },
];

function isRegular(field: string): boolean {
  return field === "" || /^[^:]+: [^ \t\r]/.test(field);
}

interface SignedMessage {
  readonly test: SignDifferentialCase;
  readonly message: string;
}

/**
 * Signs random messages in every algorithm and canonicalization, and seals some of them in chains of three hops; then
 * ours, dkimpy, Mail::DKIM and OpenDKIM each have to accept them. Peers that are not installed are left out.
 */
export async function runSignDifferential({
  seed,
  count,
  corpus,
}: {
  readonly seed: number;
  readonly count: number;
  /** A corpus of the neutral harness, in place of random messages. */
  readonly corpus?: string;
}): Promise<DifferentialOutcome> {
  const tally = { cases: 0, agreed: 0, unexplained: [] as string[] };
  const cases = corpus === undefined ? randomSignCases(seed, count) : corpusSignCases(corpus);
  for (const batch of batches(cases)) {
    const signed: SignedMessage[] = [];
    for (const one of batch) signed.push(await signCase(one));
    for (const one of signed) note(tally, "ours", one, await verifyOurs(one));
    for (const peer of peers) await askPeer(peer, signed, tally);
    await checkChains(signed, tally);
  }
  return { suite: "signing", ...tally, classes: new Map() };
}

function randomSignCases(seed: number, count: number): readonly SignDifferentialCase[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, id) => randomSignCase(random, id));
}

function* batches(cases: readonly SignDifferentialCase[]): Iterable<readonly SignDifferentialCase[]> {
  for (let at = 0; at < cases.length; at += batchSize) yield cases.slice(at, at + batchSize);
}

interface Tally {
  cases: number;
  agreed: number;
  readonly unexplained: string[];
}

function note(
  tally: Tally,
  who: string,
  { test, message }: SignedMessage,
  problem: string | undefined,
): void {
  tally.cases += 1;
  if (problem === undefined) tally.agreed += 1;
  else tally.unexplained.push(`case ${test.id}: ${who}: ${problem}: ${JSON.stringify(message)}`);
}

async function signCase(test: SignDifferentialCase): Promise<SignedMessage> {
  const { header, body, key, canonicalization, identity, expiresAfter } = test;
  const request = {
    key,
    canonicalization,
    ...(identity !== undefined && { identity }),
    ...(expiresAfter !== undefined && { expiresAfter }),
  };
  const fields = await feed(header, body, (head) => openDkimSigning(head, { signatures: [request], clock }));
  if (fields.length !== 1) throw new Error(`case ${test.id} is not signed`);
  return { test, message: `${wire(fields)}${header}\r\n${body}` };
}

function feed<Results>(
  header: string,
  body: string,
  open: (head: ReturnType<typeof parseHead>) => Verification<Results>,
): Promise<Results> {
  const opened = open(parseHead(Buffer.from(header, "latin1")));
  const octets = Buffer.from(body, "latin1");
  for (let at = 0; at < octets.length; at += 700) opened.body(octets.subarray(at, at + 700));
  return opened.finish();
}

function wire(fields: readonly SignedField[]): string {
  return fields.map((field) => formatSignedField(field, "\r\n")).join("");
}

async function verifyOurs({ message, test }: SignedMessage): Promise<string | undefined> {
  const header = message.slice(0, message.length - test.body.length - 2);
  const results = await feed(header, test.body, (head) => openDkimVerification(head, { dns, clock }));
  const [first] = results;
  return first?.result === "pass" ? undefined : `${first?.result} ${first?.problem}`;
}

interface PeerAnswer {
  readonly results: readonly { readonly result: "pass" | "no-pass"; readonly why: string }[];
}

async function askPeer(peer: Peer, signed: readonly SignedMessage[], tally: Tally): Promise<void> {
  const asked = signed.filter(({ test }) => peer.verifies(test));
  const questions = asked.map(({ test, message }) => ({
    id: test.id,
    message: Buffer.from(message, "latin1").toString("base64"),
    now,
    keys: publishedKeys,
    signatures: 1,
  }));
  const answers = await runPeer<PeerAnswer>(peer.interpreter, peer.script, questions);
  if (answers === undefined) return;
  for (const [index, one] of asked.entries()) {
    const result = answers[index]?.results[0];
    note(tally, peer.name, one, result?.result === "pass" ? undefined : (result?.why ?? "no answer"));
  }
}

// ---------------------------------------------------------------- chains

const hops = 3;
const maxChains = 50;

async function checkChains(signed: readonly SignedMessage[], tally: Tally): Promise<void> {
  const chosen = signed.slice(0, maxChains);
  const sealed: SignedMessage[] = [];
  for (const one of chosen) sealed.push(await sealThrice(one));
  for (const one of sealed) note(tally, "ours, chain", one, await validateOurs(one));
  // dkimpy knows no Ed25519 in ARC.
  const asked = sealed.filter(({ test }) => test.key.algorithm === "rsa-sha256");
  const questions = asked.map(({ test, message }) => ({
    id: test.id,
    message: Buffer.from(message, "latin1").toString("base64"),
    now,
    keys: publishedKeys,
    arc: true,
  }));
  const answers = await runPeer<{ result: string; oldestPass?: number; why: string }>(
    "/usr/bin/python3",
    "dkimpy.py",
    questions,
  );
  if (answers === undefined) return;
  for (const [index, one] of asked.entries()) {
    const answer = answers[index];
    const isGood = answer?.result === "pass" && answer.oldestPass === 0;
    note(tally, "dkimpy, chain", one, isGood ? undefined : JSON.stringify(answer));
  }
}

async function sealThrice({ test, message }: SignedMessage): Promise<SignedMessage> {
  let header = message.slice(0, message.length - test.body.length - 2);
  for (let hop = 1; hop <= hops; hop++) {
    const sealing = await feed(header, test.body, (head) =>
      openArcSealing(head, {
        key: test.key,
        clock,
        canonicalization: test.canonicalization,
        results: () => ({
          payload: `mx${hop}.example.jp;\n    dkim=pass header.d=example.jp`,
          chain: hop === 1 ? "none" : "pass",
        }),
      }),
    );
    if (sealing.kind !== "sealed") throw new Error(`case ${test.id} is not sealed: ${sealing.reason}`);
    header = `Received: from hop${hop}\r\n${wire(sealing.fields)}${header}`;
  }
  return { test, message: `${header}\r\n${test.body}` };
}

async function validateOurs({ test, message }: SignedMessage): Promise<string | undefined> {
  const header = message.slice(0, message.length - test.body.length - 2);
  const arc = await feed(header, test.body, (head) => openArcVerification(head, { dns, clock }));
  return arc.result === "pass" && arc.instances === hops && arc.oldestPass === 0
    ? undefined
    : `${arc.result} ${arc.problem} ${arc.oldestPass}`;
}
