import { z } from "zod";
import {
  bodyRules,
  headerRules,
  type PolicyConfig,
  type RuleId,
  type RuleSetting,
  type VerdictSetting,
  type VerdictSettings,
} from "./policy-config.ts";

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
type RuleKeys = { readonly [Key in RuleKey]?: RuleSetting | undefined };

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

/** `verify.rules`. Rules about the body are off unless named: with them the MTA has to send it. */
export const rulesSchema: z.ZodType<Readonly<Record<RuleId, RuleSetting>>, RuleKeys> = ruleObject((id) =>
  ruleSetting.default(ofBody.has(id) ? "off" : "record"),
).transform((keys) => byId(keys as RuleKeys) as Record<RuleId, RuleSetting>);

interface VerdictKeys {
  readonly on_fail?: VerdictSetting | undefined;
  readonly on_permerror?: VerdictSetting | undefined;
  readonly on_temperror?: VerdictSetting | undefined;
}

/** The shadow as written: what it names differs from what is in force. */
interface ShadowKeys {
  readonly enforce?: "quarantine" | "reject" | undefined;
  readonly reject_alone?: boolean | undefined;
  readonly reject_own?: boolean | undefined;
  readonly reject_relayed?: boolean | undefined;
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
export const shadowSchema: z.ZodType<ShadowSetting, ShadowSetting> = z.union([
  z.enum(["quarantine", "reject"]),
  z.strictObject({
    enforce: z.enum(["quarantine", "reject"]).optional(),
    reject_alone: flag,
    reject_own: flag,
    reject_relayed: flag,
    spf: verdicts,
    iprev: verdicts,
    dmarc: z
      .strictObject({
        on_temperror: z.enum(["record", "defer"]).optional(),
        on_permerror: z.enum(["auto", "record", "quarantine", "reject"]).optional(),
      })
      .optional(),
    rules: (ruleObject(() => ruleSetting.optional()) as unknown as z.ZodType<RuleKeys, RuleKeys>).optional(),
  }),
]);

/** What would be in force under `shadow`: the policy with everything changed that it names. */
export function shadowPolicy(policy: PolicyConfig, shadow: ShadowSetting): PolicyConfig {
  if (typeof shadow === "string") return { ...policy, enforce: shadow };
  const { dmarc } = shadow;
  return {
    ...policy,
    enforce: shadow.enforce ?? policy.enforce,
    rejectAlone: shadow.reject_alone ?? policy.rejectAlone,
    rejectOwn: shadow.reject_own ?? policy.rejectOwn,
    rejectRelayed: shadow.reject_relayed ?? policy.rejectRelayed,
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
