import { trustedSealer } from "../core/arc/trusted.ts";
import { openArcVerification } from "../core/arc/verify.ts";
import type { Clock } from "../core/clock.ts";
import { openDkimVerification } from "../core/dkim/verify.ts";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { isWithin, toAsciiDomain } from "../core/domain-name.ts";
import type { MethodResult } from "../core/message/authres.ts";
import { parseAuthenticationResults } from "../core/message/authres-parse.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import { MessageReader } from "../core/message/message-reader.ts";
import type { DkimResult } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import type { MailJudgement } from "../store/reports/port.ts";
import type { Mail } from "./extract/mime-part.ts";

export interface JudgeContext {
  /** Names under which the site's own mail servers write Authentication-Results, lower case. */
  readonly authservIds: readonly string[];
  /** `verify.arc.trusted_sealers`: forwarders whose word on a mail counts, while their seal holds. */
  readonly trustedSealers?: readonly string[];
  /** To check DKIM and ARC now where no such field is; left out when nothing may be asked. */
  readonly dns?: DnsResolver;
  readonly clock: Clock;
}

/** Key queries of one mail, all together. */
const dnsWithinMs = 10_000;

/**
 * Whether a report mail is from whom it says (RFC 9990 §3.5: it has to pass DMARC): by what the site found when it came, else
 * by its DKIM signatures now, else by the word of a trusted sealer (RFC 8617 §7.2). SPF cannot be asked afterwards, so a mail without a good signature is "unknown" and not
 * "unaligned". Never rejects.
 */
export async function judgeMail(mail: Mail, context: JudgeContext): Promise<MailJudgement> {
  const head = headOf(mail.octets);
  const author = authorDomain(head);
  const fromDomain = author.kind === "problem" ? undefined : author.domain;
  const about = { ...(fromDomain !== undefined && { fromDomain }), ...sentTo(mail) };
  // Only the header of the mail that was delivered is cleared of fields that strangers write in our name.
  const own = mail.nested ? undefined : ownResults(head, context.authservIds);
  if (own !== undefined) return { ...judgeResults(own, fromDomain), ...about };
  if (context.dns === undefined) return { verdict: "unknown", by: "none", dkimPass: false, ...about };
  const asked = { ...context, dns: context.dns };
  const dkim = await verifyNow(mail.octets, asked);
  const passing = dkim.filter(({ result }) => result === "pass");
  if (passing.some(({ domain }) => isAligned(domain ?? "", fromDomain)))
    return { verdict: "aligned", by: "dkim", dkimPass: true, ...about };
  const sealed = await wordOfSealer(mail.octets, asked, fromDomain);
  if (sealed !== undefined) return { ...sealed, ...about };
  return { verdict: "unknown", by: "dkim", dkimPass: passing.length > 0, ...about };
}

function sentTo(mail: Mail): { readonly sentTo?: string } {
  const to = mail.head.get("x-original-to") ?? mail.head.get("delivered-to") ?? mail.head.get("to") ?? "";
  const address = /[^\s<>",;:]{1,64}@[^\s<>",;:]{1,255}/.exec(to.slice(0, 2_000))?.[0];
  return address === undefined ? {} : { sentTo: address.toLowerCase() };
}

/** RFC 8601 §4.1: only the topmost field of that name is surely ours. */
function ownResults(head: MessageHead, authservIds: readonly string[]): readonly MethodResult[] | undefined {
  for (const field of fieldsNamed(head, "authentication-results").slice(0, 20)) {
    const parsed = parseAuthenticationResults(rawValue(head, field));
    if (parsed.kind !== "parsed") continue;
    if (!authservIds.includes(parsed.authservId?.toLowerCase() ?? "")) continue;
    return parsed.results.length === 0 ? undefined : parsed.results;
  }
  return undefined;
}

