import type { Config } from "../config/config.ts";
import { loadMarkRoots } from "../config/mark-roots.ts";
import { formatProblem } from "../config/problem.ts";
import type { BimiOptions } from "../core/bimi/evaluate.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { SekishoError } from "../errors.ts";
import type { HttpsFetcherOptions } from "./https-fetcher.ts";

/** BIMI as the configuration asks for it. */
export interface OpenBimi {
  /** Undefined when it is off. */
  readonly options: BimiOptions | undefined;
  /** Ends what is being fetched. */
  close(): void;
}

export interface BimiServices extends Pick<HttpsFetcherOptions, "ca" | "mayConnect"> {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** Nothing may be fetched, whatever is configured: the record alone is looked up. */
  readonly offline?: boolean;
}

/**
 * Reads the roots and makes what fetches, where `verify.bimi` asks for them.
 * @throws SekishoError CONFIG_INVALID when the roots cannot be read.
 */
export async function openBimi({ verify }: Config, services: BimiServices): Promise<OpenBimi> {
  const { mode, roots: file, requireEvidence, headers, timeoutMs, maxSize } = verify.bimi;
  if (mode !== "fetch" || services.offline === true)
    return { options: mode === "off" ? undefined : {}, close: () => {} };
  const roots = file === undefined ? undefined : await loadMarkRoots(file);
  if (roots?.ok === false) throw new SekishoError("CONFIG_INVALID", formatProblem(roots.problem, "en"));
  // Loaded here, so that who does not fetch does not pay for it.
  const { createHttpsFetcher } = await import("./https-fetcher.ts");
  const fetcher = createHttpsFetcher(services);
  return {
    options: {
      fetch: fetcher.fetch,
      ...(roots !== undefined && { roots: roots.roots }),
      requireEvidence,
      timeoutMs,
      maxIndicatorOctets: maxSize,
      keepIndicator: headers,
    },
    close: fetcher.close,
  };
}
