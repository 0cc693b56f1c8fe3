import type { Lang } from "../lang.ts";
import { en } from "./en.ts";
import { ja } from "./ja.ts";
import type { CliText } from "./text.ts";

const texts: Readonly<Record<Lang, CliText>> = { ja, en };

export function cliText(lang: Lang): CliText {
  return texts[lang];
}
