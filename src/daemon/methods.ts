import type { Config } from "../config/config.ts";
import { loadDmarcOptions } from "../config/dmarc-options.ts";
import { loadLoginMap } from "../config/login-map.ts";
import { formatProblem } from "../config/problem.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { SekishoError } from "../errors.ts";
import { openBimi } from "../filter/open-bimi.ts";
import type { FilterContext } from "../filter/session.ts";
import type { SigningServices } from "../filter/sign.ts";
import type { Finding } from "../findings/finding.ts";
import type { Lang } from "../findings/lang.ts";
import { loadSigningKeys } from "../keys/load-keys.ts";
import { configuredKeys } from "../keys/signing-keys.ts";
import { writeKeyFinding } from "./written-key-finding.ts";

/** What the methods need besides the configuration: files it names, and what keeps state between messages. */
export interface OpenMethods {
  readonly options: Pick<FilterContext, "dmarc" | "bimi" | "signing">;
  readonly signingProblems: SigningProblems;
  readonly close: () => void;
}

/** What is wrong with the files of `sign`: sentences with the file and, where there is one, the remedy. */
export interface SigningProblems {
  /** Keys that cannot be used, a login file that cannot be read: `options.signing` does without them. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface MethodServices {
  readonly dns: DnsResolver;
  readonly clock: Clock;
}

/**
 * Reads the files that the methods need.
 * @throws SekishoError CONFIG_INVALID without a readable public suffix list or readable roots of mark certificates. What
 *   signing lacks is no error here: mail that should be signed is treated by `sign.on_failure`, all other mail goes on.
 */
export async function openMethods(
  config: Config,
  services: MethodServices,
  lang: Lang = "en",
): Promise<OpenMethods> {
  const dmarc = await loadDmarcOptions(config.verify.dmarc);
  if (!dmarc.ok) throw new SekishoError("CONFIG_INVALID", formatProblem(dmarc.problem, lang));
  const { signing, problems } = await openSigningServices(config, lang);
  const bimi = await openBimi(config, services);
  return {
    options: {
      dmarc: dmarc.options,
      ...(bimi.options !== undefined && { bimi: bimi.options }),
      ...(signing !== undefined && { signing }),
    },
    signingProblems: problems,
    close: () => bimi.close(),
  };
}

async function openSigningServices(
  { sign }: Config,
  lang: Lang,
): Promise<{ readonly signing?: SigningServices; readonly problems: SigningProblems }> {
  if (sign.keys.length === 0) return { problems: { errors: [], warnings: [] } };
  const { keys, findings } = await loadSigningKeys(sign);
  const logins = sign.logins && (await loadLoginMap(sign.logins.file));
  const told = (severity: Finding["severity"]): string[] =>
    findings.filter((found) => found.severity === severity).map((found) => keySentence(found, lang));
  const unread = logins?.ok === false ? logins.problems.map((problem) => formatProblem(problem, lang)) : [];
  return {
    signing: {
      keys: configuredKeys(sign.keys, keys),
      ...(logins !== undefined && { logins: logins.ok ? logins.logins : "unreadable" }),
    },
    problems: { errors: [...told("error"), ...unread], warnings: told("warning") },
  };
}

/**
 * Refuses a configuration with a key that cannot be used or a login file that cannot be read: at the start, and before
 * a reload.
 * @throws SekishoError FILE_UNREADABLE naming each file and the remedy.
 */
export function requireSigning({ errors }: SigningProblems): void {
  if (errors.length > 0) throw new SekishoError("FILE_UNREADABLE", errors.join("\n"));
}

/** A finding about a key file with its remedy, in one line. */
function keySentence(found: Finding, lang: Lang): string {
  const { text, fix } = writeKeyFinding(found, lang);
  return fix === undefined ? text : `${text} ${fix}`;
}
