import type { TestMessage } from "./messages.ts";
import { hosts, idn } from "./zones.ts";

const replacements: readonly (readonly [from: string, to: string])[] = [
  ["192.0.2.", "127.0.2."],
  ["203.0.113.", "127.0.113."],
  ["2.0.192.in-addr", "2.0.127.in-addr"],
  ["113.0.203.in-addr", "113.0.127.in-addr"],
  ["2001:db8::25", "::1"],
  [`5.2.${"0.".repeat(22)}8.b.d.0.1.0.0.2.ip6.arpa`, `1.${"0.".repeat(31)}ip6.arpa`],
  ["8.b.d.0.1.0.0.2.ip6.arpa", "0.0.0.0.0.0.0.0.ip6.arpa"],
];

/**
 * Text with the addresses of our hosts moved to loopback, where a client may have any of 127.0.0.0/8 and needs no
 * XCLIENT; of IPv6 there is only ::1.
 */
export function onLoopback(text: string): string {
  return replacements.reduce((moved, [from, to]) => moved.replaceAll(from, to), text);
}

/** Zones in which our hosts have their addresses on loopback besides their own. */
export function zonesOnLoopback(zones: ReadonlyMap<string, string>): Map<string, string> {
  const both = new Map<string, string>();
  for (const [name, text] of zones) {
    const moved = onLoopback(name);
    both.set(name, moved === name ? withBoth(text) : text);
    if (moved !== name) both.set(moved, onLoopback(text));
  }
  return both;
}

function withBoth(text: string): string {
  const lines = text
    .replace(/ip[46]:\S+/g, (mechanism) => `${mechanism} ${onLoopback(mechanism)}`)
    .split("\n")
    .flatMap((line) => (line.includes(" TXT ") ? [line] : [line, onLoopback(line)]));
  return [...new Set(lines)].join("\n");
}

/**
 * The same message from a client on loopback, for an MTA that knows no SMTPUTF8: then the envelope is in A-labels.
 * What stands in Received fields of our gateway stays, as a client on loopback would be the gateway itself there.
 */
export function messageOnLoopback(message: TestMessage): TestMessage {
  const { smtputf8: _, ...submission } = message.submission;
  const { client, mailFrom } = submission;
  const viaGateway = client.ip === hosts.gateway.ip;
  return {
    ...message,
    submission: {
      ...submission,
      client: { ...client, ip: onLoopback(client.ip) },
      mailFrom: mailFrom.replace(/^.*@日本語\.example$/, `suzuki@${idn}`),
    },
    statements: viaGateway ? message.statements : message.statements.map(onLoopback),
  };
}
