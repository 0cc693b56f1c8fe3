import type { SmtpClient } from "../core/authenticate.ts";
import { formatIp, unmapped } from "../core/ip.ts";
import type { DnsTraceEntry } from "../core/results.ts";
import { recordedDisposition } from "../filter/compose-record.ts";
import { type Disposal, type DisposalContext, dispose } from "../filter/dispose.ts";
import type { Disposition } from "../store/record.ts";
import { type ClientTrust, classifyClient } from "../trust/classify-client.ts";
import { dispositionRows, ruleRows } from "./disposition-lines.ts";
import type { Io } from "./io.ts";
import { labelled } from "./layout.ts";
import type { VerifiedMessage } from "./verify-message.ts";

/** What the milter would do with a message, and with it what the shadow would. */
export interface WouldBe {
  readonly disposition: Disposition;
  readonly shadow?: Disposition;
  readonly rules?: readonly string[];
}

/** What DNS was asked beyond what the verdicts needed. */
interface Asked {
  readonly asked: readonly DnsTraceEntry[];
}

/** What would be done with a message that this client hands over, under the configuration. */
export async function wouldBe(
  { results, head, brokenBodyRules }: VerifiedMessage,
  client: SmtpClient | undefined,
  context: DisposalContext,
): Promise<WouldBe & Asked> {
  const trust = trustOf(client, context.config);
  // Mail of submitters is not verified when it comes by the milter.
  const judged = trust.verify === "none" ? undefined : results;
  const facts = { results: judged, head, client: trust, smtputf8: false, brokenBodyRules };
  return written(await dispose(facts, context));
}

function trustOf(
  client: SmtpClient | undefined,
  { networks }: DisposalContext["config"],
): Pick<ClientTrust, "origin" | "verify" | "spfClient"> {
  if (client === undefined) return { origin: "stranger", verify: "no-spf" };
  const { helo } = client;
  const ip = unmapped(client.ip);
  const { origin, verify } = classifyClient(
    {
      socket: { role: "verify", listen: "" },
      connect: { hostname: helo, client: { family: ip.family, address: formatIp(ip), port: 25 } },
      helo,
      macros: new Map(),
    },
    networks,
  );
  return { origin, verify, spfClient: { ip, ...(helo !== "" && { helo }) } };
}

function written({ decision, shadow, broken, asked }: Disposal): WouldBe & Asked {
  return {
    asked,
    disposition: recordedDisposition(decision),
    ...(shadow !== undefined && { shadow: recordedDisposition(shadow) }),
    ...(broken.length > 0 && { rules: broken }),
  };
}

/** As lines for a person; none when there is nothing to say. */
export function formatWouldBe({ disposition, shadow, rules = [] }: WouldBe, io: Io): string[] {
  const { labels, headings } = io.text.explain;
  if (disposition.action === "none" && disposition.why === undefined && !shadow && rules.length === 0)
    return [];
  const rows = [
    ...dispositionRows(labels.action, disposition, io),
    ...ruleRows(rules, io),
    ...(shadow === undefined ? [] : dispositionRows(labels.shadow, shadow, io)),
  ];
  return ["", io.style.strong(headings.wouldBe), ...labelled(rows, io.columns)];
}
