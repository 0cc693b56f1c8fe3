import { z } from "zod";
import { parseServerAddress } from "../core/dns/server-address.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { collectSchema } from "./collect-schema.ts";
import {
  type Config,
  isAuthservId,
  type MilterSocketConfig,
  type NamedNetwork,
  recordFields,
  type WebConfig,
} from "./config.ts";
import { listProblems, listSchema } from "./list-schema.ts";
import { isLoopbackHost, parseHostPort, parseListen } from "./listen.ts";
import type { PolicyConfig } from "./policy-config.ts";
import {
  domainsSchema,
  hostnamesSchema,
  listsSchema,
  overridesSchema,
  rulesSchema,
  shadowPolicy,
  shadowSchema,
} from "./policy-schema.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration, parseSize } from "./quantity.ts";
import { sealSchema, signProblems, signSchema } from "./sign-schema.ts";
import { isStore } from "./store-url.ts";
import { hostname, network, read, readNetwork, text } from "./written-value.ts";

/** Problems that the schema names itself: they travel as the message of a zod issue. */
type ValueProblem = Extract<
  ProblemCode,
  | "bad-duration"
  | "bad-size"
  | "bad-server-address"
  | "bad-authserv-id"
  | "bad-listen"
  | "bad-web-listen"
  | "bad-mode"
  | "bad-workers"
  | "bad-store"
  | "duplicate-listen"
  | "peers-needed"
  | "web-beyond-loopback"
  | "mark-roots-needed"
  | "out-of-range"
>;

const duration = read("bad-duration", parseDuration);

/** A duration that must lie within bounds, both in ms. */
function durationWithin(minimum: number, maximum: number): z.ZodType<number, string> {
  return duration.refine((ms) => ms >= minimum && ms <= maximum, {
    error: "out-of-range" satisfies ValueProblem,
    params: { minimum: formatDuration(minimum), maximum: formatDuration(maximum) },
  });
}

function readMode(written: string): number | undefined {
  return /^0?[0-7]{3}$/.test(written) ? Number.parseInt(written, 8) : undefined;
}

function readWebListen(written: string): WebConfig | undefined {
  if (written === "off") return {};
  const listen = parseHostPort(written);
  return listen === undefined ? undefined : { listen };
}

const networks = z.strictObject({
  submitters: z.array(network).prefault(["127.0.0.0/8", "::1"]),
  own: z
    .array(z.strictObject({ network, name: text.exactOptional(), contact: text.exactOptional() }))
    .prefault([]),
  relays: z
    .array(
      z.strictObject({
        network,
        authserv_id: read("bad-authserv-id", (id) => (isAuthservId(id) ? id : undefined)).optional(),
        received_by: hostnamesSchema.prefault([]),
      }),
    )
    .prefault([]),
});

const dns = z.strictObject({
  nameservers: z.array(read("bad-server-address", parseServerAddress)).min(1).optional(),
  timeout: durationWithin(100, 60_000).prefault("5s"),
  cache_size: z.int().min(0).max(10_000_000).default(50_000),
  authoritative: z
    .array(
      z.strictObject({
        zone: read("bad-domain", toAsciiDomain),
        servers: z.array(read("bad-server-address", parseServerAddress)).min(1),
      }),
    )
    .prefault([]),
});

const socket = z.strictObject({
  listen: read("bad-listen", (written) => (parseListen(written) === undefined ? undefined : written)),
  role: z.enum(["verify", "sign", "both"]).default("both"),
  on_failure: z.enum(["accept", "tempfail", "reject"]).optional(),
  mode: read("bad-mode", readMode).prefault("0660"),
  group: text.optional(),
});

const milter = z.strictObject({
  peers: z.array(network).optional(),
  sockets: z.array(socket).prefault([{ listen: "inet:127.0.0.1:8891" }]),
  workers: z
    .union([z.literal("auto"), z.int().min(0).max(256)], { error: "bad-workers" satisfies ValueProblem })
    .default("auto"),
  time_budget: durationWithin(1000, 280_000).prefault("25s"),
  max_connections: z.int().min(1).max(100_000).default(1000),
});

const verdict = z.enum(["record", "defer", "reject"]);
const verdicts = {
  on_fail: verdict.default("record"),
  on_permerror: verdict.default("record"),
  on_temperror: verdict.default("record"),
} as const;

