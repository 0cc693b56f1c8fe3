import { z } from "zod";
import { parseServerAddress } from "../core/dns/server-address.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { formatHostPort, parseHostPort } from "./listen.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration } from "./quantity.ts";
import {
  type KeyAlgorithm,
  keyAlgorithms,
  type NotifyConfig,
  type PublishConfig,
  type RotateConfig,
  type RotatedDomain,
} from "./rotate-config.ts";
import { formatAuthorPattern, parseAuthorPattern, readSigningDomain } from "./sign-names.ts";
import { read, text } from "./written-value.ts";

const day = 86_400_000;

function durationWithin(minimum: number, maximum: number): z.ZodType<number, string> {
  return read("bad-duration", parseDuration).refine((ms) => ms >= minimum && ms <= maximum, {
    error: "out-of-range" satisfies ProblemCode,
    params: { minimum: formatDuration(minimum), maximum: formatDuration(maximum) },
  });
}

const signingDomain = read("bad-domain", readSigningDomain);
const algorithms = z.array(z.enum(keyAlgorithms)).min(1);
const hostPort = read("bad-smtp-server", parseHostPort);
const mailbox = read("bad-mailbox", (written) => (isMailbox(written) ? written : undefined));

/** An address as an SMTP server takes it: RFC 5321 §4.1.2 without quoted strings and literals. */
export function isMailbox(written: string): boolean {
  const at = written.lastIndexOf("@");
  return (
    at > 0 &&
    written.length <= 254 &&
    /^[^\s@<>()[\]\\,;:"\p{Cc}]+$/u.test(written.slice(0, at)) &&
    toAsciiDomain(written.slice(at + 1)) !== undefined
  );
}

const rotatedDomain = z.union(
  [
    signingDomain,
    z.strictObject({
      domain: signingDomain,
      algorithms: algorithms.optional(),
      from: z.array(read("bad-author", parseAuthorPattern)).optional(),
      include_subdomains: z.boolean().default(false),
      identity: z.enum(["none", "domain", "address"]).default("none"),
    }),
  ],
  { error: "bad-domain" satisfies ProblemCode },
);

const every = read("bad-every", (written) =>
  written === "off" ? { ms: undefined } : whenDefined(parseDuration(written), (ms) => ({ ms })),
).refine(({ ms }) => ms === undefined || (ms >= 1000 && ms <= 3650 * day), {
  error: "out-of-range" satisfies ProblemCode,
  params: { minimum: "1s", maximum: "3650d" },
});

function whenDefined<T, R>(value: T | undefined, map: (value: T) => R): R | undefined {
  return value === undefined ? undefined : map(value);
}

const publish = z
  .strictObject({
    method: z.enum(["manual", "nsupdate", "hook"]).default("manual"),
    server: read("bad-server-address", parseServerAddress).optional(),
    zone: read("bad-domain", (written) => toAsciiDomain(written)).optional(),
    ttl: durationWithin(0, 7 * day).prefault("1h"),
    key_file: text.optional(),
    program: text.default("nsupdate"),
    command: z.array(text).min(1).optional(),
    timeout: durationWithin(1000, 300_000).prefault("30s"),
  })
  .refine(({ method, command }) => method !== "hook" || command !== undefined, {
    error: "bad-hook" satisfies ProblemCode,
    path: ["method"],
  });

const notify = z.strictObject({
  to: z.array(mailbox).min(1),
  from: mailbox.optional(),
  server: hostPort.prefault("127.0.0.1:25"),
});

const rotate = z.strictObject({
  every: every.prefault("90d"),
  jitter: durationWithin(0, 365 * day).optional(),
  domains: z.array(rotatedDomain).min(1).optional(),
  algorithms: algorithms.optional(),
  key_dir: text.optional(),
  retire_after: durationWithin(1000, 365 * day).prefault("7d"),
  remove_after: durationWithin(1000, 3650 * day).prefault("30d"),
  delete_files: z.boolean().default(true),
  check_every: durationWithin(1000, day).prefault("5m"),
  warn_after: durationWithin(1000, 365 * day).prefault("1d"),
  publish: publish.prefault({}),
  notify: notify.optional(),
});
type GivenRotate = z.output<typeof rotate>;

/** The section `sign.rotate`. */
export const rotateSchema: z.ZodType<RotateConfig, object> = rotate.transform(toRotate);

function toRotate(given: GivenRotate): RotateConfig {
  const everyMs = given.every.ms;
  return {
    ...(everyMs !== undefined && { everyMs }),
    // A tenth spreads the changes of many domains without making keys much older than was asked for.
    jitterMs: given.jitter ?? Math.round((everyMs ?? 0) / 10),
    ...(given.domains !== undefined && { domains: given.domains.map(toDomain) }),
    ...(given.algorithms !== undefined && { algorithms: onePerType(given.algorithms) }),
    ...(given.key_dir !== undefined && { keyDir: given.key_dir }),
    retireAfterMs: given.retire_after,
    removeAfterMs: given.remove_after,
    deleteFiles: given.delete_files,
    checkEveryMs: given.check_every,
    warnAfterMs: given.warn_after,
    publish: toPublish(given.publish),
    ...(given.notify !== undefined && { notify: toNotify(given.notify) }),
  };
}

function toDomain(given: NonNullable<GivenRotate["domains"]>[number]): RotatedDomain {
  if (typeof given === "string") return { domain: given, includeSubdomains: false, identity: "none" };
  return {
    domain: given.domain,
    ...(given.algorithms !== undefined && { algorithms: onePerType(given.algorithms) }),
    ...(given.from !== undefined && { from: given.from }),
    includeSubdomains: given.include_subdomains,
    identity: given.identity,
  };
}

/** Of each key type the first size that is named: a domain has one RSA key at a time. */
function onePerType(given: readonly KeyAlgorithm[]): readonly KeyAlgorithm[] {
  const rsa = given.find((one) => one !== "ed25519");
  return given
    .filter((one, index) => (one === "ed25519" ? given.indexOf(one) === index : one === rsa))
    .filter((one, index, all) => all.indexOf(one) === index);
}

function toPublish(given: GivenRotate["publish"]): PublishConfig {
  const { method, server, zone, key_file: keyFile, program, command = [], timeout: timeoutMs } = given;
  const ttl = Math.round(given.ttl / 1000);
  switch (method) {
    case "manual":
      return { method };
    case "hook":
      return { method, command, ttl, timeoutMs };
    case "nsupdate":
      return {
        method,
        ...(server !== undefined && { server }),
        ...(zone !== undefined && { zone }),
        ttl,
        ...(keyFile !== undefined && { keyFile }),
        program,
        timeoutMs,
      };
  }
}

function toNotify({ to, from, server }: z.output<typeof notify>): NotifyConfig {
  return { to, ...(from !== undefined && { from }), server };
}

/** The section as the file has it, for `config show`. */
export function rotateForm(rotate: RotateConfig): object {
  return {
    every: rotate.everyMs === undefined ? "off" : formatDuration(rotate.everyMs),
    jitter: formatDuration(rotate.jitterMs),
    domains: rotate.domains?.map(domainForm),
    algorithms: rotate.algorithms,
    key_dir: rotate.keyDir,
    retire_after: formatDuration(rotate.retireAfterMs),
    remove_after: formatDuration(rotate.removeAfterMs),
    delete_files: rotate.deleteFiles,
    check_every: formatDuration(rotate.checkEveryMs),
    warn_after: formatDuration(rotate.warnAfterMs),
    publish: publishForm(rotate.publish),
    notify: rotate.notify && {
      to: rotate.notify.to,
      from: rotate.notify.from,
      server: formatHostPort(rotate.notify.server),
    },
  };
}

function domainForm(one: RotatedDomain): object {
  return {
    domain: one.domain,
    algorithms: one.algorithms,
    from: one.from?.map(formatAuthorPattern),
    include_subdomains: one.includeSubdomains,
    identity: one.identity,
  };
}

function publishForm(publish: PublishConfig): object {
  if (publish.method === "manual") return { method: publish.method };
  const { method, ttl, timeoutMs } = publish;
  const common = { method, ttl: formatDuration(ttl * 1000), timeout: formatDuration(timeoutMs) };
  if (publish.method === "hook") return { ...common, command: publish.command };
  const { server, zone, keyFile, program } = publish;
  return {
    ...common,
    server: server && formatHostPort({ host: server.address, port: server.port }),
    zone,
    key_file: keyFile,
    program,
  };
}
