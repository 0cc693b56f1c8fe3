import type { Lang } from "../findings/lang.ts";

export type { Lang, Translated } from "../findings/lang.ts";

/** The language that POSIX locale variables ask for: the first of LC_ALL, LC_MESSAGES and LANG that is set decides. */
export function langOfEnvironment(env: Readonly<Record<string, string | undefined>>): Lang {
  const locale = env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
  return /^ja(?:$|[_.@-])/i.test(locale) ? "ja" : "en";
}

export function isLang(text: string): text is Lang {
  return text === "ja" || text === "en";
}
