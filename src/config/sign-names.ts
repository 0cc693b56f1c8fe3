import { toAsciiDomain } from "../core/domain-name.ts";
import type { AuthorPattern } from "./sign-config.ts";

/**
 * A domain, or an address of one.
 * @returns undefined for anything else; wildcards have words of their own.
 */
export function parseAuthorPattern(text: string): AuthorPattern | undefined {
  const at = text.lastIndexOf("@");
  const domain = readSigningDomain(text.slice(at + 1));
  if (domain === undefined || at === 0) return undefined;
  if (at < 0) return { domain };
  const localPart = text.slice(0, at).toLowerCase();
  return /[\s*@\p{Cc}]/u.test(localPart) ? undefined : { domain, localPart };
}

export function formatAuthorPattern({ domain, localPart }: AuthorPattern): string {
  return localPart === undefined ? domain : `${localPart}@${domain}`;
}

/** RFC 6376 §3.5 d=: at least two labels. */
export function readSigningDomain(text: string): string | undefined {
  const domain = text.endsWith(".") ? undefined : toAsciiDomain(text);
  return domain?.includes(".") === true ? domain : undefined;
}
