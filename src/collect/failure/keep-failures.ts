import { isDeepStrictEqual } from "node:util";
import { systemClock } from "../../core/clock.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { ReadDocument } from "../../store/reports/port.ts";
import { defaultLimits, type ExtractLimits } from "../extract/limits.ts";
import type { Mail } from "../extract/mime-part.ts";
import { judgeMail } from "../judge-mail.ts";
import { readArrival } from "../read-arrival.ts";
import { redactedOtherField, redactField } from "./kept-fields.ts";
import type { LeftOut } from "./left-out.ts";
import type { Redact } from "./redaction.ts";
import { reduceArrival } from "./reduce-arrival.ts";

/** What is kept of an arrival with failure reports. */
export interface KeptFailures {
  /** As they are stored: what reading `octets` gives. */
  readonly documents: readonly ReadDocument[];
  /** In place of what arrived; undefined where nothing can be kept without the body. */
  readonly octets?: Buffer;
}

export interface KeepFailuresOptions {
  readonly fileName?: string;
  readonly limits?: ExtractLimits;
  /** Of local parts; left out: they are kept. */
  readonly redact?: Redact;
  /** When the octets are what was kept before. */
  readonly leftOutBefore?: LeftOut;
}

/**
 * Leaves the bodies of reported messages out of what is stored. What is kept is read once more, and has to give the same
 * reports; where it does not, no octets are kept, as the reports themselves are there.
 * @param documents What was read of the octets.
 * @returns undefined when there is no failure report.
 */
export async function keepFailures(
  octets: Buffer,
  documents: readonly ReadDocument[],
  options: KeepFailuresOptions,
): Promise<KeptFailures | undefined> {
  if (!documents.some(({ kind }) => kind === "failure")) return undefined;
  const { redact, leftOutBefore = "body" } = options;
  const whole = await readReduced(octets, options, leftOutBefore);
  const isSame = whole !== undefined && sameReports(documents, whole.documents);
  if (redact === undefined) return isSame ? { documents, octets: whole.octets } : { documents };
  const redacted = isSame ? await readReduced(octets, options, "body-and-local-parts", redact) : undefined;
  if (redacted === undefined || !samePlaces(documents, redacted.documents))
    return { documents: documents.map((read) => redactedDocument(read, redact)) };
  return {
    documents: documents.map((read, at) => withReport(read, redacted.documents[at])),
    octets: redacted.octets,
  };
}

interface Reduced {
  readonly octets: Buffer;
  readonly documents: readonly ReadDocument[];
}

async function readReduced(
  octets: Buffer,
  { fileName, limits = defaultLimits }: KeepFailuresOptions,
  leftOut: LeftOut,
  redact?: Redact,
): Promise<Reduced | undefined> {
  const reduction = await reduceArrival(octets, { limits, leftOut, ...(redact !== undefined && { redact }) });
  if (reduction.kind !== "reduced") return undefined;
  const documents = await readArrival(reduction.octets, {
    ...(fileName !== undefined && { fileName }),
    limits,
    judge: judgeByName,
  });
  return { octets: reduction.octets, documents };
}

/** Who the author is, and no more: the reporter's name in the store hangs on it. */
function judgeByName(mail: Mail): ReturnType<typeof judgeMail> {
  return judgeMail(mail, { authservIds: [], clock: systemClock });
}

function sameReports(before: readonly ReadDocument[], after: readonly ReadDocument[]): boolean {
  return (
    samePlaces(before, after) &&
    before.every((read, at) => {
      const again = after[at];
      return (
        read.kind !== "failure" || (again?.kind === "failure" && isDeepStrictEqual(read.report, again.report))
      );
    })
  );
}

function samePlaces(before: readonly ReadDocument[], after: readonly ReadDocument[]): boolean {
  return (
    before.length === after.length &&
    before.every((read, at) => {
      const again = after[at];
      return again?.kind === read.kind && again.name === read.name && sameAuthor(read, again);
    })
  );
}

function sameAuthor(before: ReadDocument, after: ReadDocument): boolean {
  if (!("mail" in before) || before.mail === undefined) return true;
  return "mail" in after && after.mail?.fromDomain === before.mail.fromDomain;
}

function withReport(read: ReadDocument, from: ReadDocument | undefined): ReadDocument {
  return read.kind === "failure" && from?.kind === "failure" ? { ...read, report: from.report } : read;
}

function redactedDocument(read: ReadDocument, redact: Redact): ReadDocument {
  return read.kind === "failure" ? { ...read, report: redactedReport(read.report, redact) } : read;
}

function redactedReport(report: FailureReport, redact: Redact): FailureReport {
  const { sourceIp, otherFields, ...rest } = report;
  const redacted = redactedValue(rest, redact) as Omit<FailureReport, "sourceIp" | "otherFields">;
  const others = otherFields.flatMap((field) => redactedOtherField(field, redact) ?? []);
  return { ...redacted, otherFields: others, ...(sourceIp !== undefined && { sourceIp }) };
}

/** Every text in it, whatever it is called. */
function redactedValue(value: unknown, redact: Redact, key = ""): unknown {
  if (typeof value === "string") return redactField(fieldNames[key] ?? "", value, redact);
  if (Array.isArray(value)) return value.map((one) => redactedValue(one, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, ids.has(key) ? one : redactedValue(one, redact, key)]),
  );
}

const fieldNames: Readonly<Record<string, string>> = {
  originalMailFrom: "Original-Mail-From",
  originalRcptTo: "Original-Rcpt-To",
};
const ids: ReadonlySet<string> = new Set(["messageId", "originalEnvelopeId"]);
