/** What a server said, a library, or the system, in one short line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { responseText, code } = error as { readonly responseText?: unknown; readonly code?: unknown };
  const text = typeof responseText === "string" ? responseText : error.message;
  const known = typeof code === "string" && !text.includes(code) ? `${text} (${code})` : text;
  return known.replaceAll(/\p{Cc}+/gu, " ").slice(0, 300);
}
