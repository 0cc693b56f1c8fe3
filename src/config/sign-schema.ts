import { z } from "zod";
import { isSignableName } from "../core/dkim/signed-names.ts";
import { isWithin, toAsciiDomain } from "../core/domain-name.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration } from "./quantity.ts";
import { isSecretReference } from "./secret.ts";
import type { AuthorPattern, SealConfig, SignConfig, SigningKeyConfig } from "./sign-config.ts";

function read<T>(problem: ProblemCode, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z
    .string({ error: (issue) => (issue.input === undefined ? undefined : problem) })
    .transform((text, ctx) => {
      const value = parse(text);
      if (value !== undefined) return value;
      ctx.addIssue({ code: "custom", message: problem });
      return z.NEVER;
    });
}

/**
 * A domain, or an address of one.
 * @returns undefined for anything else; wildcards have words of their own.
 */
export function parseAuthorPattern(text: string): AuthorPattern | undefined {
  const at = text.lastIndexOf("@");
  const domain = readSigningDomain(text.slice(at + 1));
  if (domain === undefined || at === 0) return undefined;
  if (at < 0) return { domain };
  const localPart = text.slice(0, at).toLowerCase();
  return /[\s*@\p{Cc}]/u.test(localPart) ? undefined : { domain, localPart };
}

export function formatAuthorPattern({ domain, localPart }: AuthorPattern): string {
  return localPart === undefined ? domain : `${localPart}@${domain}`;
}

/** RFC 6376 §3.5 d=: at least two labels. */
function readSigningDomain(text: string): string | undefined {
  const domain = text.endsWith(".") ? undefined : toAsciiDomain(text);
  return domain?.includes(".") === true ? domain : undefined;
}

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
});
type GivenSign = z.output<typeof sign>;

const seal = z.strictObject({ domain: signingDomain, selector: selector.optional() });

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
  };
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

function toSeal({ domain, selector: name }: z.output<typeof seal>): SealConfig {
  return { domain, ...(name !== undefined && { selector: name }) };
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

/** The two sections as the file has them, for `config show`. */
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
  };
}
