import { isSecretReference } from "./secret.ts";

/** Whether a text may stand as `store`: the URL of a PostgreSQL database, or where such a URL is kept (`file:`, `env:`). */
export function isStore(written: string): boolean {
  return isSecretReference(written) || isPostgresUrl(written);
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);
}

/** What may be shown of it: the URL without its password. */
export function showStore(written: string): string {
  if (isSecretReference(written) || !URL.canParse(written)) return written;
  const url = new URL(written);
  if (url.password !== "") url.password = "***";
  if (url.searchParams.has("password")) url.searchParams.set("password", "***");
  return url.href;
}
