import { readFileSync } from "node:fs";

/** A message as the MTA has delivered it. */
export interface DeliveredMessage {
  readonly token: string;
  readonly queueId: string;
  /** Names of the fields above the MTA's own Received field, in lower case. */
  readonly above: readonly string[];
  /** Authserv-id of our field. */
  readonly authservId: string;
  /** Statements of our field, without folds and quotes. */
  readonly statements: readonly string[];
  /** Everything below the MTA's own Received field. */
  readonly rest: Buffer;
}

/** A file that Postfix has put into the Maildir. */
export function readDelivered(file: string): DeliveredMessage {
  return parseDelivered(readFileSync(file));
}

/**
 * @param octets With LF line ends.
 * @throws Error when it is not of the form that our Postfix or Sendmail writes.
 */
export function parseDelivered(octets: Buffer): DeliveredMessage {
  const received =
    /^Received: (?:from .*\n\t(?:\(auth.*\n\t)?)?by mx\.rcpt\.example \((?:Postfix|8\.).*\n(?:[ \t].*\n)*/m;
  const start = octets.toString("latin1", 0, 20_000);
  const found = received.exec(start);
  if (found === null) throw new Error(`no Received field of the MTA in:\n${start.slice(0, 2000)}`);
  const rest = octets.subarray(found.index + found[0].length);
  const fields = start.slice(0, found.index).split(/\n(?![ \t])/);
  const ours = fields.find((field) => field.startsWith("Authentication-Results:")) ?? "";
  const value = ours.slice(ours.indexOf(":") + 1);
  return {
    token: /^Message-ID: <([0-9a-f]{32})@/m.exec(rest.toString("latin1", 0, 300_000))?.[1] ?? "",
    queueId: /\sid (\w+)/.exec(found[0])?.[1] ?? "",
    above: fields
      .filter((field) => field !== "")
      .map((field) => field.slice(0, field.indexOf(":")).toLowerCase()),
    authservId: value.slice(0, value.indexOf(";")).trim(),
    statements: statementsIn(value),
    rest,
  };
}

/** Statements of an Authentication-Results field of ours: no semicolon stands in their quotes. */
export function statementsIn(value = ""): string[] {
  const [, ...statements] = value.split(";");
  return statements.map((part) => part.trim().replace(/\s+/g, " ").replaceAll('"', ""));
}
