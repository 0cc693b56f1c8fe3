import { stringify } from "yaml";
import type { ServerAddress } from "../core/dns/server-address.ts";
import { collectForm } from "./collect-schema.ts";
import type { Config, NamedNetwork } from "./config.ts";
import { listForm } from "./list-schema.ts";
import { formatHostPort } from "./listen.ts";
import type { PolicyConfig } from "./policy-config.ts";
import { ruleKeys } from "./policy-schema.ts";
import { formatDuration, formatSize } from "./quantity.ts";
import { showSecret } from "./secret.ts";
import { sealForm, signForm } from "./sign-schema.ts";
import { showStore } from "./store-url.ts";

/** The configuration in force as a YAML file that gives the same again, every default written out, secrets masked. */
export function showConfig(config: Config): string {
  return stringify(masked(fileForm(config)), { lineWidth: 0 });
}

function fileForm(config: Config): Readonly<Record<string, unknown>> {
  const { record } = config;
  return {
    hostname: config.hostname,
    authserv_id: config.authservId,
    data_dir: config.dataDir,
    store: config.store && showStore(config.store),
    user: config.user,
    group: config.group,
    networks: networksForm(config.networks),
    dns: dnsForm(config.dns),
    milter: milterForm(config.milter),
    verify: verifyForm(config.verify),
    sign: signForm(config.sign),
    seal: config.seal && sealForm(config.seal),
    lists: listForm(config.lists),
    record: {
      keep: formatDuration(record.keepMs),
      max_size: formatSize(record.maxSize),
      fields: record.fields,
    },
    collect: collectForm(config.collect),
    web: { listen: webText(config.web) },
    log: config.log,
  };
}

function networksForm({ submitters, own, relays }: Config["networks"]): object {
  return {
    submitters: submitters.map(textOf),
    own: own.map(({ text, name, contact }) => ({ network: text, name, contact })),
    relays: relays.map(({ text, authservId, receivedBy }) => ({
      network: text,
      authserv_id: authservId,
      received_by: receivedBy,
    })),
  };
}

function dnsForm({ nameservers, timeoutMs, cacheSize, authoritative }: Config["dns"]): object {
  return {
    nameservers: nameservers?.map(serverText),
    timeout: formatDuration(timeoutMs),
    cache_size: cacheSize,
    authoritative: authoritative.map(({ zone, servers }) => ({ zone, servers: servers.map(serverText) })),
  };
}

function milterForm({ peers, sockets, workers, timeBudgetMs, maxConnections }: Config["milter"]): object {
  return {
    peers: peers.map(textOf),
    sockets: sockets.map(({ listen, role, onFailure, mode, group }) => ({
      listen,
      role,
      on_failure: onFailure,
      mode: mode.toString(8).padStart(4, "0"),
      group,
    })),
    workers,
    time_budget: formatDuration(timeBudgetMs),
    max_connections: maxConnections,
  };
}

function verifyForm({ policy, shadow, spf, dkim, arc, dmarc, bimi }: Config["verify"]): object {
  return {
    ...policyForm(policy),
    shadow: shadow && shadowForm(shadow),
    iprev: verdictForm(policy.iprev),
    spf: { ...verdictForm(policy.spf), void_lookups: spf.voidLookups, void_counting: spf.voidCounting },
    dkim: { minimum_key_bits: dkim.minimumKeyBits, max_signatures: dkim.maxSignatures },
    arc: { mode: arc.mode, trusted_sealers: policy.trustedSealers },
    dmarc: { ...dmarcForm(dmarc), ...dmarcPolicyForm(policy) },
    bimi: bimiForm(bimi),
  };
}

function policyForm(policy: PolicyConfig): object {
  return {
    enforce: policy.enforce,
    quarantine_action: policy.quarantineAction,
    reject_alone: policy.rejectAlone,
    reject_own: policy.rejectOwn,
    reject_relayed: policy.rejectRelayed,
    own_domains: policy.ownDomains,
    own_names: policy.ownNames,
    parked_domains: policy.parkedDomains,
    overrides: policy.overrides.map(({ domain, includeSubdomains, action }) => {
      return { domain, include_subdomains: includeSubdomains, action };
    }),
    lists: policy.lists.map(({ listId, domain, network }) => {
      return { list_id: listId, domain, network: network && textOf(network) };
    }),
    rules: ruleKeys(policy.rules),
  };
}

function shadowForm(shadow: PolicyConfig): object {
  return {
    ...policyForm(shadow),
    arc: { trusted_sealers: shadow.trustedSealers },
    spf: verdictForm(shadow.spf),
    iprev: verdictForm(shadow.iprev),
    dmarc: dmarcPolicyForm(shadow),
  };
}

function verdictForm({ onFail, onPermerror, onTemperror }: PolicyConfig["spf"]): object {
  return { on_fail: onFail, on_permerror: onPermerror, on_temperror: onTemperror };
}

function dmarcPolicyForm({ dmarc }: PolicyConfig): object {
  return { on_temperror: dmarc.onTemperror, on_permerror: dmarc.onPermerror };
}

function bimiForm(bimi: Config["verify"]["bimi"]): object {
  return {
    mode: bimi.mode,
    roots: bimi.roots,
    require_evidence: bimi.requireEvidence,
    headers: bimi.headers,
    timeout: formatDuration(bimi.timeoutMs),
    max_size: formatSize(bimi.maxSize),
  };
}

function dmarcForm({ discovery, otherDiscovery, publicSuffixList }: Config["verify"]["dmarc"]): object {
  return {
    discovery: otherDiscovery === undefined ? discovery : [discovery, otherDiscovery],
    public_suffix_list: publicSuffixList,
  };
}

function serverText({ address, port }: ServerAddress): string {
  return formatHostPort({ host: address, port });
}

function textOf({ text }: NamedNetwork): string {
  return text;
}

function webText({ listen }: Config["web"]): string {
  return listen === undefined ? "off" : formatHostPort(listen);
}

const secretKeys: ReadonlySet<string> = new Set(["password", "passphrase", "token", "secret"]);

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      secretKeys.has(key) && typeof entry === "string" ? showSecret(entry) : masked(entry),
    ]),
  );
}
