import { z } from "zod";
import { isSignableName } from "../core/dkim/signed-names.ts";
import { isWithin, toAsciiDomain } from "../core/domain-name.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration } from "./quantity.ts";
import { rotateForm, rotateSchema } from "./rotate-schema.ts";
import { isSecretReference } from "./secret.ts";
import type { BurstConfig, LoginsConfig, SealConfig, SignConfig, SigningKeyConfig } from "./sign-config.ts";
import { formatAuthorPattern, parseAuthorPattern, readSigningDomain } from "./sign-names.ts";
import { read } from "./written-value.ts";

export { formatAuthorPattern, parseAuthorPattern };

function readSelector(text: string): string | undefined {
  return text.endsWith(".") ? undefined : toAsciiDomain(text);
}

/** RFC 6376 §5.4: fields that change or vanish on the way, and those of signatures and results. */
const unsignable = /^(?:received|return-path|bcc|resent-bcc|dkim-signature|authentication-results|arc-.*)$/i;

const fieldName = read("bad-field-name", (name) =>
  isSignableName(name) && !unsignable.test(name) ? name : undefined,
);
const signingDomain = read("bad-domain", readSigningDomain);
const selector = read("bad-selector", readSelector);
const file = z
  .string()
  .min(1, "empty-text" satisfies ProblemCode)
  .max(1000);

const key = z
  .strictObject({
    domain: signingDomain,
    selector,
    file,
    passphrase: read("bad-secret", (text) => (isSecretReference(text) ? text : undefined)).exactOptional(),
    from: z.array(read("bad-author", parseAuthorPattern)).optional(),
    include_subdomains: z.boolean().default(false),
    any_domain: z.boolean().default(false),
    third_party: z.boolean().default(false),
    identity: z.enum(["none", "domain", "address"]).default("none"),
  })
  .refine(
    ({ domain, from = [], third_party }) =>
      third_party ||
      from.every((author) => isWithin(author.domain, domain) || isWithin(domain, author.domain)),
    { error: "bad-alignment" satisfies ProblemCode, path: ["from"] },
  );

const burst = z.strictObject({
  messages: z.int().min(1).max(10_000_000).default(500),
  per: read("bad-duration", parseDuration)
    .refine((ms) => ms >= 1000 && ms <= 7 * 86_400_000, {
      error: "out-of-range" satisfies ProblemCode,
      params: { minimum: "1s", maximum: "7d" },
    })
    .prefault("1h"),
  action: z.enum(["off", "warn", "hold"]).default("warn"),
});

const canonicalizations = ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"] as const;

const sign = z.strictObject({
  keys: z.array(key).prefault([]),
  canonicalization: z.enum(canonicalizations).default("relaxed/relaxed"),
  timestamp: z.boolean().default(true),
  expire: read("bad-duration", parseDuration)
    .refine((ms) => ms >= 3_600_000 && ms <= 365 * 86_400_000, {
      error: "out-of-range" satisfies ProblemCode,
      params: { minimum: "1h", maximum: "365d" },
    })
    .optional(),
  extra_headers: z.array(fieldName).prefault([]),
  oversign_headers: z.array(fieldName).prefault([]),
  rotate: rotateSchema.optional(),
  null_sender: z.enum(["sign", "local", "unsigned"]).default("sign"),
  on_failure: z.enum(["tempfail", "unsigned"]).default("tempfail"),
  on_fragile: z.enum(["sign", "unsigned", "hold"]).default("sign"),
  logins: z
    .strictObject({
      file,
      on_mismatch: z.enum(["unsigned", "hold"]).default("unsigned"),
      unlisted: z.enum(["none", "own", "any"]).default("none"),
    })
    .optional(),
  burst: burst.prefault({}),
});
type GivenSign = z.output<typeof sign>;

const seal = z.strictObject({
  domain: signingDomain,
  selector: selector.optional(),
  mode: z.enum(["off", "forwarded", "all"]).default("forwarded"),
  recipients: z.array(read("bad-author", parseAuthorPattern)).prefault([]),
});

/** The section `sign`. */
export const signSchema: z.ZodType<SignConfig, object> = sign.transform(toSign);

/** The section `seal`. */
export const sealSchema: z.ZodType<SealConfig, object> = seal.transform(toSeal);

function toSign(given: GivenSign): SignConfig {
  const [header, body] = given.canonicalization.split("/") as ["relaxed" | "simple", "relaxed" | "simple"];
  return {
    keys: given.keys.map(toKey),
    canonicalization: { header, body },
    timestamp: given.timestamp,
    ...(given.expire !== undefined && { expireMs: given.expire }),
    extraHeaders: given.extra_headers,
    oversignHeaders: given.oversign_headers,
    ...(given.rotate !== undefined && { rotate: given.rotate }),
    nullSender: given.null_sender,
    onFailure: given.on_failure,
    onFragile: given.on_fragile,
    ...(given.logins !== undefined && { logins: toLogins(given.logins) }),
    ...toBurst(given.burst),
  };
}

