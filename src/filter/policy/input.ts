import type { RuleId } from "../../config/policy-config.ts";
import type { IpAddress } from "../../core/ip.ts";
import type { AuthResults } from "../../core/results.ts";
import type { Origin } from "../../trust/classify-client.ts";
import type { ListSigns } from "../list-signs.ts";

/** All that a decision looks at besides the configuration. */
export interface PolicyInput {
  /** Undefined when the message was not authenticated. */
  readonly results: AuthResults | undefined;
  readonly origin: Origin;
  /** The client that was judged: behind a relay the one before it. */
  readonly clientIp?: IpAddress;
  /** What it greeted with: A-labels in lower case, if it is a name. */
  readonly helo?: string;
  /** Names of this host and of its relays, as A-labels. */
  readonly ourNames: readonly string[];
  readonly signs: ListSigns;
  /** A trusted sealer that vouches for the message: with it the author domain passed DMARC when it came there. */
  readonly sealer?: string;
  /** Whether the author domain publishes that it sends or takes no mail; undefined while nobody has asked. */
  readonly parked?: boolean;
  /** The message rules that it breaks. */
  readonly broken: readonly RuleId[];
}
