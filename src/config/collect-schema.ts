import { z } from "zod";
import { type CollectConfig, failureContents, type GeoConfig, type KeepConfig } from "./collect-config.ts";
import {
  folderForm,
  foldersSchema,
  lmtpForm,
  lmtpSchema,
  mailboxesSchema,
  mailboxForm,
} from "./collect-ways.ts";
import type { ProblemCode } from "./problem.ts";
import { formatDuration, parseDuration } from "./quantity.ts";
import { domain, read, text } from "./written-value.ts";

const minimumKeep = 3_600_000;
const maximumKeep = 36_500 * 86_400_000;

/** `forever` is undefined in an object, since zod takes undefined for a value that does not fit. */
const keepTime = read("bad-keep", (written) => {
  if (written === "forever") return {};
  const ms = parseDuration(written);
  return ms === undefined ? undefined : { ms };
}).refine(({ ms }: KeepTime) => ms === undefined || (ms >= minimumKeep && ms <= maximumKeep), {
  error: "out-of-range" satisfies ProblemCode,
  params: { minimum: formatDuration(minimumKeep), maximum: formatDuration(maximumKeep) },
});

interface KeepTime {
  readonly ms?: number;
}

const keep = z
  .strictObject({
    raw: keepTime.prefault("forever"),
    records: keepTime.prefault("forever"),
    sums: keepTime.prefault("forever"),
    failure: keepTime.prefault("30d"),
  })
  .transform(
    ({ raw, records, sums, failure }): KeepConfig => ({
      ...(raw.ms !== undefined && { rawMs: raw.ms }),
      ...(records.ms !== undefined && { recordsMs: records.ms }),
      ...(sums.ms !== undefined && { sumsMs: sums.ms }),
      ...(failure.ms !== undefined && { failureMs: failure.ms }),
    }),
  );

const geo = z.strictObject({ asn: text.optional(), country: text.optional() }).transform(
  ({ asn, country }): GeoConfig => ({
    ...(asn !== undefined && { asn }),
    ...(country !== undefined && { country }),
  }),
);

/** `collect`. */
export const collectSchema: z.ZodType<CollectConfig, unknown> = z
  .strictObject({
    mailbox: mailboxesSchema.optional(),
    folder: foldersSchema.optional(),
    lmtp: lmtpSchema.optional(),
    keep: keep.prefault({}),
    failure: z.strictObject({ content: z.enum(failureContents).default("headers") }).prefault({}),
    geo: geo.prefault({}),
    blocklists: z.array(domain).max(20).prefault([]),
  })
  .transform(({ mailbox = [], folder = [], lmtp, ...rest }) => ({
    mailboxes: mailbox,
    folders: folder,
    ...(lmtp !== undefined && { lmtp }),
    ...rest,
  }));

/** As it stands in a file. */
export function collectForm({
  mailboxes,
  folders,
  lmtp,
  keep,
  failure,
  geo,
  blocklists,
}: CollectConfig): object {
  return {
    mailbox: mailboxes.length === 0 ? undefined : mailboxes.map(mailboxForm),
    folder: folders.length === 0 ? undefined : folders.map(folderForm),
    lmtp: lmtp && lmtpForm(lmtp),
    keep: {
      raw: keepForm(keep.rawMs),
      records: keepForm(keep.recordsMs),
      sums: keepForm(keep.sumsMs),
      failure: keepForm(keep.failureMs),
    },
    failure: { ...failure },
    geo: { ...geo },
    blocklists: [...blocklists],
  };
}

function keepForm(ms: number | undefined): string {
  return ms === undefined ? "forever" : formatDuration(ms);
}
