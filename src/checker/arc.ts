import { openArcVerification } from "../core/arc/verify.ts";
import { keyRecordName } from "../core/dkim/key-query.ts";
import { MessageReader } from "../core/message/message-reader.ts";
import type { ArcResult } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import type { ArcChainProblem, DkimFindings } from "../findings/check/dkim.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, CheckedMessage, OwnKey, SubjectReport } from "./context.ts";
import { type KeyReading, keyText, readKey } from "./dkim-key.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";

/** The keys that seal (RFC 8617 §4.1.3), and the chain of the message that was given (§5.2). */
export const checkArc: Check = withTriedChanges(findArc);

async function findArc(context: CheckContext): Promise<SubjectReport> {
  const { domain, ownKeys, message } = context;
  const sealers = ownKeys.filter((key) => key.seals && key.domain === domain);
  if (sealers.length === 0 && message === undefined)
    return { findings: [], facts: {}, skipped: "no-message" };
  const [ofKeys, chain] = await Promise.all([
    Promise.all(sealers.map((key) => keyFinding(context, key))),
    message === undefined ? undefined : verifyChain(context, message),
  ]);
  const ofChain = message === undefined || chain === undefined ? [] : chainFindings(message.file, chain);
  return {
    findings: [...ofKeys.filter((found) => found !== undefined), ...ofChain],
    facts: {
      sealers: sealers.map(({ selector }) => selector),
      ...(chain !== undefined && { chain: { result: chain.result, sets: chain.instances } }),
    },
  };
}

async function keyFinding({ dns }: CheckContext, key: OwnKey): Promise<Finding | undefined> {
  const { domain, selector, file } = key;
  const name = keyRecordName({ selector, domain });
  const answer = await dns.query(name, "TXT");
  if (answer.kind === "failure") return undefined;
  const records = answer.kind === "answer" ? answer.records : [];
  const [record, more] = records;
  const reading = record === undefined || more !== undefined ? undefined : readKey(record.text);
  const fault = faultOf(reading, records.length, key);
  if (fault === undefined) return undefined;
  const bits = reading?.kind === "key" ? reading.key.bits : 0;
  const found = finding("arc.key", name, { name, file, fault, bits });
  // RFC 8301 §3.2: signers SHOULD use 2048 bits or more, and MUST use 1024.
  if (fault === "short") return bits < 1024 ? found : { ...found, severity: "warning" };
  return {
    ...found,
    change: [...records.map(({ strings }) => removeTxt(name, strings)), addTxt(name, keyText(key.publicKey))],
  };
}

function faultOf(
  reading: KeyReading | undefined,
  count: number,
  key: OwnKey,
): DkimFindings["arc.key"]["fault"] | undefined {
  if (reading === undefined) return count === 0 ? "missing" : "several";
  if (reading.kind === "broken") return "unreadable";
  if (reading.kind === "revoked") return "revoked";
  if (!reading.key.key.equals(key.publicKey)) return "mismatch";
  return reading.type === "rsa" && reading.key.bits < 2048 ? "short" : undefined;
}

/** Reads the message as the filter would. */
function verifyChain({ dns, clock }: CheckContext, { octets }: CheckedMessage): Promise<ArcResult> {
  let verification: Verification<ArcResult> | undefined;
  const reader = new MessageReader({
    head: (head) => {
      verification = openArcVerification(head, { dns, clock });
    },
    body: (chunk) => verification?.body(chunk),
  });
  reader.push(octets);
  reader.end();
  // The reader hands over a head even for an empty message.
  return (verification as Verification<ArcResult>).finish();
}

function chainFindings(file: string, { problem, instances }: ArcResult): Finding[] {
  // A key that could not be asked for is told with what found no answer.
  if (problem === undefined || problem === "dns-failure") return [];
  return [
    finding("arc.chain", file, { file, problem: problem satisfies ArcChainProblem, instance: instances }),
  ];
}