const bimi = z
  .strictObject({
    mode: z.enum(["off", "record", "fetch"]).default("off"),
    roots: text.optional(),
    require_evidence: z.boolean().default(true),
    headers: z.boolean().default(false),
    timeout: durationWithin(100, 20_000).prefault("3s"),
    // 32 KiB is what the SVG profile recommends; above 256 KiB no mail reader would show it.
    max_size: read("bad-size", parseSize)
      .refine((octets) => octets >= 1024 && octets <= 262_144, {
        error: "out-of-range" satisfies ValueProblem,
        params: { minimum: "1KiB", maximum: "256KiB" },
      })
      .prefault("32KiB"),
  })
  .refine(
    ({ mode, roots, require_evidence }) => mode !== "fetch" || !require_evidence || roots !== undefined,
    {
      error: "mark-roots-needed" satisfies ValueProblem,
      path: ["mode"],
    },
  );

const verify = z.strictObject({
  enforce: z.enum(["monitor", "quarantine", "reject"]).default("monitor"),
  shadow: shadowSchema.optional(),
  quarantine_action: z.enum(["header", "hold"]).default("header"),
  reject_alone: z.boolean().default(false),
  reject_own: z.boolean().default(false),
  reject_relayed: z.boolean().default(false),
  own_domains: domainsSchema.prefault([]),
  own_names: hostnamesSchema.prefault([]),
  parked_domains: domainsSchema.prefault([]),
  overrides: overridesSchema.prefault([]),
  lists: listsSchema.prefault([]),
  rules: rulesSchema.prefault({}),
  iprev: z.strictObject(verdicts).prefault({}),
  spf: z
    .strictObject({
      ...verdicts,
      // RFC 7208 §4.6.4 recommends 2 and lets the operator choose.
      void_lookups: z.int().min(0).max(100).default(2),
      void_counting: z.enum(["query", "term", "name"]).default("query"),
    })
    .prefault({}),
  dkim: z
    .strictObject({
      // RFC 8301 §3.2: signatures with RSA keys under 1024 bits are not valid.
      minimum_key_bits: z.int().min(1024).max(4096).default(1024),
      max_signatures: z.int().min(1).max(100).default(10),
    })
    .prefault({}),
  arc: z
    .strictObject({
      mode: z.enum(["verify", "off"]).default("verify"),
      trusted_sealers: hostnamesSchema.prefault([]),
    })
    .prefault({}),
  dmarc: z
    .strictObject({
      on_temperror: z.enum(["record", "defer"]).default("record"),
      on_permerror: z.enum(["auto", "record", "quarantine", "reject"]).default("auto"),
      discovery: z
        .union([
          z.enum(["treewalk", "psl", "both"]),
          z.tuple([z.literal("treewalk"), z.literal("psl")]),
          z.tuple([z.literal("psl"), z.literal("treewalk")]),
        ])
        .default("treewalk"),
      public_suffix_list: text.optional(),
    })
    .prefault({}),
  bimi: bimi.prefault({}),
});

const record = z.strictObject({
  keep: durationWithin(60_000, 3650 * 86_400_000).prefault("14d"),
  max_size: read("bad-size", parseSize)
    .refine((octets) => octets >= 1_000_000, {
      error: "out-of-range" satisfies ValueProblem,
      params: { minimum: "1MB" },
    })
    .prefault("200MB"),
  fields: z.array(z.enum(recordFields)).default(["from_domain", "to_domain", "message_id"]),
});

const web = z.strictObject({
  listen: read("bad-web-listen", readWebListen)
    .refine(({ listen }) => listen === undefined || isLoopbackHost(listen.host), {
      error: "web-beyond-loopback" satisfies ValueProblem,
    })
    .prefault("127.0.0.1:8025"),
});

const log = z.strictObject({
  level: z.enum(["debug", "info", "warn", "error"]).default("info"),
  format: z.enum(["text", "json"]).default("text"),
});

