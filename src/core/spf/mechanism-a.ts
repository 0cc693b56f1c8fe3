import { inNetwork } from "../ip.ts";
import { type Evaluation, type MechanismOutcome, match, noMatch } from "./evaluation.ts";
import { lookup } from "./lookup.ts";
import type { HostMechanism } from "./record.ts";

/** Evaluates "a", and each host of "mx": whether an address of `host` is the client's. RFC 7208 §5.3. */
export async function evaluateA(
  evaluation: Evaluation,
  { prefix4, prefix6 }: HostMechanism,
  host: string,
  depth: number,
): Promise<MechanismOutcome> {
  const { ip } = evaluation;
  // §5: the family of the client decides between A and AAAA.
  const found = await lookup(evaluation, host, ip.family === 4 ? "A" : "AAAA", depth);
  if (found.kind !== "records") return found;
  const prefix = ip.family === 4 ? prefix4 : prefix6;
  return found.records.some((address) => inNetwork(ip, address, prefix)) ? match : noMatch;
}
