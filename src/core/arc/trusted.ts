import { toAsciiDomain } from "../domain-name.ts";
import type { ArcResult, ArcSet } from "../results.ts";

export interface TrustedSealer {
  /** d= of the seal. */
  readonly domain: string;
  readonly instance: number;
  /**
   * The sealer's set, and below it, without a gap, those of other trusted sealers; the newest first. What these claim
   * may be believed.
   */
  readonly believed: readonly ArcSet[];
  /**
   * One of them says that the message passed DMARC when it came there, and nothing else about DMARC, nor of another
   * author domain than `author`. Without that a trusted sealer only handed on what had failed already, or what had two
   * From fields then, and nothing should be let through for its sake.
   */
  readonly dmarcPassed: boolean;
}

/**
 * The sealer by whom a message can be trusted to have come: RFC 8617 §7.2, §9.4. It is the newest one that is listed
 * and whose message signature still verifies, From included.
 *
 * - A chain that does not pass is as good as none (§5.2).
 * - Who sealed after it need not be trusted: the seals bind the older sets, and as the trusted sealer's own signature
 *   holds, they have changed nothing that it covers (`oldestPass`). If it does not hold, the message is another one
 *   than the sealer saw, and its word is about that.
 * - Who sealed before it is believed only as far as the line of trusted sealers goes on: each says by cv=pass that the
 *   message came to it as the one before had signed it. Anybody else can have changed the message in between.
 * - Domains are the same or not; a listed domain does not stand for those below it, which may be somebody else's.
 *
 * @param trusted Domains, as U-labels or A-labels in any letter case.
 * @param author The author domain that stands in From now, as A-labels; when left out only sealers vouch that name none.
 */
export function trustedSealer(
  arc: ArcResult,
  trusted: readonly string[],
  author?: string,
): TrustedSealer | undefined {
  if (arc.result !== "pass" || trusted.length === 0) return undefined;
  const domains = new Set(trusted.map((domain) => toAsciiDomain(domain)));
  const counts = ({ domain, signsFrom }: ArcSet): boolean => signsFrom && domains.has(domain);
  const oldestPass = arc.oldestPass ?? arc.instances;
  const at = arc.sets.findIndex((set) => set.instance >= oldestPass && counts(set));
  const sealer = arc.sets[at];
  if (sealer === undefined) return undefined;
  const line = arc.sets.slice(at);
  const end = line.findIndex((set) => !counts(set));
  const believed = end < 0 ? line : line.slice(0, end);
  return {
    domain: sealer.domain,
    instance: sealer.instance,
    believed,
    dmarcPassed: believed.some((set) => saysOnlyPass(set.claims) && isAbout(author, set)),
  };
}

function isAbout(author: string | undefined, { authors = [] }: ArcSet): boolean {
  return authors.every((one) => one === author);
}

/** A field with two results for DMARC may have been made so by the texts of a sender in it. */
function saysOnlyPass(claims: readonly string[]): boolean {
  const ofDmarc = claims.filter((claim) => claim.startsWith("dmarc="));
  return ofDmarc.length > 0 && ofDmarc.every((claim) => claim === "dmarc=pass");
}
