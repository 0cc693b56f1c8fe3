import type { UnnumberedRecord } from "../filter/compose-record.ts";

/** One log line a message: enough to grep by queue id, client or verdict; `explain` has the rest. */
export function messageLine(record: UnnumberedRecord): Record<string, unknown> {
  const { results, client, fault } = record;
  return {
    queueId: record.queueId,
    client: client.ip ?? client.name,
    origin: client.origin,
    from: results?.dmarc.domain,
    iprev: results?.iprev?.result,
    spf: results?.spf?.result,
    dkim: results && (results.dkim.map(({ domain, result }) => `${domain}:${result}`).join(",") || "none"),
    arc: results?.arc?.result === "none" ? undefined : results?.arc?.result,
    dmarc: results?.dmarc.result,
    policy: results?.dmarc.appliedPolicy,
    bimi: results?.bimi?.result,
    action: record.disposition.action === "none" ? undefined : record.disposition.action,
    why: whyOf(record),
    shadow: record.shadow?.action,
    rules: record.rules?.join(","),
    ...listWords(record),
    ...signingWords(record),
    removed: record.removed.length === 0 ? undefined : record.removed.length,
    reply: record.reply,
    status: record.status,
    fault: fault?.message,
    ms: record.elapsedMs,
  };
}

/** What was done for a message to or from a list of ours, and its seal. */
function listWords({ remembered, list, seal }: UnnumberedRecord): Record<string, unknown> {
  return {
    remembered,
    list: list?.host,
    wayIn: list?.token,
    listFrom: list && `${list.from.outcome}:${list.from.reason}`,
    brokenSignatures:
      list && list.broken.count > 0 ? `${list.broken.count} ${list.broken.action}` : undefined,
    sealed: seal?.outcome === "sealed" ? `i=${seal.instance} cv=${seal.chainValidation}` : undefined,
    unsealed: seal?.reason,
  };
}

/** The signers, or why there is none. */
function signingWords({ signing }: UnnumberedRecord): Record<string, unknown> {
  if (signing === undefined) return {};
  const { outcome, reason, signatures, fragile, burst, action, login } = signing;
  return {
    signed: signatures.map(({ domain, selector }) => `${domain}/${selector}`).join(",") || undefined,
    unsigned: outcome === "signed" ? undefined : reason,
    signingFailed: outcome === "failed" ? true : undefined,
    login,
    fragile: fragile?.join(","),
    burst: burst?.count,
    signingAction: action,
  };
}

/** Where something was done: the rules that led to it. */
function whyOf({ disposition }: UnnumberedRecord): string | undefined {
  return disposition.action === "none" ? undefined : disposition.why?.join(", ");
}