function toLogins({ file: path, on_mismatch, unlisted }: NonNullable<GivenSign["logins"]>): LoginsConfig {
  return { file: path, onMismatch: on_mismatch, unlisted };
}

function toBurst({ messages, per, action }: z.output<typeof burst>): Pick<SignConfig, "burst"> {
  return action === "off" ? {} : { burst: { messages, perMs: per, action } };
}

function toKey(given: GivenSign["keys"][number]): SigningKeyConfig {
  const { domain, selector: name, file: path, passphrase, identity } = given;
  return {
    domain,
    selector: name,
    file: path,
    ...(passphrase !== undefined && { passphrase }),
    from: given.from ?? [{ domain }],
    includeSubdomains: given.include_subdomains,
    anyDomain: given.any_domain,
    thirdParty: given.third_party,
    identity,
  };
}

function toSeal({ domain, selector: name, mode, recipients }: z.output<typeof seal>): SealConfig {
  return { domain, ...(name !== undefined && { selector: name }), mode, recipients };
}

const signTexts = z.object({
  sign: z
    .object({
      keys: z
        .array(z.object({ domain: z.string(), selector: z.string(), file: z.string() }).partial())
        .optional(),
    })
    .optional(),
  seal: z.object({ domain: z.string(), selector: z.string().optional() }).optional(),
});

/** What is wrong between keys of `sign` and `seal`, read from the raw value: a path and what to say. */
export function signProblems(
  value: unknown,
): readonly { readonly path: readonly (string | number)[]; readonly problem: ProblemCode }[] {
  const given = signTexts.safeParse(value);
  if (!given.success) return [];
  const keys = given.data.sign?.keys ?? [];
  const nameOf = (one: {
    readonly domain?: string | undefined;
    readonly selector?: string | undefined;
  }): string => `${readSelector(one.selector ?? "") ?? ""} ${readSigningDomain(one.domain ?? "") ?? ""}`;
  const files = new Map<string, string | undefined>();
  const twice = keys.flatMap((one, index) => {
    const name = nameOf(one);
    if (!files.has(name)) files.set(name, one.file);
    return files.get(name) === one.file
      ? []
      : [{ path: ["sign", "keys", index, "selector"], problem: "bad-second-selector" as const }];
  });
  const { seal } = given.data;
  const sealer = seal && readSigningDomain(seal.domain);
  const found = keys.some(
    (one) =>
      readSigningDomain(one.domain ?? "") === sealer &&
      (seal?.selector === undefined || readSelector(one.selector ?? "") === readSelector(seal.selector)),
  );
  if (sealer === undefined || found) return twice;
  return [...twice, { path: ["seal", "domain"], problem: "bad-seal-key" }];
}

/** The section `seal` as the file has it. */
export function sealForm({ domain, selector: name, mode, recipients }: SealConfig): object {
  return { domain, selector: name, mode, recipients: recipients.map(formatAuthorPattern) };
}

/** The section `sign` as the file has it, for `config show`. */
export function signForm(sign: SignConfig): object {
  return {
    keys: sign.keys.map((one) => ({
      domain: one.domain,
      selector: one.selector,
      file: one.file,
      passphrase: one.passphrase,
      from: one.from.map(formatAuthorPattern),
      include_subdomains: one.includeSubdomains,
      any_domain: one.anyDomain,
      third_party: one.thirdParty,
      identity: one.identity,
    })),
    canonicalization: `${sign.canonicalization.header}/${sign.canonicalization.body}`,
    timestamp: sign.timestamp,
    expire: sign.expireMs === undefined ? undefined : formatDuration(sign.expireMs),
    extra_headers: sign.extraHeaders,
    oversign_headers: sign.oversignHeaders,
    rotate: sign.rotate && rotateForm(sign.rotate),
    null_sender: sign.nullSender,
    on_failure: sign.onFailure,
    on_fragile: sign.onFragile,
    logins: sign.logins && {
      file: sign.logins.file,
      on_mismatch: sign.logins.onMismatch,
      unlisted: sign.logins.unlisted,
    },
    burst: sign.burst === undefined ? { action: "off" } : burstForm(sign.burst),
  };
}

function burstForm({ messages, perMs, action }: BurstConfig): object {
  return { messages, per: formatDuration(perMs), action };
}
