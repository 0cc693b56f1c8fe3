import type { Config } from "../../config/config.ts";
import type { SigningKeyConfig } from "../../config/sign-config.ts";
import { keyRecordName } from "../../core/dkim/key-query.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { writeKeyFinding } from "../../daemon/written-key-finding.ts";
import type { Finding } from "../../findings/finding.ts";
import { loadSigningKeys } from "../../keys/load-keys.ts";
import type { KeyService } from "../../keys/public-record.ts";
import { ageFinding, verifyKey } from "../../keys/verify-key.ts";
import { type ExitCode, exitFailed, exitFindings, exitOk } from "../command.ts";
import { openDns } from "../dns-options.ts";
import { countFindings, formatFindings, isSerious } from "../finding-lines.ts";
import { readNow } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { wrap } from "../layout.ts";
import { chosenRows, keyOwner } from "../signing-key-options.ts";
import { signingText } from "../text/signing-text.ts";
import { distinctKeys } from "./distinct-keys.ts";
import { type KeyValues, readService } from "./options.ts";

/** `sekisho key verify`: whether key file, configuration and DNS agree. */
export async function verifyKeys(values: KeyValues, config: Config, io: Io): Promise<ExitCode> {
  const service = readService(values.service, io);
  const rows = chosenRows(values, config, io);
  const now = readNow(values.now, io) ?? Date.now();
  const dns = openDns(values, config.dns, io);
  try {
    const outcomes = await Promise.all(
      distinctKeys(rows).map((row) => verifyRow(row, rows, { config, dns: dns.resolver, service, now, io })),
    );
    const findings = outcomes.flatMap(({ findings: found }) => found);
    const written = findings.map((found) => writeKeyFinding(found, io.lang));
    if (values.json) io.out(formatJson({ keys: outcomes.map(jsonOutcome), findings: written }, io.isTty));
    else {
      const { agrees } = signingText(io.lang);
      const good = outcomes.filter(({ findings: found }) => !found.some(isSerious));
      for (const { row } of good)
        for (const line of wrap(agrees(keyRecordName(row), row.file), io.columns)) io.out(line);
      if (good.length > 0 && written.length > 0) io.out("");
      for (const line of formatFindings(written, io)) io.out(line);
      if (written.length > 0) io.out(countFindings(written, io));
    }
    return exitCodeOf(findings.filter(isSerious));
  } finally {
    dns.close();
  }
}

/** Where DNS alone kept it from being done, it could not be done. */
function exitCodeOf(serious: readonly Finding[]): ExitCode {
  if (serious.length === 0) return exitOk;
  return serious.every(({ id }) => id === "key.record-unanswered") ? exitFailed : exitFindings;
}

interface RowOutcome {
  readonly row: SigningKeyConfig;
  readonly findings: readonly Finding[];
}

function jsonOutcome({ row, findings }: RowOutcome): object {
  const { domain, selector, file } = row;
  return { domain, selector, file, name: keyRecordName(row), agrees: !findings.some(isSerious) };
}

async function verifyRow(
  row: SigningKeyConfig,
  rows: readonly SigningKeyConfig[],
  setup: {
    readonly config: Config;
    readonly dns: DnsResolver;
    readonly service: KeyService;
    readonly now: number;
    readonly io: Io;
  },
): Promise<RowOutcome> {
  const { domain, selector, file } = row;
  const { keys, findings } = await loadSigningKeys({ keys: [row] }, keyOwner(setup.config, setup.io));
  const [loaded] = keys;
  if (loaded === undefined) return { row, findings };
  const ofDomain = rows.filter((other) => other.domain === domain);
  const published = await verifyKey(
    {
      domain,
      selector,
      file,
      privateKey: loaded.key.privateKey,
      service: setup.service,
      signsSubdomainIdentity: ofDomain.some((other) => other.selector === selector && namesSubdomains(other)),
      otherSelectors: setup.config.sign.keys.flatMap((other) =>
        other.domain === domain ? [other.selector] : [],
      ),
    },
    setup.dns,
  );
  const age = ageFinding(row, setup.now);
  return { row, findings: [...findings, ...published, ...(age === undefined ? [] : [age])] };
}

function namesSubdomains({ identity, includeSubdomains, from, domain }: SigningKeyConfig): boolean {
  return identity !== "none" && (includeSubdomains || from.some((author) => author.domain !== domain));
}
