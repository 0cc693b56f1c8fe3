import { z } from "zod";
import {
  bodyRules,
  type DomainOverride,
  type Enforcement,
  headerRules,
  type KnownList,
  type PolicyConfig,
  type RuleId,
  type RuleSetting,
  type VerdictSetting,
  type VerdictSettings,
} from "./policy-config.ts";
import type { ProblemCode } from "./problem.ts";
import { domain, hostname, network, text } from "./written-value.ts";

type RuleKey<Id extends string = RuleId> = Id extends `${infer First}-${infer Rest}`
  ? `${First}_${RuleKey<Rest>}`
  : Id;

const allRules: readonly RuleId[] = [...headerRules, ...bodyRules];
const ofBody: ReadonlySet<string> = new Set(bodyRules);

/** `repeated-date` is written `repeated_date` in the file, as all keys are. */
function ruleKey(id: RuleId): RuleKey {
  return id.replaceAll("-", "_") as RuleKey;
}

const ruleSetting = z.enum(["off", "record", "header", "reject"]);
/** The header is read in any case. */
const bodyRuleSetting = z.enum(["off", "seen", "record", "header", "reject"]);
type RuleKeys = { readonly [Key in RuleKey]?: RuleSetting | undefined };

function settingOf(id: RuleId): z.ZodType<RuleSetting, RuleSetting> {
  return ofBody.has(id) ? bodyRuleSetting : ruleSetting;
}

function ruleObject(schemaOf: (id: RuleId) => z.ZodType): z.ZodType<unknown, RuleKeys> {
  return z.strictObject(
    Object.fromEntries(allRules.map((id) => [ruleKey(id), schemaOf(id)])),
  ) as unknown as z.ZodType<unknown, RuleKeys>;
}

function byId(keys: RuleKeys): Partial<Record<RuleId, RuleSetting>> {
  return Object.fromEntries(
    allRules.flatMap((id) => {
      const setting = keys[ruleKey(id)];
      return setting === undefined ? [] : [[id, setting]];
    }),
  );
}

/** `verify.rules`. By default nothing makes the MTA send a body that no signature asks for. */
export const rulesSchema: z.ZodType<Readonly<Record<RuleId, RuleSetting>>, RuleKeys> = ruleObject((id) =>
  settingOf(id).default(ofBody.has(id) ? "seen" : "record"),
).transform((keys) => byId(keys as RuleKeys) as Record<RuleId, RuleSetting>);

// ---------------------------------------------------------------- lists of the operator

type Written<T> = z.ZodType<readonly T[], readonly unknown[]>;

export const domainsSchema: Written<string> = z.array(domain);
export const hostnamesSchema: Written<string> = z.array(hostname);

/** `verify.overrides`. */
export const overridesSchema: Written<DomainOverride> = z.array(
  z
    .strictObject({
      domain,
      include_subdomains: z.boolean().default(false),
      action: z.enum(["none", "quarantine", "reject"]),
    })
    .transform(({ include_subdomains, ...entry }) => ({ ...entry, includeSubdomains: include_subdomains })),
);

/** `verify.lists`. */
export const listsSchema: Written<KnownList> = z.array(
  z
    .strictObject({ list_id: text.exactOptional(), domain: domain.optional(), network: network.optional() })
    .refine((entry) => Object.values(entry).some((given) => given !== undefined), {
      error: "bad-list-entry" satisfies ProblemCode,
    })
    .transform(({ list_id, domain, network }) => ({
      ...(list_id !== undefined && { listId: bareListId(list_id) }),
      ...(domain !== undefined && { domain }),
      ...(network !== undefined && { network }),
    })),
);

/** As `listSigns` reads it of a field. */
function bareListId(written: string): string {
  return written.replace(/^</, "").replace(/>$/, "").trim().toLowerCase();
}

// ---------------------------------------------------------------- shadow

interface VerdictKeys {
  readonly on_fail?: VerdictSetting | undefined;
  readonly on_permerror?: VerdictSetting | undefined;
  readonly on_temperror?: VerdictSetting | undefined;
}