const file = z.strictObject({
  hostname: hostname.optional(),
  authserv_id: read("bad-authserv-id", (id) => (isAuthservId(id) ? id : undefined)).optional(),
  data_dir: text.default("./data"),
  store: read("bad-store", (written) => (isStore(written) ? written : undefined)).optional(),
  user: text.optional(),
  group: text.optional(),
  networks: networks.prefault({}),
  dns: dns.prefault({}),
  milter: milter.prefault({}),
  verify: verify.prefault({}),
  sign: signSchema.prefault({}),
  seal: sealSchema.optional(),
  lists: listSchema.prefault({}),
  record: record.prefault({}),
  collect: collectSchema.prefault({}),
  web: web.prefault({}),
  log: log.prefault({}),
});
type FileConfig = z.output<typeof file>;

const loopbackPeers: readonly NamedNetwork[] = ["127.0.0.0/8", "::1"].map(
  (written) => readNetwork(written) as NamedNetwork,
);

/** An issue of the schema: where, and what zod says of it. */
export type SchemaIssue = z.core.$ZodIssue;

export type SchemaResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly issues: readonly SchemaIssue[] };

/**
 * Checks the value of a configuration file (null counts as not given) and fills in the defaults.
 * @param hostname Used where the file names none.
 */
export function checkConfigValue(value: unknown, hostname: string): SchemaResult {
  const checked = file.safeParse(value);
  // Apart from the schema: zod leaves checks between keys out when any of the keys is wrong.
  const between = [...socketIssues(value), ...signIssues(value)];
  if (!checked.success) return { ok: false, issues: [...checked.error.issues, ...between] };
  return between.length > 0
    ? { ok: false, issues: between }
    : { ok: true, config: toConfig(checked.data, hostname) };
}

const socketTexts = z.object({
  milter: z.object({
    peers: z.unknown().optional(),
    sockets: z.array(z.object({ listen: z.string() }).or(z.unknown().transform(() => ({ listen: "" })))),
  }),
});

/** What is wrong between keys of `milter`, read from the raw value. */
function socketIssues(value: unknown): SchemaIssue[] {
  const read = socketTexts.safeParse(value);
  if (!read.success) return [];
  const { peers, sockets } = read.data.milter;
  const issues: SchemaIssue[] = [];
  const seen = new Set<string>();
  for (const [index, { listen }] of sockets.entries()) {
    const address = parseListen(listen);
    if (address === undefined) continue;
    const path = ["milter", "sockets", index, "listen"];
    const problem = (message: ValueProblem): void => void issues.push({ code: "custom", message, path });
    if (seen.has(listen)) problem("duplicate-listen");
    seen.add(listen);
    if (peers === undefined && address.kind === "inet" && !isLoopbackHost(address.host))
      problem("peers-needed");
  }
  return issues;
}

function signIssues(value: unknown): SchemaIssue[] {
  return [...signProblems(value), ...listProblems(value)].map(({ path, problem }) => ({
    code: "custom",
    message: problem,
    path: [...path],
  }));
}

/** Known keys of the section at `path`, for a "did you mean". */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let node: JsonSchema | undefined = jsonSchema();
  for (const step of path)
    node = typeof step === "number" ? itemsOf(node) : propertiesOf(node)?.[String(step)];
  return Object.keys(propertiesOf(node) ?? {});
}

/** Keys of a section, also of one that may be written as a word instead. */
function propertiesOf(schema: JsonSchema | undefined): JsonSchema["properties"] {
  return schema?.properties ?? schema?.anyOf?.find((one) => one.properties !== undefined)?.properties;
}

/** Also of a list that may be written as its one item instead. */
function itemsOf(schema: JsonSchema | undefined): JsonSchema | undefined {
  return schema?.items ?? schema?.anyOf?.find((one) => one.items?.properties !== undefined)?.items;
}

/** What we read of a JSON Schema. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  /** Of a list with one schema for each place. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
}

/** JSON Schema (draft 2020-12) of the file, without descriptions. */
export function jsonSchema(): JsonSchema {
  return z.toJSONSchema(file, { io: "input" }) as JsonSchema;
}

