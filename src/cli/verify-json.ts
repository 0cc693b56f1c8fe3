import type {
  ArcResult,
  AuthResults,
  BimiResult,
  DkimResult,
  DmarcResult,
  IprevResult,
  SpfResult,
} from "../core/results.ts";
import type { Disposition } from "../store/record.ts";
import type { WouldBe } from "./verify-disposal.ts";

/** The object of `verify --json`, as the interface documents it. */
export interface VerifyJson {
  readonly iprev?: Omit<IprevResult, "method">;
  readonly spf?: Omit<SpfResult, "method" | "trace">;
  readonly spfHelo?: Omit<SpfResult, "method" | "trace">;
  readonly dkim: readonly Omit<DkimResult, "method" | "fieldIndex" | "signaturePrefix">[];
  /** Absent when ARC is switched off. */
  readonly arc?: Omit<ArcResult, "method">;
  readonly dmarc: Omit<DmarcResult, "method" | "policyTag" | "published" | "testing">;
  /** By the other discovery, when both are evaluated. */
  readonly dmarcOther?: VerifyJson["dmarc"];
  /** What would be done with it under the configuration. */
  readonly disposition: Disposition;
  /** What the shadow would do, where that is something else. */
  readonly shadow?: Disposition;
  /** Message rules that it breaks and that are not off. */
  readonly rules?: readonly string[];
  /** `skipped` without more when BIMI is switched off. */
  readonly bimi: Omit<BimiResult, "method" | "indicator">;
  readonly authenticationResults: string;
  readonly dns: AuthResults["dns"];
}

/**
 * @param field Value of the Authentication-Results field; its folds are taken out.
 */
export function formatVerifyJson(results: AuthResults, field: string, would: WouldBe): VerifyJson {
  return {
    ...(results.iprev === undefined ? {} : { iprev: iprevJson(results.iprev) }),
    ...(results.spf === undefined ? {} : { spf: spfJson(results.spf) }),
    ...(results.spfHelo === undefined ? {} : { spfHelo: spfJson(results.spfHelo) }),
    dkim: results.dkim.map(dkimJson),
    ...(results.arc === undefined ? {} : { arc: arcJson(results.arc) }),
    dmarc: dmarcJson(results.dmarc),
    ...(results.dmarcOther === undefined ? {} : { dmarcOther: dmarcJson(results.dmarcOther) }),
    ...would,
    bimi: results.bimi === undefined ? { result: "skipped" } : bimiJson(results.bimi),
    authenticationResults: unfolded(field),
    dns: results.dns,
  };
}

function iprevJson({ method: _, result, ...rest }: IprevResult): VerifyJson["iprev"] & {} {
  return { result, ...rest };
}

function spfJson({ method: _, trace: __, result, ...rest }: SpfResult): VerifyJson["spf"] & {} {
  return { result, ...rest };
}

function dkimJson(signature: DkimResult): VerifyJson["dkim"][number] {
  const { method: _, fieldIndex: __, signaturePrefix: ___, result, ...rest } = signature;
  return { result, ...rest };
}

function arcJson({ method: _, ...arc }: ArcResult): VerifyJson["arc"] & {} {
  return arc;
}

function dmarcJson(dmarc: DmarcResult): VerifyJson["dmarc"] {
  const { method: _, policyTag: __, published: ___, testing: ____, result, ...rest } = dmarc;
  return { result, ...rest };
}

function bimiJson({ method: _, indicator: __, ...bimi }: BimiResult): VerifyJson["bimi"] {
  return bimi;
}

export function unfolded(field: string): string {
  return field
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}

/** Whether the message counts as authenticated: DMARC passes, or there is no record and SPF or a signature passes. */
export function isAuthenticated({ dmarc, spf, dkim }: AuthResults): boolean {
  if (dmarc.result === "pass") return true;
  if (dmarc.result !== "none") return false;
  return spf?.result === "pass" || dkim.some(({ result }) => result === "pass");
}
