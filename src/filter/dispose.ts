import { authservIdOf, type Config } from "../config/config.ts";
import type { BodyRule, PolicyConfig, RuleId } from "../config/policy-config.ts";
import { trustedSealer } from "../core/arc/trusted.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { traceResolver } from "../core/dns/trace.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { AuthResults, DnsTraceEntry } from "../core/results.ts";
import type { ClientTrust } from "../trust/classify-client.ts";
import { listSigns } from "./list-signs.ts";
import { brokenHeaderRules, type WatchedRules, watchedRules } from "./message-rules.ts";
import { isParkedDomain } from "./parked-domain.ts";
import { decide, hangsOnParked } from "./policy/decide.ts";
import type { Decision } from "./policy/decision.ts";
import type { PolicyInput } from "./policy/input.ts";

/** What is known of a message when it ends. */
export interface DisposalFacts {
  readonly results: AuthResults | undefined;
  readonly head: MessageHead | undefined;
  readonly client: Pick<ClientTrust, "origin" | "spfClient">;
  readonly smtputf8: boolean;
  readonly brokenBodyRules: readonly BodyRule[];
  /** What the MTA calls itself (macro `j`), when it says so. */
  readonly mtaName?: string | undefined;
}

export interface DisposalContext {
  readonly config: Pick<Config, "verify" | "hostname" | "authservId" | "networks">;
  /** Asked only when a refusal hangs on it. */
  readonly dns: DnsResolver;
  readonly clock: Clock;
}

export interface Disposal {
  readonly decision: Decision;
  /** What the shadow would have done, where that is something else. */
  readonly shadow?: Decision;
  /** Message rules that are broken and not off, in force or in the shadow. */
  readonly broken: readonly RuleId[];
  /** What DNS was asked for it. */
  readonly asked: readonly DnsTraceEntry[];
}

/** Decides by the setting in force, and by the shadow when there is one. */
export async function dispose(facts: DisposalFacts, context: DisposalContext): Promise<Disposal> {
  const { policy, shadow } = context.config.verify;
  const { resolver, entries } = traceResolver(context.dns, context.clock);
  const input = await withParked(
    commonInput(facts, context.config),
    [policy, ...(shadow ? [shadow] : [])],
    resolver,
  );
  const decision = decide(forPolicy(input, policy), policy);
  const shadowDecision = shadow && decide(forPolicy(input, shadow), shadow);
  return {
    decision,
    broken: input.broken,
    asked: entries,
    ...(shadowDecision !== undefined &&
      shadowDecision.action !== decision.action && { shadow: shadowDecision }),
  };
}

/** Asks whether the author domain is parked, where one of the policies would refuse for that alone. */
async function withParked(
  input: PolicyInput,
  policies: readonly PolicyConfig[],
  dns: DnsResolver,
): Promise<PolicyInput> {
  const author = input.results?.dmarc.domain;
  const hangs = policies.some((policy) => hangsOnParked(forPolicy(input, policy), policy));
  return author !== undefined && hangs ? { ...input, parked: await isParkedDomain(author, dns) } : input;
}

const rulesOfConfig = new WeakMap<Config["verify"], WatchedRules>();

/** The rules that the setting in force or the shadow look at. */
export function rulesOf(verify: Config["verify"]): WatchedRules {
  const known = rulesOfConfig.get(verify);
  if (known !== undefined) return known;
  const { policy, shadow } = verify;
  const rules = watchedRules(shadow === undefined ? [policy.rules] : [policy.rules, shadow.rules]);
  rulesOfConfig.set(verify, rules);
  return rules;
}

/** What every policy looks at. */
function commonInput(
  { results, head, client, smtputf8, brokenBodyRules, mtaName }: DisposalFacts,
  config: DisposalContext["config"],
): PolicyInput {
  const { spfClient } = client;
  const ofHeader =
    head === undefined || results === undefined
      ? []
      : brokenHeaderRules(head, { smtputf8, fromProblem: results.dmarc.problem }, rulesOf(config.verify).ids);
  return {
    results,
    origin: client.origin,
    ...(spfClient !== undefined && { clientIp: spfClient.ip }),
    ...(spfClient?.helo !== undefined && { helo: comparableName(spfClient.helo) }),
    // Only what fails is held against a name.
    ourNames: results?.dmarc.result === "fail" ? ourNames(config, mtaName) : [],
    signs: head === undefined ? { listIds: [], fields: [] } : listSigns(head),
    broken: [...ofHeader, ...brokenBodyRules],
  };
}

/** An address literal and the like stay as they are: they are nobody's name. */
function comparableName(helo: string): string {
  return toAsciiDomain(helo) ?? helo.toLowerCase();
}

/** This host by all the names that it goes by, and its gateways: nobody else greets with them. */
function ourNames(config: DisposalContext["config"], mtaName: string | undefined): string[] {
  const { hostname, networks } = config;
  const written = [mtaName, authservIdOf(config, mtaName), ...networks.relays.flatMap(namesOfRelay)];
  return [hostname, ...written.flatMap((name) => (name === undefined ? [] : (toAsciiDomain(name) ?? [])))];
}

function namesOfRelay({ authservId, receivedBy }: Config["networks"]["relays"][number]): readonly string[] {
  return authservId === undefined ? receivedBy : [authservId, ...receivedBy];
}

/** The input as one policy sees it: whose seals are believed is a matter of policy. */
function forPolicy(input: PolicyInput, { trustedSealers }: PolicyConfig): PolicyInput {
  const sealer = input.results && vouchingSealer(input.results, trustedSealers);
  return sealer === undefined ? input : { ...input, sealer };
}

/** The trusted sealer, when the author domain passed DMARC as the message came to it or to one it vouches for. */
function vouchingSealer({ arc, dmarc }: AuthResults, trusted: readonly string[]): string | undefined {
  const sealer = arc && trustedSealer(arc, trusted, dmarc.domain);
  return sealer?.dmarcPassed === true ? sealer.domain : undefined;
}
