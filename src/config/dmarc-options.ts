import { readFile } from "node:fs/promises";
import type { DmarcOptions } from "../core/authenticate.ts";
import type { DiscoveryChoice } from "../core/dmarc/discovery.ts";
import { type PublicSuffixFinder, parsePublicSuffixList } from "../core/dmarc/public-suffix.ts";
import type { DiscoveryMethod } from "../core/results.ts";
import type { VerifyConfig } from "./config.ts";
import { codeOf } from "./file-fault.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";

export type LoadedDmarcOptions =
  | { readonly ok: true; readonly options: DmarcOptions }
  | { readonly ok: false; readonly problem: ConfigProblem };

/** The list that is published has 0.3 MB. */
const maxListOctets = 10_000_000;

/** What `verify.dmarc` asks for, with the public suffix list read where a discovery needs one. */
export async function loadDmarcOptions(dmarc: VerifyConfig["dmarc"]): Promise<LoadedDmarcOptions> {
  const { discovery, otherDiscovery, publicSuffixList } = dmarc;
  const methods = [discovery, otherDiscovery];
  if (!methods.includes("psl")) return { ok: true, options: {} };
  const found = publicSuffixList === undefined ? await builtInList() : await listFile(publicSuffixList);
  if (typeof found !== "function") return { ok: false, problem: found };
  const choice = (method: DiscoveryMethod): DiscoveryChoice =>
    method === "psl" ? { method, publicSuffix: found } : { method };
  return {
    ok: true,
    options: {
      discovery: choice(discovery),
      ...(otherDiscovery !== undefined && { otherDiscovery: choice(otherDiscovery) }),
    },
  };
}

/**
 * The list that tldts brings. Its private section counts too, as in every DMARC implementation that reads the list:
 * below github.io strangers register just as below com, and must not pass for one another (RFC 7489 §3.2).
 */
export async function builtInList(): Promise<PublicSuffixFinder> {
  const { getPublicSuffix } = await import("tldts");
  const options = {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
    detectIp: false,
  };
  return (domain) => getPublicSuffix(domain, options) ?? domain.slice(domain.lastIndexOf(".") + 1);
}

async function listFile(file: string): Promise<PublicSuffixFinder | ConfigProblem> {
  const unreadable = (reason: string): ConfigProblem =>
    configProblem("bad-suffix-list", "verify.dmarc.public_suffix_list", { file, reason });
  try {
    const octets = await readFile(file);
    if (octets.length > maxListOctets) return unreadable(`> ${maxListOctets} octets`);
    return parsePublicSuffixList(octets.toString("utf8")) ?? unreadable("no rule in it");
  } catch (error) {
    return unreadable(codeOf(error));
  }
}