function toConfig(given: FileConfig, hostname: string): Config {
  const { dns, milter, verify, record } = given;
  return {
    hostname: given.hostname ?? hostname,
    ...(given.authserv_id !== undefined && { authservId: given.authserv_id }),
    dataDir: given.data_dir,
    ...(given.store !== undefined && { store: given.store }),
    ...(given.user !== undefined && { user: given.user }),
    ...(given.group !== undefined && { group: given.group }),
    networks: {
      submitters: given.networks.submitters,
      own: given.networks.own.map(({ network, ...owner }) => ({ ...network, ...owner })),
      relays: given.networks.relays.map(({ network, authserv_id, received_by }) => ({
        ...network,
        receivedBy: received_by,
        ...(authserv_id !== undefined && { authservId: authserv_id }),
      })),
    },
    dns: {
      ...(dns.nameservers !== undefined && { nameservers: dns.nameservers }),
      timeoutMs: dns.timeout,
      cacheSize: dns.cache_size,
      authoritative: dns.authoritative,
    },
    milter: {
      peers: milter.peers ?? loopbackPeers,
      sockets: milter.sockets.map(toSocket),
      workers: milter.workers,
      timeBudgetMs: milter.time_budget,
      maxConnections: milter.max_connections,
    },
    verify: {
      ...toPolicies(verify),
      spf: { voidLookups: verify.spf.void_lookups, voidCounting: verify.spf.void_counting },
      dkim: { minimumKeyBits: verify.dkim.minimum_key_bits, maxSignatures: verify.dkim.max_signatures },
      arc: { mode: verify.arc.mode },
      dmarc: toDmarc(verify.dmarc),
      bimi: toBimi(verify.bimi),
    },
    sign: given.sign,
    ...(given.seal !== undefined && { seal: given.seal }),
    lists: given.lists,
    record: { keepMs: record.keep, maxSize: record.max_size, fields: record.fields },
    collect: given.collect,
    web: given.web.listen,
    log: given.log,
  };
}

function toPolicies(verify: FileConfig["verify"]): Pick<Config["verify"], "policy" | "shadow"> {
  const policy = toPolicy(verify);
  return {
    policy,
    ...(verify.shadow !== undefined && { shadow: shadowPolicy(policy, verify.shadow) }),
  };
}

function toPolicy(verify: FileConfig["verify"]): PolicyConfig {
  return {
    enforce: verify.enforce,
    quarantineAction: verify.quarantine_action,
    rejectAlone: verify.reject_alone,
    rejectOwn: verify.reject_own,
    rejectRelayed: verify.reject_relayed,
    ownDomains: verify.own_domains,
    ownNames: verify.own_names,
    parkedDomains: verify.parked_domains,
    overrides: verify.overrides,
    lists: verify.lists,
    trustedSealers: verify.arc.trusted_sealers,
    spf: toVerdicts(verify.spf),
    iprev: toVerdicts(verify.iprev),
    dmarc: { onTemperror: verify.dmarc.on_temperror, onPermerror: verify.dmarc.on_permerror },
    rules: verify.rules,
  };
}

function toVerdicts(given: FileConfig["verify"]["iprev"]): PolicyConfig["iprev"] {
  return { onFail: given.on_fail, onPermerror: given.on_permerror, onTemperror: given.on_temperror };
}

function toDmarc({
  discovery,
  public_suffix_list,
}: FileConfig["verify"]["dmarc"]): Config["verify"]["dmarc"] {
  const [applied, other] =
    discovery === "both"
      ? (["treewalk", "psl"] as const)
      : typeof discovery === "string"
        ? ([discovery, undefined] as const)
        : discovery;
  return {
    discovery: applied,
    ...(other !== undefined && { otherDiscovery: other }),
    ...(public_suffix_list !== undefined && { publicSuffixList: public_suffix_list }),
  };
}

function toBimi({ roots, ...given }: FileConfig["verify"]["bimi"]): Config["verify"]["bimi"] {
  return {
    mode: given.mode,
    ...(roots !== undefined && { roots }),
    requireEvidence: given.require_evidence,
    headers: given.headers,
    timeoutMs: given.timeout,
    maxSize: given.max_size,
  };
}

function toSocket({
  listen,
  role,
  on_failure,
  mode,
  group,
}: FileConfig["milter"]["sockets"][number]): MilterSocketConfig {
  return {
    listen,
    role,
    // What only signs must not let mail out unsigned; what verifies must not stop mail for a fault of ours.
    onFailure: on_failure ?? (role === "sign" ? "tempfail" : "accept"),
    mode,
    ...(group !== undefined && { group }),
  };
}
