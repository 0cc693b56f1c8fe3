import { withoutSourceRoute } from "../message/source-route.ts";
import type { SpfSender } from "./evaluation.ts";

/**
 * Reads a reverse-path, or a bare domain: the text may stand in angle brackets, behind a source route (RFC 5321
 * appendix C) and without a local part, for which "postmaster" stands in (RFC 7208 §4.3).
 * @returns undefined for the null sender. The domain is as written and need not be one.
 */
export function parseSender(text: string): SpfSender | undefined {
  const bare = withoutSourceRoute(withoutBrackets(text.trim()));
  if (bare === "") return undefined;
  const at = bare.lastIndexOf("@");
  const localPart = at <= 0 ? "postmaster" : bare.slice(0, at);
  return { localPart, domain: bare.slice(at + 1) };
}

function withoutBrackets(text: string): string {
  return text.startsWith("<") && text.endsWith(">") ? text.slice(1, -1) : text;
}
