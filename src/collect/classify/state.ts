import type { SourceFacts, SourceState, Way } from "./source.ts";

/** Above it a source counts as doing a thing always: single messages are changed on the way by others. */
const nearlyAll = 0.98;
const half = 0.5;

type Judged = Pick<SourceFacts, "sums" | "ways">;

/**
 * What a mail host sends for us: not what its other customers pass on with envelopes of theirs and without a good signature
 * of ours. All of it, if that is all there is.
 */
export function sentForUs({ sums, ways }: Judged): Judged {
  const isForUs = ({ dkim, spf }: Way): boolean => dkim === "pass" || spf !== "other";
  const messages = messagesOf(ways, isForUs);
  const left = messagesOf(ways, () => true) - messages;
  if (messages === 0 || left >= sums.messages) return { sums, ways };
  return { sums: { ...sums, messages: sums.messages - left }, ways: ways.filter(isForUs) };
}

/** How the mail of a source is authenticated, in one word: by what it lacks most. Pure. */
export function stateOf({ sums, ways }: Judged): SourceState {
  const { messages, dkim, spf, passed } = sums;
  if (dkim >= messages * nearlyAll) return spf >= messages * half ? "works" : "no-spf";
  const unsigned = messages - dkim;
  if (messagesOf(ways, (way) => way.dkim === "broken") > unsigned * half) return "broken";
  return passed - dkim > unsigned * half || spf >= messages * half ? "unsigned" : "fails";
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
