import type { PublishConfig } from "../config/rotate-config.ts";
import { splitText } from "./public-record.ts";
import type { Publisher, PublishOutcome, RecordChange } from "./publish.ts";
import { runProgram } from "./run-program.ts";

type NsupdateConfig = Extract<PublishConfig, { method: "nsupdate" }>;

/**
 * Changes records by dynamic update (RFC 2136), signed with TSIG (RFC 8945), through the program nsupdate. The key is
 * read by that program from its file. Prerequisites see to it that no record is touched that is not ours.
 */
export function nsupdatePublisher(config: NsupdateConfig): Publisher {
  return { method: "nsupdate", change: (change) => update(change, config) };
}

async function update(change: RecordChange, config: NsupdateConfig): Promise<PublishOutcome> {
  const done = await send(updateScript(change, config), config);
  if (done.kind !== "unmet") return done;
  // Perhaps it has been made before, and only its answer was lost.
  const again = await send(repeatScript(change, config), config);
  return again.kind === "unmet" ? { kind: "failed", reason: done.reason } : again;
}

/** The change, under the condition that everything is as we left it. */
export function updateScript(change: RecordChange, config: NsupdateConfig): string {
  const { name, text, before } = change;
  switch (change.action) {
    case "publish":
      // RFC 2136 §2.4.5: no record of any type may stand at the name.
      return script(change, config, [`prereq nxdomain ${name}.`, add(change, config)]);
    case "revoke":
      return script(change, config, [
        sameRecord(name, before ?? splitText(text)),
        `update delete ${name}. IN TXT`,
        add(change, config),
      ]);
    case "remove":
      return script(change, config, [
        sameRecord(name, before ?? splitText(text)),
        `update delete ${name}. IN TXT`,
      ]);
  }
}

/** Succeeds when the change has been made already, and changes nothing. */
export function repeatScript(change: RecordChange, config: NsupdateConfig): string {
  const { name, text, action } = change;
  return action === "remove"
    ? script(change, config, [`prereq nxrrset ${name}. IN TXT`, `update delete ${name}. IN TXT`])
    : script(change, config, [sameRecord(name, splitText(text)), add(change, config)]);
}

function script(
  { zone }: RecordChange,
  { server, zone: configured }: NsupdateConfig,
  lines: readonly string[],
): string {
  const head = [
    ...(server === undefined ? [] : [`server ${server.address} ${server.port}`]),
    `zone ${configured ?? zone}.`,
  ];
  return `${[...head, ...lines, "send"].join("\n")}\n`;
}

function add({ name, text }: RecordChange, { ttl }: NsupdateConfig): string {
  return `update add ${name}. ${ttl} IN TXT ${quoted(splitText(text))}`;
}

/** RFC 2136 §2.4.2: exactly these records, whatever their TTL. */
function sameRecord(name: string, strings: readonly string[]): string {
  return `prereq yxrrset ${name}. IN TXT ${quoted(strings)}`;
}

/** RFC 1035 §5.1: quotes and backslashes escaped, other octets in decimal. */
function quoted(strings: readonly string[]): string {
  return strings.map((text) => `"${text.replaceAll(/["\\]|[^ -~]/g, escaped)}"`).join(" ");
}

function escaped(char: string): string {
  if (char === '"' || char === "\\") return `\\${char}`;
  return `\\${String(char.charCodeAt(0) & 0xff).padStart(3, "0")}`;
}

type Sent = PublishOutcome | { readonly kind: "unmet"; readonly reason: string };

async function send(input: string, { keyFile, program, timeoutMs }: NsupdateConfig): Promise<Sent> {
  const seconds = Math.max(1, Math.floor(timeoutMs / 1000) - 1);
  const ran = await runProgram({
    program,
    // Over TCP: nothing is sent twice, and long records fit.
    arguments: ["-v", "-t", String(seconds), ...(keyFile === undefined ? [] : ["-k", keyFile])],
    input,
    timeoutMs,
  });
  if (ran.kind === "failed") return ran;
  // Knot's program ends with 0 whatever the server said, and tells it in words.
  const said = /update failed: |; Communication |could not|^; ?TSIG error|status: (?!NOERROR)[A-Z]+/.test(
    ran.output,
  );
  if (ran.code === 0 && !said) return { kind: "sent" };
  const reason = `${program}: ${ran.output === "" ? `exit code ${ran.code}` : ran.output}`;
  // RFC 2136 §3.2: a prerequisite that does not hold.
  return /\b(?:YXDOMAIN|YXRRSET|NXRRSET|NXDOMAIN)\b/.test(ran.output)
    ? { kind: "unmet", reason }
    : { kind: "failed", reason };
}
