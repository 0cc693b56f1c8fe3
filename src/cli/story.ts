import { quarantineField } from "../filter/policy/conclude.ts";
import { rulesField } from "../filter/policy/rules-vote.ts";
import type { MessageRecord, RecordedClient } from "../store/record.ts";
import { dispositionRows, ruleRows } from "./disposition-lines.ts";
import { formatDns } from "./dns-lines.ts";
import type { Io } from "./io.ts";
import { labelled, printable, wrap } from "./layout.ts";
import { listRows, sealRows } from "./list-lines.ts";
import { signingRows } from "./signing-lines.ts";
import { listStoryText } from "./text/list-story.ts";
import { signingStoryText } from "./text/signing-story.ts";
import { whyText } from "./text/why.ts";
import { formatVerdicts } from "./verdicts.ts";
import { unfolded } from "./verify-json.ts";

type Row = readonly [label: string, text: string];

/** The story of one message: who brought it, what was found, what was done and told. */
export function formatStory(record: MessageRecord, io: Io): string[] {
  const { headings, truncated } = io.text.explain;
  return [
    ...titleLines(record, io),
    ...section(headings.client, rows(clientRows(record.client, io), io), io),
    ...section(headings.envelope, rows(envelopeRows(record, io), io), io),
    ...section(headings.verdicts, verdictLines(record, io), io),
    ...listLines(record, io),
    ...(record.signing === undefined
      ? []
      : section(signingStoryText(io.lang).heading, rows(signingRows(record.signing, io), io), io)),
    ...section(headings.done, rows(doneRows(record, io), io), io),
    ...section(headings.dns, dnsLines(record, io), io),
    ...(record.truncated === true ? ["", ...wrap(truncated, io.columns)] : []),
  ];
}

function section(heading: string, lines: readonly string[], io: Io): string[] {
  return ["", io.style.strong(heading), ...lines];
}

function rows(entries: readonly Row[], io: Io): string[] {
  return labelled(entries, io.columns);
}

function titleLines(record: MessageRecord, io: Io): string[] {
  const { labels, elapsed, size } = io.text.explain;
  const entries: Row[] = [[labels.when, elapsed(localTime(record.at), record.elapsedMs)]];
  if (record.messageId !== undefined) entries.push([labels.message, printable(record.messageId)]);
  if (record.subject !== undefined) entries.push([labels.subject, printable(record.subject)]);
  entries.push([labels.size, size(record.size.headerOctets, record.size.bodyOctets)]);
  entries.push([labels.socket, printable(record.socket)]);
  return [io.style.strong(printable(record.queueId ?? record.messageId ?? "-")), ...rows(entries, io)];
}

