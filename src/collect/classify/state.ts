import type { SourceFacts, SourceState, Way } from "./source.ts";

/** Above it a source counts as doing a thing always: single messages are changed on the way by others. */
const nearlyAll = 0.98;
const half = 0.5;

/** How the mail of a source is authenticated, in one word: by what it lacks most. Pure. */
export function stateOf({ sums, ways }: Pick<SourceFacts, "sums" | "ways">): SourceState {
  const { messages, dkim, spf } = sums;
  if (dkim >= messages * nearlyAll) return spf >= messages * half ? "works" : "no-spf";
  const unsigned = messages - dkim;
  if (messagesOf(ways, (way) => way.dkim === "broken") > unsigned * half) return "broken";
  // Of what is not signed, as much passes SPF as is left when every signed message passes it too.
  return spf - dkim > unsigned * half || spf >= messages * half ? "unsigned" : "fails";
}

/** Messages that came by ways of which something is true. */
export function messagesOf(ways: readonly Way[], is: (way: Way) => boolean): number {
  return ways.reduce((sum, way) => sum + (is(way) ? way.messages : 0), 0);
}

/** A part of a source's messages from which on it says something of the source: a fifth. */
export function isMuch(messages: number, { sums }: Pick<SourceFacts, "sums">): boolean {
  return messages > 0 && messages * 5 >= sums.messages;
}

/** Whether much of it carries signatures of ours, good or broken on the way: a sign that we have sent it once. */
export function cameFromUs(facts: Pick<SourceFacts, "sums" | "ways">): boolean {
  return isMuch(facts.sums.dkim + messagesOf(facts.ways, ({ dkim }) => dkim === "broken"), facts);
}
