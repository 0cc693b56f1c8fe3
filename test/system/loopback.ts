import type { TestMessage } from "./messages.ts";
import { idn } from "./zones.ts";

/** As long as what they stand for, so that no layout changes. */
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

/** The same message from a client on loopback, for an MTA that knows no SMTPUTF8: then the envelope is in A-labels. */
export function messageOnLoopback(message: TestMessage): TestMessage {
  const { client, mailFrom, rcptTo, login } = message.submission;
  const move = (octets: Buffer): Buffer => Buffer.from(onLoopback(octets.toString("latin1")), "latin1");
  return {
    ...message,
    submission: {
      client: { ...client, ip: onLoopback(client.ip) },
      mailFrom: mailFrom.replace(/^.*@日本語\.example$/, `suzuki@${idn}`),
      rcptTo,
      message: move(message.submission.message),
      ...(login !== undefined && { login }),
    },
    kept: move(message.kept),
    statements: message.statements.map(onLoopback),
  };
}
