import type { Config } from "../config/config.ts";
import { loadDmarcOptions } from "../config/dmarc-options.ts";
import { formatProblem } from "../config/problem.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { SekishoError } from "../errors.ts";
import { openBimi } from "../filter/open-bimi.ts";
import type { FilterContext } from "../filter/session.ts";

/** What the methods need besides the configuration: files it names, and what keeps state between messages. */
export interface OpenMethods {
  readonly options: Pick<FilterContext, "dmarc" | "bimi">;
  readonly close: () => void;
}

export interface MethodServices {
  readonly dns: DnsResolver;
  readonly clock: Clock;
}

/**
 * Reads the files that the methods need.
 * @throws SekishoError CONFIG_INVALID without a readable public suffix list or readable roots of mark certificates.
 */
export async function openMethods(
  config: Config,
  services: MethodServices,
  lang: "en" | "ja" = "en",
): Promise<OpenMethods> {
  const dmarc = await loadDmarcOptions(config.verify.dmarc);
  if (!dmarc.ok) throw new SekishoError("CONFIG_INVALID", formatProblem(dmarc.problem, lang));
  const bimi = await openBimi(config, services);
  return {
    options: { dmarc: dmarc.options, ...(bimi.options !== undefined && { bimi: bimi.options }) },
    close: () => bimi.close(),
  };
}