/** The host's own time with its offset, as mail logs have it. */
export function localTime(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return printable(at);
  const minutes = -time.getTimezoneOffset();
  const local = new Date(time.getTime() + minutes * 60_000).toISOString();
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 23)} ${offset}`;
}

function clientRows(client: RecordedClient, io: Io): Row[] {
  const { labels, origin, plainOrigin, authenticated, unknownClient } = io.text.explain;
  const name = client.name === undefined ? "" : ` (${printable(client.name)})`;
  const login = client.authenticated === true ? `, ${authenticated}` : "";
  const entries: Row[] = [[labels.client, `${printable(client.ip ?? unknownClient)}${name}${login}`]];
  if (client.helo !== undefined) entries.push([labels.helo, printable(client.helo)]);
  const settled = client.why.some((rule) => rule === "socket.sign" || rule.startsWith("lists."));
  entries.push([labels.counts, (settled ? plainOrigin : origin)[client.origin]]);
  for (const [index, why] of client.why.entries())
    entries.push([index === 0 ? labels.because : "", whyText(printable(why), io.lang)]);
  if (client.spfClient !== undefined && client.spfClient !== client.ip)
    entries.push([labels.spfClient, printable(client.spfClient)]);
  return entries;
}

function envelopeRows({ envelope }: MessageRecord, io: Io): Row[] {
  const { labels, nullSender, notRecorded, recipients, smtputf8 } = io.text.explain;
  const from = envelope.from === "" ? nullSender : printable(envelope.from ?? notRecorded);
  const to = envelope.to === undefined ? "" : `${envelope.to.map(printable).join(", ")} `;
  return [
    [labels.from, envelope.smtputf8 ? `${from}, ${smtputf8}` : from],
    [labels.to, `${to}(${recipients(envelope.recipients)})`],
  ];
}

function verdictLines({ results, client }: MessageRecord, io: Io): string[] {
  if (results === undefined) return [`  ${io.text.explain.noResults}`];
  return formatVerdicts(results, io, leftOutText(client, io));
}

function listLines(record: MessageRecord, io: Io): string[] {
  const { heading, sealHeading } = listStoryText(io.lang);
  const list = listRows(record, io);
  return [
    ...(list.length === 0 ? [] : section(heading, rows(list, io), io)),
    ...(record.seal === undefined ? [] : section(sealHeading, rows(sealRows(record.seal, io), io), io)),
  ];
}

/** Why SPF and iprev were left out: what was in the way of the client's address. */
function leftOutText({ why }: RecordedClient, io: Io): string {
  const rule = why.findLast(
    (entry) =>
      entry === "spf.no-address" || (entry.startsWith("relay.") && !entry.startsWith("relay.received")),
  );
  return rule === undefined ? io.text.explain.leftOut : whyText(printable(rule), io.lang);
}

function doneRows(record: MessageRecord, io: Io): Row[] {
  const text = io.text.explain;
  const { labels } = text;
  const entries: Row[] = dispositionRows(labels.action, record.disposition, io);
  const policy = record.disposition.why === undefined ? unappliedPolicy(record) : undefined;
  if (policy !== undefined) entries.push(["", text.monitoring(policy)]);
  entries.push(...ruleRows(record.rules ?? [], io));
  if (record.shadow !== undefined) entries.push(...dispositionRows(labels.shadow, record.shadow, io));
  const removed = record.removed.map((field) => text.removed({ ...field, name: printable(field.name) }));
  for (const [index, line] of (removed.length === 0 ? [text.nothingRemoved] : removed).entries())
    entries.push([index === 0 ? labels.removed : "", line]);
  for (const [index, line] of writtenTexts(record, io).entries())
    entries.push([index === 0 ? labels.wrote : "", line]);
  const status = record.status === undefined ? "" : `: ${printable(record.status)}`;
  entries.push([labels.told, `${text.told[record.reply]}${status}`]);
  if (record.fault !== undefined) {
    const { stage, message } = record.fault;
    entries.push([labels.fault, io.style.bad(text.fault(printable(stage), printable(message)))]);
  }
  return entries;
}

/** What the author domain asked for and did not get. */
function unappliedPolicy({ results, disposition }: MessageRecord): string | undefined {
  const dmarc = results?.dmarc;
  if (dmarc?.result !== "fail" || disposition.action !== "none") return undefined;
  return dmarc.appliedPolicy === "none" ? undefined : dmarc.appliedPolicy;
}

function writtenTexts({ authenticationResults, disposition }: MessageRecord, io: Io): string[] {
  if (authenticationResults === undefined) return [io.text.explain.nothingWritten];
  return [printable(`Authentication-Results: ${unfolded(authenticationResults)}`), ...fieldsOf(disposition)];
}

/** Names of the fields that go with a disposition. */
function fieldsOf({ action, why = [] }: MessageRecord["disposition"]): string[] {
  const isDelivered = action === "header" || action === "quarantine" || action === "hold";
  const isMarked = isDelivered && why.some((entry) => entry.startsWith("rule "));
  return [...(action === "quarantine" ? [quarantineField] : []), ...(isMarked ? [rulesField] : [])];
}

function dnsLines({ results }: MessageRecord, io: Io): string[] {
  const dns = results?.dns ?? [];
  return dns.length === 0 ? [`  ${io.text.explain.noQuestions}`] : formatDns(dns, io);
}
