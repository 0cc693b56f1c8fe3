import type { IpAddress } from "../../core/ip.ts";
import {
  type ClientEvaluation,
  type EvaluationInput,
  evaluateClient,
  evaluateUnlisted,
  type UnlistedClient,
  unlistedAddresses,
} from "./evaluate-clients.ts";
import { lookupsOf, nodesOf, type SpfNode, walkTree } from "./walk-tree.ts";

/** What a domain's SPF comes to: the tree, what it costs, and who passes at which verifiers. */
export interface SpfAnalysis {
  readonly domain: string;
  readonly root: SpfNode;
  /** Of a client that nothing matches; more than the limit is counted on, as far as the tree was looked at. */
  readonly lookups: number;
  /** Whether the whole tree was looked at. */
  readonly whole: boolean;
  readonly unlisted4: UnlistedClient;
  readonly unlisted6: UnlistedClient;
  readonly clients: readonly ClientEvaluation[];
}

const maxClients = 64;

/** Looks at the SPF of a domain from all sides. Never rejects; what DNS does not answer is said in the tree. */
export async function analyseSpf(
  input: EvaluationInput,
  clients: readonly IpAddress[],
): Promise<SpfAnalysis> {
  const root = await walkTree(input.domain, input.dns);
  const { v4, v6 } = unlistedAddresses(root);
  const [unlisted4, unlisted6, ...evaluated] = await Promise.all([
    evaluateUnlisted(input, v4),
    evaluateUnlisted(input, v6),
    ...clients.slice(0, maxClients).map((ip) => evaluateClient(input, ip)),
  ]);
  return {
    domain: input.domain,
    root,
    lookups: lookupsOf(root),
    whole: nodesOf(root).every(({ state }) => state !== "unvisited"),
    unlisted4,
    unlisted6,
    clients: evaluated,
  };
}
