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
  const answers = await askPeer(peer, cases, ours);
  if (answers === undefined) return;
  const disagreements: DkimDisagreement[] = [];
  for (const [index, test] of cases.entries()) {
    const verified = ours[index] as Verified;
    for (const place of verified.results.keys()) {
      const one = describeSignature(peer, test, place, verified, answers[index]);
      tally.cases += 1;
      if (agree(one)) tally.agreed += 1;
      else disagreements.push(one);
    }
  }
  const explained = await explainAll(peer, disagreements);
  for (const [index, one] of disagreements.entries()) {
    const id = explained[index];
    if (id === undefined) tally.unexplained.push(describe(peer, one));
    else tally.classes.set(id, (tally.classes.get(id) ?? 0) + 1);
  }
}

async function askPeer(
  peer: Peer,
  cases: readonly DkimDifferentialCase[],
  ours: readonly Verified[],
): Promise<readonly PeerAnswer[] | undefined> {
  const questions = cases.map(({ id, message, now, keys }, index) => ({
    id,
    message: Buffer.from(message, "latin1").toString("base64"),
    now,
    keys,
    signatures: ours[index]?.results.length ?? 0,
  }));
  const answers = await runPeer<PeerAnswer>(peer.interpreter, peer.script, questions);
  if (answers !== undefined && answers.length !== cases.length) throw new Error(`${peer.script} lost a case`);
  return answers;
}

function describeSignature(
  peer: Peer,
  test: DkimDifferentialCase,
  place: number,
  { head, results }: Verified,
  answer: PeerAnswer | undefined,
): DkimDisagreement {
  const ours = results[place] as DkimResult;
  const field = fieldsNamed(head, "dkim-signature")[place];
  const value = field === undefined ? "" : rawValue(head, field);
  const text = (tagValue(parseTagList(value), "b") ?? "").replace(/[ \t\r\n]/g, "");
  const found =
    peer.match === "place" ? answer?.results[place] : answer?.results.find(({ b }) => (b ?? "") === text);
  const theirs = found ?? { result: "no-pass" as const, why: "not listed" };
  return {
    test,
    place,
    ours,
    theirs,
    value,
    record: test.keys[`${ours.selector}._domainkey.${ours.domain}`] ?? "",
  };
}

function agree({ ours, theirs }: DkimDisagreement): boolean {
  return (ours.result === "pass") === (theirs.result === "pass");
}

/** A disagreement that repairs have changed, and the ids of the classes that did. */
interface Attempt {
  /** Index of the disagreement that it began as. */
  readonly origin: number;
  readonly by: readonly string[];
  readonly disagreement: DkimDisagreement;
}

/** One repair may uncover a second cause, and that a third. */
const maxRepairs = 3;

/** Finds the class of each disagreement; where several causes meet, the one that was found first. */
async function explainAll(
  peer: Peer,
  disagreements: readonly DkimDisagreement[],
): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = disagreements.map(() => undefined);
  let open: readonly Attempt[] = disagreements.map((disagreement, origin) => ({
    origin,
    by: [],
    disagreement,
  }));
  for (let round = 0; round <= maxRepairs && open.length > 0; round++) {
    for (const { origin, by, disagreement } of open) {
      const id = proofOf(peer, disagreement);
      if (id !== undefined) found[origin] ??= by[0] ?? id;
    }
    const repaired = await repairAll(
      peer,
      open.filter(({ origin }) => found[origin] === undefined),
    );
    for (const { origin, by, disagreement } of repaired) if (agree(disagreement)) found[origin] ??= by[0];
    open = repaired.filter(({ origin }) => found[origin] === undefined);
  }
  return found;
}

/** The first class that explains a disagreement by itself. */
function proofOf(peer: Peer, one: DkimDisagreement): string | undefined {
  return dkimClasses.find(
    ({ peers: of, applies, repair }) => of.includes(peer.name) && repair === undefined && applies(one),
  )?.id;
}

/** Each disagreement with the repair of each class that applies to it, judged anew by both sides. */
async function repairAll(peer: Peer, open: readonly Attempt[]): Promise<readonly Attempt[]> {
  const attempts = open.flatMap(({ origin, by, disagreement }) =>
    dkimClasses.flatMap(({ id, peers: of, applies, repair }) => {
      if (repair === undefined || !of.includes(peer.name) || by.includes(id) || !applies(disagreement))
        return [];
      return [{ origin, by: [...by, id], test: repair(disagreement), place: disagreement.place }];
    }),
  );
  if (attempts.length === 0) return [];
  const tests = attempts.map(({ test }) => test);
  const ours = await Promise.all(tests.map(verifyOurs));
  const answers = await askPeer(peer, tests, ours);
  return attempts.flatMap(({ origin, by, test, place }, index) => {
    const verified = ours[index] as Verified;
    // The signature stands no longer in the header, for neither side: what the peer said at first.
    if (verified.results[place] === undefined) {
      const { disagreement } = open.find((one) => one.origin === origin) as Attempt;
      return [
        {
          origin,
          by,
          disagreement: { ...disagreement, ours: { ...disagreement.ours, result: "permerror" } },
        },
      ];
    }
    return [{ origin, by, disagreement: describeSignature(peer, test, place, verified, answers?.[index]) }];
  });
}

function describe(peer: Peer, { test, ours, theirs, record }: DkimDisagreement): string {
  const own = `${ours.result} ${ours.problem ?? ""}`.trim();
  const other = `${peer.name} ${theirs.result} ${theirs.why}`.trim();
  return `case ${test.id}: ours ${own}, ${other}: ${JSON.stringify({ ...test, record })}`;
}
