import { fixedClock } from "../../src/core/clock.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { type IpAddress, parseIp } from "../../src/core/ip.ts";
import type { SpfResult } from "../../src/core/results.ts";
import { verifySpf } from "../../src/core/spf/verify.ts";
import type { DifferentialOutcome } from "./outcome.ts";
import { runPeer } from "./peer.ts";
import { seededRandom } from "./random.ts";
import { randomCase, type SpfDifferentialCase } from "./spf-cases.ts";
import { type PeerAnswer, type SpfDisagreement, type SpfPeer, spfClasses } from "./spf-classes.ts";

const peers: readonly { readonly name: SpfPeer; readonly interpreter: string; readonly script: string }[] = [
  // The system's Python, as Debian's packages belong to it.
  { name: "pyspf", interpreter: "/usr/bin/python3", script: "pyspf.py" },
  { name: "Mail::SPF", interpreter: "/usr/bin/perl", script: "mail-spf.pl" },
];
type Peer = (typeof peers)[number];

const batchSize = 2000;

/** Compares random SPF cases with pyspf and Mail::SPF; peers that are not installed are left out. */
export async function runSpfDifferential({
  seed,
  count,
}: {
  readonly seed: number;
  readonly count: number;
}): Promise<DifferentialOutcome> {
  const random = seededRandom(seed);
  const tally = new Tally();
  for (let done = 0; done < count; done += batchSize) {
    const cases: SpfDifferentialCase[] = [];
    while (cases.length < Math.min(batchSize, count - done))
      cases.push(await randomCase(random, done + cases.length));
    const ours = await evaluateAll(cases);
    for (const peer of peers) await comparePeer(peer, cases, ours, tally);
  }
  return { suite: "SPF", ...tally };
}

class Tally {
  cases = 0;
  agreed = 0;
  readonly classes: Map<string, number> = new Map();
  readonly unexplained: string[] = [];
}

async function evaluateAll(cases: readonly SpfDifferentialCase[]): Promise<SpfResult[]> {
  const results: SpfResult[] = [];
  for (const test of cases) results.push(await evaluateOurs(test));
  return results;
}

async function evaluateOurs({ ip, helo, mailFrom, zone }: SpfDifferentialCase): Promise<SpfResult> {
  const results = await verifySpf({
    ip: parseIp(ip) as IpAddress,
    helo,
    mailFrom,
    dns: memoryResolver(zone),
    clock: fixedClock(0),
    receiver: "mx.receiver.example",
  });
  return results.mailFrom;
}

async function comparePeer(
  peer: Peer,
  cases: readonly SpfDifferentialCase[],
  ours: readonly SpfResult[],
  tally: Tally,
): Promise<void> {
  const answers = await runPeer<PeerAnswer>(peer.interpreter, peer.script, cases);
  if (answers === undefined) return;
  const disagreements: SpfDisagreement[] = [];
  for (const [index, test] of cases.entries()) {
    const one = { test, ours: ours[index] as SpfResult, theirs: answers[index] as PeerAnswer };
    tally.cases += 1;
    if (agrees(one.ours, one.theirs)) tally.agreed += 1;
    else disagreements.push(one);
  }
  const explained = await explainAll(peer, disagreements);
  for (const [index, one] of disagreements.entries()) {
    const id = explained[index];
    if (id === undefined) tally.unexplained.push(describe(peer.name, one));
    else tally.classes.set(id, (tally.classes.get(id) ?? 0) + 1);
  }
}

/** The same result, and with "fail" the same explanation but for the case of names in it. */
function agrees(ours: SpfResult, theirs: PeerAnswer): boolean {
  if (ours.result !== theirs.result) return false;
  const own = ours.explanation ?? "";
  return ours.result !== "fail" || own.toLowerCase() === (theirs.explanation ?? "").toLowerCase();
}

/** A disagreement that repairs have changed, and the ids of the classes that were applied. */
interface Repaired {
  /** Index of the disagreement that it began as. */
  readonly origin: number;
  readonly by: readonly string[];
  readonly disagreement: SpfDisagreement;
}

/** One repair may uncover a second cause, and that a third. */
const maxRepairs = 3;

/** Finds the class of each disagreement: the first one applied, of the fewest whose repairs make both sides agree. */
async function explainAll(
  peer: Peer,
  disagreements: readonly SpfDisagreement[],
): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = disagreements.map(() => undefined);
  let open: readonly Repaired[] = disagreements.map((disagreement, origin) => ({
    origin,
    by: [],
    disagreement,
  }));
  for (let round = 0; round < maxRepairs && open.length > 0; round++) {
    const still: Repaired[] = [];
    for (const repaired of await repairAll(peer, open)) {
      const { ours, theirs } = repaired.disagreement;
      if (agrees(ours, theirs)) found[repaired.origin] ??= repaired.by[0];
      else still.push(repaired);
    }
    open = still.filter(({ origin }) => found[origin] === undefined);
  }
  return found;
}

/** Each disagreement with the repair of each class that applies to it, judged anew by both sides. */
async function repairAll(peer: Peer, open: readonly Repaired[]): Promise<readonly Repaired[]> {
  const attempts = open.flatMap(({ origin, by, disagreement }) =>
    spfClasses
      .filter(({ id, peer: of, applies }) => of === peer.name && !by.includes(id) && applies(disagreement))
      .map(({ id, repair }) => ({ origin, by: [...by, id], test: repair(disagreement.test) })),
  );
  const tests = attempts.map(({ test }) => test);
  const ours = await evaluateAll(tests);
  const answers = await runPeer<PeerAnswer>(peer.interpreter, peer.script, tests);
  return attempts.map(({ origin, by, test }, index) => ({
    origin,
    by,
    disagreement: { test, ours: ours[index] as SpfResult, theirs: answers?.[index] as PeerAnswer },
  }));
}

function describe(peer: SpfPeer, { test, ours, theirs }: SpfDisagreement): string {
  const own = `${ours.result}${ours.problem === undefined ? "" : ` ${ours.problem}`} ${ours.explanation ?? ""}`;
  const other = `${theirs.result} ${theirs.why ?? theirs.explanation ?? ""}`;
  return `case ${test.id}: ours ${own.trim()}, ${peer} ${other.trim()}: ${JSON.stringify(test)}`;
}
