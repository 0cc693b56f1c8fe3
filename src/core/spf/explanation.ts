import { ask } from "./ask.ts";
import { isAskable } from "./domain-spec.ts";
import type { Decided } from "./evaluate-domain.ts";
import type { Evaluation } from "./evaluation.ts";
import { expandDomain, expandText } from "./expand.ts";
import { parseMacroString } from "./macro-string.ts";
import { traceTerm } from "./trace.ts";

/** RFC 7208 §6.2 lets the length be limited; a reply of several lines holds this much. */
const maxLength = 1000;

/**
 * Fetches and expands the publisher's explanation of a "fail": RFC 7208 §6.2.
 * @returns undefined when there is none, or when anything about it goes wrong.
 */
export async function explain(
  evaluation: Evaluation,
  { record, frame, result }: Decided,
): Promise<string | undefined> {
  const { explanation } = record;
  if (result !== "fail" || explanation === undefined) return undefined;
  // §4.6.4: "exp" is no term that counts, nor are its macros.
  evaluation.budget.closed = true;
  traceTerm(evaluation, frame, explanation.text, "explanation");
  const target = await expandDomain(evaluation, frame, explanation.domain);
  if (target.kind !== "name" || !isAskable(target.name)) return undefined;
  const answer = await ask(evaluation, target.name, "TXT", frame.depth);
  if (answer.kind !== "answer" || answer.records.length !== 1) return undefined;
  const parsed = parseMacroString(answer.records[0]?.text ?? "", true);
  if (parsed.kind === "error") return undefined;
  return expandText(evaluation, frame, parsed.parts, maxLength);
}
