import type { PublishConfig } from "../config/rotate-config.ts";
import { splitText } from "./public-record.ts";
import type { Publisher, PublishOutcome, RecordChange } from "./publish.ts";
import { runProgram } from "./run-program.ts";

type HookConfig = Extract<PublishConfig, { method: "hook" }>;

/** Changes records by a program of the operator's: docs/rotation.md says what it is given. */
export function hookPublisher(config: HookConfig): Publisher {
  return { method: "hook", change: (change) => call(change, config) };
}

async function call(change: RecordChange, { command, ttl, timeoutMs }: HookConfig): Promise<PublishOutcome> {
  const [program = "", ...rest] = command;
  const { action, domain, selector, zone, name, text, before } = change;
  const strings = splitText(text);
  const document = { action, domain, selector, zone, name, type: "TXT", ttl, text, strings, before };
  const ran = await runProgram({
    program,
    arguments: rest,
    input: `${JSON.stringify(document)}\n`,
    env: {
      SEKISHO_ACTION: action,
      SEKISHO_DOMAIN: domain,
      SEKISHO_SELECTOR: selector,
      SEKISHO_ZONE: zone,
      SEKISHO_NAME: name,
      SEKISHO_TTL: String(ttl),
      SEKISHO_TEXT: text,
    },
    timeoutMs,
  });
  if (ran.kind === "failed") return ran;
  if (ran.code === 0) return { kind: "sent" };
  return {
    kind: "failed",
    reason: `${program}: exit code ${ran.code}${ran.output === "" ? "" : `: ${ran.output}`}`,
  };
}