/** The shadow as written: what it names differs from what is in force. */
interface ShadowKeys {
  readonly enforce?: Enforcement | undefined;
  readonly quarantine_action?: PolicyConfig["quarantineAction"] | undefined;
  readonly reject_alone?: boolean | undefined;
  readonly reject_own?: boolean | undefined;
  readonly reject_relayed?: boolean | undefined;
  readonly own_domains?: readonly string[] | undefined;
  readonly own_names?: readonly string[] | undefined;
  readonly parked_domains?: readonly string[] | undefined;
  readonly overrides?: readonly DomainOverride[] | undefined;
  readonly lists?: readonly KnownList[] | undefined;
  readonly arc?: { readonly trusted_sealers?: readonly string[] | undefined } | undefined;
  readonly spf?: VerdictKeys | undefined;
  readonly iprev?: VerdictKeys | undefined;
  readonly dmarc?:
    | {
        readonly on_temperror?: "record" | "defer" | undefined;
        readonly on_permerror?: "auto" | "record" | "quarantine" | "reject" | undefined;
      }
    | undefined;
  readonly rules?: RuleKeys | undefined;
}
export type ShadowSetting = "quarantine" | "reject" | ShadowKeys;

const verdictSetting = z.enum(["record", "defer", "reject"]).optional();
const verdicts = z
  .strictObject({ on_fail: verdictSetting, on_permerror: verdictSetting, on_temperror: verdictSetting })
  .optional();
const flag = z.boolean().optional();

/** `verify.shadow`: a word for `enforce`, or a section. */
export const shadowSchema: z.ZodType<ShadowSetting, unknown> = z.union([
  z.enum(["quarantine", "reject"]),
  z.strictObject({
    enforce: z.enum(["monitor", "quarantine", "reject"]).optional(),
    quarantine_action: z.enum(["header", "hold"]).optional(),
    reject_alone: flag,
    reject_own: flag,
    reject_relayed: flag,
    own_domains: domainsSchema.optional(),
    own_names: hostnamesSchema.optional(),
    parked_domains: domainsSchema.optional(),
    overrides: overridesSchema.optional(),
    lists: listsSchema.optional(),
    arc: z.strictObject({ trusted_sealers: hostnamesSchema.optional() }).optional(),
    spf: verdicts,
    iprev: verdicts,
    dmarc: z
      .strictObject({
        on_temperror: z.enum(["record", "defer"]).optional(),
        on_permerror: z.enum(["auto", "record", "quarantine", "reject"]).optional(),
      })
      .optional(),
    rules: (ruleObject((id) => settingOf(id).optional()) as z.ZodType<RuleKeys, RuleKeys>).optional(),
  }),
]);

/** What would be in force under `shadow`: the policy with everything changed that it names; a list as a whole. */
export function shadowPolicy(policy: PolicyConfig, shadow: ShadowSetting): PolicyConfig {
  if (typeof shadow === "string") return { ...policy, enforce: shadow };
  const { dmarc } = shadow;
  return {
    enforce: shadow.enforce ?? policy.enforce,
    quarantineAction: shadow.quarantine_action ?? policy.quarantineAction,
    rejectAlone: shadow.reject_alone ?? policy.rejectAlone,
    rejectOwn: shadow.reject_own ?? policy.rejectOwn,
    rejectRelayed: shadow.reject_relayed ?? policy.rejectRelayed,
    ownDomains: shadow.own_domains ?? policy.ownDomains,
    ownNames: shadow.own_names ?? policy.ownNames,
    parkedDomains: shadow.parked_domains ?? policy.parkedDomains,
    overrides: shadow.overrides ?? policy.overrides,
    lists: shadow.lists ?? policy.lists,
    trustedSealers: shadow.arc?.trusted_sealers ?? policy.trustedSealers,
    spf: changed(policy.spf, shadow.spf),
    iprev: changed(policy.iprev, shadow.iprev),
    dmarc: {
      onTemperror: dmarc?.on_temperror ?? policy.dmarc.onTemperror,
      onPermerror: dmarc?.on_permerror ?? policy.dmarc.onPermerror,
    },
    rules: { ...policy.rules, ...byId(shadow.rules ?? {}) },
  };
}

function changed(settings: VerdictSettings, keys: VerdictKeys = {}): VerdictSettings {
  return {
    onFail: keys.on_fail ?? settings.onFail,
    onPermerror: keys.on_permerror ?? settings.onPermerror,
    onTemperror: keys.on_temperror ?? settings.onTemperror,
  };
}

/** The rules of the file by their keys, for `config show`. */
export function ruleKeys(
  rules: Readonly<Partial<Record<RuleId, RuleSetting>>>,
): Readonly<Record<string, RuleSetting>> {
  return Object.fromEntries(
    allRules.flatMap((id) => {
      const setting = rules[id];
      return setting === undefined ? [] : [[ruleKey(id), setting]];
    }),
  );
}
