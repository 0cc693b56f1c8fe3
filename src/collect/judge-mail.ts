import { trustedSealer } from "../core/arc/trusted.ts";
import { openArcVerification } from "../core/arc/verify.ts";
import type { Clock } from "../core/clock.ts";
import { openDkimVerification } from "../core/dkim/verify.ts";
import { type AuthorDomain, authorDomain } from "../core/dmarc/author-domain.ts";
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
import { headerRecipients } from "./recipients.ts";

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
  const [sentTo] = headerRecipients(mail);
  const named = namedDomain(author);
  const about = {
    ...(named !== undefined && { fromDomain: named }),
    ...(sentTo !== undefined && { sentTo }),
  };
  // Only the header of the mail that was delivered is cleared of fields that strangers write in our name.
  const own = mail.nested ? undefined : ownResults(head, context.authservIds);
  const told = own && judgeResults(own, fromDomain);
  if (told !== undefined && tellsOf(own, "dkim")) return { ...told, ...about };
  const left = Math.min(dnsWithinMs, mail.asking.msLeft);
  if (context.dns === undefined || left <= 0) return { ...(told ?? nobodysWord), ...about };
  const start = context.clock.monotonic();
  const asked = { ...context, dns: context.dns, deadline: start + left };
  const found = await askNow(mail.octets, asked, fromDomain);
  mail.asking.msLeft -= context.clock.monotonic() - start;
  return { ...(told === undefined ? found : both(told, found, tellsOf(own, "dmarc"))), ...about };
}

/** Also of a damaged From, where every reader comes to the same domain: a name for people, with which nothing aligns. */
function namedDomain(author: AuthorDomain): string | undefined {
  if (author.kind === "domain") return author.domain;
  return author.domains.length === 1 ? author.domains[0] : undefined;
}

type Judged = Pick<MailJudgement, "verdict" | "by" | "dkimPass">;

const nobodysWord: Judged = { verdict: "unknown", by: "none", dkimPass: false };

/** RFC 8601 §2.7.1: "temperror" is no answer, and may become one when it is asked again. */
function tellsOf(results: readonly MethodResult[] | undefined, wanted: string): boolean {
  return results?.some(({ method, result }) => method === wanted && result !== "temperror") === true;
}

/** The site's DKIM verifier writes a field of its own, which need not be the one on top: what that says of DMARC stands. */
function both(told: Judged, found: Judged, toldOfDmarc: boolean): Judged {
  if (toldOfDmarc || told.verdict === "aligned") return { ...told, dkimPass: found.dkimPass };
  return found.verdict === "aligned" ? found : told;
}

async function askNow(
  octets: Buffer,
  context: AskingContext,
  fromDomain: string | undefined,
): Promise<Judged> {
  const dkim = (await evaluate(octets, context, openDkimVerification)) ?? [];
  if (dkim.some((one) => speaksForAll(one) && isAligned(one.domain, fromDomain)))
    return { verdict: "aligned", by: "dkim", dkimPass: true };
  const sealed = await wordOfSealer(octets, context, fromDomain);
  return sealed ?? { verdict: "unknown", by: "dkim", dkimPass: false };
}

/** RFC 6376 §8.2: behind what `l=` counts anybody may have added a report of his own. */
function speaksForAll({ result, bodyLength }: DkimResult): boolean {
  return result === "pass" && bodyLength === undefined;
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

function judgeResults(results: readonly MethodResult[], fromDomain: string | undefined): Judged {
  const by = "authentication-results";
  // RFC 8460 §3: by the reporting domain, and not by anybody.
  const dkimPass = results.some(
    (one) => one.method === "dkim" && one.result === "pass" && isAligned(signerOf(one), fromDomain),
  );
  const dmarc = results.find(({ method }) => method === "dmarc")?.result;
  if (dmarc === "pass") return { verdict: "aligned", by, dkimPass };
  if (dmarc === "fail") return { verdict: "unaligned", by, dkimPass };
  if (dkimPass || alignedSpf(results, fromDomain)) return { verdict: "aligned", by, dkimPass };
  // Without a word about DKIM nothing is said against the mail.
  return { verdict: tellsOf(results, "dkim") ? "unaligned" : "unknown", by, dkimPass };
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
): Promise<Judged | undefined> {
  const { trustedSealers = [] } = context;
  if (trustedSealers.length === 0 || fromDomain === undefined) return undefined;
  const arc = await evaluate(octets, context, openArcVerification);
  const sealer = arc && trustedSealer(arc, trustedSealers, fromDomain);
  if (sealer?.dmarcPassed !== true) return undefined;
  const dkimPass = sealer.believed.some(({ claims }) => claims.includes("dkim=pass"));
  return { verdict: "aligned", by: "arc", dkimPass };
}

type AskingContext = JudgeContext & { readonly dns: DnsResolver; readonly deadline: number };

async function evaluate<Results>(
  octets: Buffer,
  { dns, clock, deadline }: AskingContext,
  open: (
    head: MessageHead,
    context: { readonly dns: DnsResolver; readonly clock: Clock; readonly deadline: number },
  ) => Verification<Results>,
): Promise<Results | undefined> {
  const opened: { verification?: Verification<Results> } = {};
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
