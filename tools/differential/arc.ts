import { openArcVerification } from "../../src/core/arc/verify.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import type { ArcResult } from "../../src/core/results.ts";
import { type ArcDifferentialCase, randomArcCase } from "./arc-cases.ts";
import { type ArcDisagreement, arcClasses, type PeerChain } from "./arc-classes.ts";
import type { DifferentialOutcome } from "./outcome.ts";
import { runPeer } from "./peer.ts";
import { seededRandom } from "./random.ts";

const batchSize = 1000;
/** One repair may uncover a second cause, and that a third. */
const maxRepairs = 3;

type PeerAnswer = PeerChain & { readonly id: number };

/**
 * Validates random chains, many of them changed on their way, with ours and dkimpy, and compares the state of the chain
 * and, where it passes, the oldest-pass. Without dkimpy there is nothing to compare.
 */
export async function runArcDifferential({
  seed,
  count,
}: {
  readonly seed: number;
  readonly count: number;
}): Promise<DifferentialOutcome> {
  const random = seededRandom(seed);
  const tally = { cases: 0, agreed: 0, classes: new Map<string, number>(), unexplained: [] as string[] };
  for (let done = 0; done < count; done += batchSize) {
    const cases: ArcDifferentialCase[] = [];
    while (cases.length < Math.min(batchSize, count - done))
      cases.push(randomArcCase(random, done + cases.length));
    const compared = await compare(cases);
    if (compared === undefined) break;
    const disagreements = compared.filter((one) => !agree(one));
    tally.cases += compared.length;
    tally.agreed += compared.length - disagreements.length;
    const explained = await explainAll(disagreements);
    for (const [index, one] of disagreements.entries()) {
      const id = explained[index];
      if (id === undefined) tally.unexplained.push(describe(one));
      else tally.classes.set(id, (tally.classes.get(id) ?? 0) + 1);
    }
  }
  return { suite: "ARC", ...tally };
}

/** Both verdicts on each case; undefined when dkimpy is not installed. */
async function compare(cases: readonly ArcDifferentialCase[]): Promise<ArcDisagreement[] | undefined> {
  const questions = cases.map(({ id, message, now, keys }) => ({
    id,
    arc: true,
    message: Buffer.from(message, "latin1").toString("base64"),
    now,
    keys,
  }));
  const answers = await runPeer<PeerAnswer>("/usr/bin/python3", "dkimpy.py", questions);
  if (answers === undefined) return undefined;
  if (answers.length !== cases.length) throw new Error("dkimpy.py lost a case");
  const ours = await Promise.all(cases.map(validateOurs));
  return cases.map((test, index) => ({
    test,
    ours: ours[index] as ArcResult,
    theirs: answers[index] as PeerAnswer,
  }));
}

async function validateOurs({ message, now, keys }: ArcDifferentialCase): Promise<ArcResult> {
  const octets = Buffer.from(message, "latin1");
  const empty = message.startsWith("\r\n") ? 0 : octets.indexOf("\r\n\r\n") + 2;
  const zone = Object.fromEntries(Object.entries(keys).map(([name, text]) => [name, [{ TXT: text }]]));
  const clock = { now: () => now * 1000, monotonic: () => 0 };
  const verification = openArcVerification(parseHead(octets), { dns: memoryResolver(zone), clock });
  if (empty !== 1) verification.body(octets.subarray(empty + 2));
  return verification.finish();
}

function agree({ ours, theirs }: ArcDisagreement): boolean {
  return ours.result === theirs.result && ours.oldestPass === theirs.oldestPass;
}

interface Attempt {
  /** Index of the disagreement that it began as. */
  readonly origin: number;
  readonly by: readonly string[];
  readonly disagreement: ArcDisagreement;
}

/** Finds the class of each disagreement; where several causes meet, the one that was found first. */
async function explainAll(
  disagreements: readonly ArcDisagreement[],
): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = disagreements.map(() => undefined);
  let open: readonly Attempt[] = disagreements.map((disagreement, origin) => ({
    origin,
    by: [],
    disagreement,
  }));
  for (let round = 0; round <= maxRepairs && open.length > 0; round++) {
    for (const { origin, by, disagreement } of open) {
      const proof = arcClasses.find((one) => one.repair === undefined && one.applies(disagreement));
      if (proof !== undefined) found[origin] ??= by[0] ?? proof.id;
    }
    const repaired = await repairAll(open.filter(({ origin }) => found[origin] === undefined));
    for (const { origin, by, disagreement } of repaired) if (agree(disagreement)) found[origin] ??= by[0];
    open = repaired.filter(({ origin }) => found[origin] === undefined);
  }
  return found;
}

/** Each disagreement with the repair of each class that applies to it, judged anew by both sides. */
async function repairAll(open: readonly Attempt[]): Promise<readonly Attempt[]> {
  const attempts = open.flatMap(({ origin, by, disagreement }) =>
    arcClasses.flatMap(({ id, applies, repair }) => {
      if (repair === undefined || by.includes(id) || !applies(disagreement)) return [];
      return [{ origin, by: [...by, id], test: repair(disagreement) }];
    }),
  );
  if (attempts.length === 0) return [];
  const compared = await compare(attempts.map(({ test }) => test));
  return attempts.map(({ origin, by }, index) => ({
    origin,
    by,
    disagreement: compared?.[index] as ArcDisagreement,
  }));
}

function describe({ test, ours, theirs }: ArcDisagreement): string {
  const own = [ours.result, ours.problem ?? ours.oldestPass].join(" ");
  return `case ${test.id}: ours ${own}, dkimpy ${theirs.result} ${theirs.oldestPass ?? ""} ${theirs.why}: ${JSON.stringify(test)}`;
}
