import type { OptionValues } from "../command.ts";
import type { dnsOptions } from "../dns-options.ts";

/** The options of `sekisho report`, of which each of its actions takes some. */
export interface ReportValues extends OptionValues<typeof dnsOptions> {
  readonly domain: string | undefined;
  readonly subdomains: boolean;
  readonly reporter: string | undefined;
  readonly kind: string | undefined;
  readonly since: string | undefined;
  readonly before: string | undefined;
  readonly outcome: string | undefined;
  readonly group: string | undefined;
  readonly "without-unaligned": boolean;
  readonly limit: string | undefined;
  readonly cursor: string | undefined;
  readonly format: string | undefined;
  readonly uncounted: boolean;
  readonly "check-mail": boolean;
  readonly pipe: boolean;
  readonly json: boolean;
  readonly own: boolean;
  readonly failing: boolean;
  readonly again: boolean;
  readonly remove: boolean;
  readonly owner: string | undefined;
  readonly contact: string | undefined;
  readonly config: string | undefined;
}
