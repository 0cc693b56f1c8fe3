import type { NamedZoneServers } from "../core/dns/authoritative.ts";
import type { ServerAddress } from "../core/dns/server-address.ts";
import type { IpNetwork } from "../core/ip.ts";
import type { DiscoveryMethod } from "../core/results.ts";
import type { CollectConfig } from "./collect-config.ts";
import type { ListsConfig } from "./list-config.ts";
import type { PolicyConfig } from "./policy-config.ts";
import type { SealConfig, SignConfig } from "./sign-config.ts";

/** The configuration as the program uses it: every default filled in, every text read. Times in ms, sizes in octets. */
export interface Config {
  /** A-labels, lower case. */
  readonly hostname: string;
  /** When set, it goes before the MTA's `{j}` macro; without both `hostname` is used. See `authservIdOf`. */
  readonly authservId?: string;
  readonly dataDir: string;
  /** Where reports are kept: the URL of a PostgreSQL database, or `file:` or `env:`; undefined: SQLite in `dataDir`. */
  readonly store?: string;
  /** Whom the program runs as when it is started as root. */
  readonly user?: string;
  /** The user's own when undefined. */
  readonly group?: string;
  readonly networks: NetworksConfig;
  readonly dns: DnsConfig;
  readonly milter: MilterConfig;
  readonly verify: VerifyConfig;
  readonly sign: SignConfig;
  /** Undefined: nothing is sealed. */
  readonly seal?: SealConfig;
  readonly lists: ListsConfig;
  readonly record: RecordConfig;
  readonly collect: CollectConfig;
  readonly web: WebConfig;
  readonly log: LogConfig;
}

/** A network with the text that the operator wrote. */
export interface NamedNetwork extends IpNetwork {
  readonly text: string;
}

export interface OwnNetwork extends NamedNetwork {
  readonly name?: string;
  readonly contact?: string;
}

export interface RelayNetwork extends NamedNetwork {
  /** The authserv-id that the relay writes: its Authentication-Results may be trusted. */
  readonly authservId?: string;
  /** Names after "by" in the relay's Received fields, besides its host name, HELO and authserv-id. A-labels. */
  readonly receivedBy: readonly string[];
}

export interface NetworksConfig {
  readonly submitters: readonly NamedNetwork[];
  readonly own: readonly OwnNetwork[];
  readonly relays: readonly RelayNetwork[];
}

export interface DnsConfig {
  /** Undefined: those of the system. */
  readonly nameservers?: readonly ServerAddress[];
  readonly timeoutMs: number;
  /** Answers kept. */
  readonly cacheSize: number;
  /** Servers of zones that are asked in place of those that DNS names. */
  readonly authoritative: readonly NamedZoneServers[];
}

export type SocketRole = "verify" | "sign" | "both";
export type OnFailure = "accept" | "tempfail" | "reject";

export interface MilterSocketConfig {
  /** `inet:host:port`, `inet:[v6]:port` or `unix:/path`, as written. */
  readonly listen: string;
  readonly role: SocketRole;
  readonly onFailure: OnFailure;
  /** Of a unix socket, e.g. 0o660. */
  readonly mode: number;
  /** Of a unix socket. */
  readonly group?: string;
}

export interface MilterConfig {
  /** Who may connect to inet sockets. */
  readonly peers: readonly NamedNetwork[];
  readonly sockets: readonly MilterSocketConfig[];
  /** Processes that handle mail; 0: none of their own. */
  readonly workers: "auto" | number;
  /** For one message, from the first command to the verdict, waiting for the MTA not counted. */
  readonly timeBudgetMs: number;
  /** Of one worker. */
  readonly maxConnections: number;
}

export interface VerifyConfig {
  readonly policy: PolicyConfig;
  /** What would be in force under `shadow`: evaluated and recorded only. */
  readonly shadow?: PolicyConfig;
  readonly spf: {
    readonly voidLookups: number;
    readonly voidCounting: "query" | "term" | "name";
  };
  readonly dkim: {
    readonly minimumKeyBits: number;
    readonly maxSignatures: number;
  };
  readonly arc: {
    readonly mode: "verify" | "off";
  };
  readonly dmarc: {
    /** The one that is applied. */
    readonly discovery: DiscoveryMethod;
    /** Evaluated beside it and recorded. */
    readonly otherDiscovery?: DiscoveryMethod;
    /** File; without it the list that the program brings. */
    readonly publicSuffixList?: string;
  };
  readonly bimi: BimiConfig;
}

export interface BimiConfig {
  /** record: only DNS is asked. fetch: indicator and mark certificate are fetched and checked. */
  readonly mode: "off" | "record" | "fetch";
  /** File with the root certificates of mark certificates, in PEM. */
  readonly roots?: string;
  readonly requireEvidence: boolean;
  /** Whether BIMI-Location, BIMI-Indicator and BIMI-Logo-Preference are written. */
  readonly headers: boolean;
  /** For one message to wait for what is fetched. */
  readonly timeoutMs: number;
  /** Of an indicator, uncompressed. */
  readonly maxSize: number;
}

export const recordFields = [
  "from_domain",
  "to_domain",
  "message_id",
  "mail_from",
  "rcpt_to",
  "dkim_identity",
  "login",
  "subject",
] as const;
export type RecordField = (typeof recordFields)[number];

export interface RecordConfig {
  readonly keepMs: number;
  readonly maxSize: number;
  readonly fields: readonly RecordField[];
}

export interface WebConfig {
  /** Undefined: no web pages and no metrics (`listen: off`). */
  readonly listen?: { readonly host: string; readonly port: number };
}

export interface LogConfig {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "text" | "json";
}

/**
 * The authserv-id for one message: `authserv_id`, else the MTA's macro `j`, else `hostname`.
 * @param j Value of the macro, when the MTA sent it.
 */
export function authservIdOf(config: Pick<Config, "authservId" | "hostname">, j: string | undefined): string {
  if (config.authservId !== undefined) return config.authservId;
  return j !== undefined && isAuthservId(j) ? j : config.hostname;
}

/** Whether the text can stand as an authserv-id without quotes: a token of RFC 2045 §5.1 (RFC 8601 §2.2). */
export function isAuthservId(text: string): boolean {
  return text.length <= 255 && /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/.test(text);
}
