import { openDkimVerification } from "../../src/core/dkim/verify.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { fieldsNamed, type MessageHead, parseHead, rawValue } from "../../src/core/message/message.ts";
import { parseTagList, tagValue } from "../../src/core/message/taglist.ts";
import type { DkimResult } from "../../src/core/results.ts";
import { type DkimDifferentialCase, randomCase } from "./dkim-cases.ts";
import { type DkimDisagreement, type DkimPeer, dkimClasses, type PeerSignature } from "./dkim-classes.ts";
import type { DifferentialOutcome } from "./outcome.ts";
import { runPeer } from "./peer.ts";
import { seededRandom } from "./random.ts";

interface Peer {
  readonly name: DkimPeer;
  readonly interpreter: string;
  readonly script: string;
  /** Which of the peer's signatures is ours: by place, or by the value of `b=`. */
  readonly match: "place" | "signature";
}

const peers: readonly Peer[] = [
  // Debian's Python: the one that sees Debian's packages.
  { name: "dkimpy", interpreter: "/usr/bin/python3", script: "dkimpy.py", match: "place" },
  { name: "Mail::DKIM", interpreter: "perl", script: "mail-dkim.pl", match: "signature" },
];

const batchSize = 1000;

interface PeerAnswer {
  readonly id: number;
  readonly results: readonly (PeerSignature & { readonly b?: string })[];
}

/**
 * Verifies random signed messages, many of them changed on their way, with ours, dkimpy and Mail::DKIM, and compares
 * "pass" or not for each signature. Peers that are not installed are left out.
 */
export async function runDkimDifferential({
  seed,
  count,
}: {
  readonly seed: number;
  readonly count: number;
}): Promise<DifferentialOutcome> {
  const random = seededRandom(seed);
  const tally = new Tally();
  for (let done = 0; done < count; done += batchSize) {
    const cases: DkimDifferentialCase[] = [];
    while (cases.length < Math.min(batchSize, count - done))
      cases.push(randomCase(random, done + cases.length));
    const ours = await Promise.all(cases.map(verifyOurs));
    for (const peer of peers) await comparePeer(peer, cases, ours, tally);
  }
  return { suite: "DKIM", ...tally };
}

class Tally {
  cases = 0;
  agreed = 0;
  readonly classes: Map<string, number> = new Map();
  readonly unexplained: string[] = [];
}

interface Verified {
  readonly head: MessageHead;
  readonly results: readonly DkimResult[];
}

async function verifyOurs({ message, now, keys }: DkimDifferentialCase): Promise<Verified> {
  const octets = Buffer.from(message, "latin1");
  const empty = message.startsWith("\r\n") ? 0 : octets.indexOf("\r\n\r\n") + 2;
  const head = parseHead(octets);
  const clock = { now: () => now * 1000, monotonic: () => 0 };
  const zone = Object.fromEntries(Object.entries(keys).map(([name, text]) => [name, [{ TXT: text }]]));
  const verification = openDkimVerification(head, { dns: memoryResolver(zone), clock });
  if (empty !== 1) verification.body(octets.subarray(empty + 2));
  return { head, results: await verification.finish() };
}

async function comparePeer(
  peer: Peer,
  cases: readonly DkimDifferentialCase[],
  ours: readonly Verified[],
  tally: Tally,
): Promise<void> {
  const questions = cases.map(({ id, message, now, keys }, index) => ({
    id,
    message: Buffer.from(message, "latin1").toString("base64"),
    now,
    keys,
    signatures: ours[index]?.results.length ?? 0,
  }));
  const answers = await runPeer<PeerAnswer>(peer.interpreter, peer.script, questions);
  if (answers === undefined) return;
  for (const [index, test] of cases.entries()) {
    const verified = ours[index];
    const answer = answers[index];
    if (verified === undefined || answer?.id !== test.id)
      throw new Error(`${peer.script} lost case ${test.id}`);
    for (const place of verified.results.keys())
      await compareSignature(describeSignature(peer, test, verified, answer, place), tally);
  }
}

function describeSignature(
  peer: Peer,
  test: DkimDifferentialCase,
  { head, results }: Verified,
  answer: PeerAnswer,
  place: number,
): DkimDisagreement {
  const ours = results[place] as DkimResult;
  const field = fieldsNamed(head, "dkim-signature")[place];
  const value = field === undefined ? "" : rawValue(head, field);
  const text = (tagValue(parseTagList(value), "b") ?? "").replace(/[ \t\r\n]/g, "");
  const found =
    peer.match === "place" ? answer.results[place] : answer.results.find(({ b }) => (b ?? "") === text);
  return {
    test,
    peer: peer.name,
    ours,
    theirs: found ?? { result: "no-pass", why: "not listed" },
    value,
    record: test.keys[`${ours.selector}._domainkey.${ours.domain}`],
    judge: async (other) => (await verifyOurs(other)).results[place],
  };
}

async function compareSignature(one: DkimDisagreement, tally: Tally): Promise<void> {
  tally.cases += 1;
  if ((one.ours.result === "pass") === (one.theirs.result === "pass")) {
    tally.agreed += 1;
    return;
  }
  for (const { id, peer, explains } of dkimClasses) {
    if (peer !== one.peer || !(await explains(one))) continue;
    tally.classes.set(id, (tally.classes.get(id) ?? 0) + 1);
    return;
  }
  tally.unexplained.push(describe(one));
}

function describe({ test, peer, ours, theirs, record }: DkimDisagreement): string {
  const own = `${ours.result} ${ours.problem ?? ""}`.trim();
  return `case ${test.id}: ours ${own}, ${peer} ${theirs.result} ${theirs.why}: ${JSON.stringify({ ...test, record })}`;
}