function judgeResults(
  results: readonly MethodResult[],
  fromDomain: string | undefined,
): Pick<MailJudgement, "verdict" | "by" | "dkimPass"> {
  const by = "authentication-results";
  const passing = results.filter(({ method, result }) => method === "dkim" && result === "pass");
  const dkimPass = passing.length > 0;
  const dmarc = results.find(({ method }) => method === "dmarc")?.result;
  if (dmarc === "pass") return { verdict: "aligned", by, dkimPass };
  if (dmarc === "fail") return { verdict: "unaligned", by, dkimPass };
  const aligned =
    passing.some((one) => isAligned(signerOf(one), fromDomain)) || alignedSpf(results, fromDomain);
  if (aligned) return { verdict: "aligned", by, dkimPass };
  // A field that tells of nothing that failed is no word against the mail.
  const told = results.some(({ method }) => method === "dkim" || method === "spf");
  return { verdict: told ? "unaligned" : "unknown", by, dkimPass };
}

function signerOf({ properties }: MethodResult): string {
  const value = (name: string): string | undefined =>
    properties.find(({ ptype, property }) => ptype === "header" && property === name)?.value;
  const identity = value("i");
  return value("d") ?? identity?.slice(identity.lastIndexOf("@") + 1) ?? "";
}

function alignedSpf(results: readonly MethodResult[], fromDomain: string | undefined): boolean {
  const spf = results.find(({ method, result }) => method === "spf" && result === "pass");
  const sender = spf?.properties.find(({ property }) => property === "mailfrom")?.value;
  return sender !== undefined && isAligned(sender.slice(sender.lastIndexOf("@") + 1), fromDomain);
}

/** Relaxed alignment as far as it can be told without asking for policies: one name is the other, or stands above it. */
function isAligned(domain: string, fromDomain: string | undefined): boolean {
  const name = toAsciiDomain(domain);
  if (name === undefined || fromDomain === undefined || !name.includes(".")) return false;
  return isWithin(name, fromDomain) || isWithin(fromDomain, name);
}

/** RFC 8617 §7.2: the mail passed DMARC where a trusted sealer took it in, and has changed since. */
async function wordOfSealer(
  octets: Buffer,
  context: AskingContext,
  fromDomain: string | undefined,
): Promise<Pick<MailJudgement, "verdict" | "by" | "dkimPass"> | undefined> {
  const { trustedSealers = [] } = context;
  if (trustedSealers.length === 0 || fromDomain === undefined) return undefined;
  const arc = await evaluate(octets, context, openArcVerification);
  const sealer = arc && trustedSealer(arc, trustedSealers, fromDomain);
  if (sealer?.dmarcPassed !== true) return undefined;
  const dkimPass = sealer.believed.some(({ claims }) => claims.includes("dkim=pass"));
  return { verdict: "aligned", by: "arc", dkimPass };
}

type AskingContext = JudgeContext & { readonly dns: DnsResolver };

async function verifyNow(octets: Buffer, context: AskingContext): Promise<readonly DkimResult[]> {
  return (await evaluate(octets, context, openDkimVerification)) ?? [];
}

async function evaluate<Results>(
  octets: Buffer,
  { dns, clock }: AskingContext,
  open: (
    head: MessageHead,
    context: { readonly dns: DnsResolver; readonly clock: Clock; readonly deadline: number },
  ) => Verification<Results>,
): Promise<Results | undefined> {
  const opened: { verification?: Verification<Results> } = {};
  const deadline = clock.monotonic() + dnsWithinMs;
  read(octets, {
    head: (head) => {
      opened.verification = open(head, { dns, clock, deadline });
    },
    body: (chunk) => opened.verification?.body(chunk),
  });
  return opened.verification?.finish();
}

function headOf(octets: Buffer): MessageHead {
  const found: { head?: MessageHead } = {};
  read(octets.subarray(0, 2 * 1024 * 1024), {
    head: (head) => {
      found.head = head;
    },
    body: () => {},
  });
  return found.head ?? { octets: Buffer.alloc(0), fields: [] };
}

function read(octets: Buffer, sink: ConstructorParameters<typeof MessageReader>[0]): void {
  const reader = new MessageReader(sink);
  reader.push(octets);
  reader.end();
}
