interface Words {
  readonly en: string;
  readonly ja: string;
}

/** Error codes of the system, and what is wrong with what was read. */
const faults: Readonly<Record<string, Words>> = {
  ENOENT: { en: "there is no such file", ja: "ファイルがありません" },
  ENOTDIR: { en: "there is no such file", ja: "ファイルがありません" },
  EISDIR: { en: "it is a directory", ja: "ファイルではなくディレクトリです" },
  EACCES: { en: "permission denied", ja: "読む権限がありません" },
  EPERM: { en: "permission denied", ja: "読む権限がありません" },
  ELOOP: { en: "its symbolic links lead in a circle", ja: "シンボリックリンクが循環しています" },
  EROFS: { en: "its file system can only be read", ja: "読み取り専用のファイルシステムです" },
  ENOSPC: { en: "the disk is full", ja: "ディスクの空き容量がありません" },
  EDQUOT: { en: "the disk is full", ja: "ディスクの空き容量がありません" },
  EIO: { en: "the disk cannot be read", ja: "ディスクを読み取れません" },
  empty: { en: "it is empty", ja: "空です" },
  "no rule in it": { en: "there is no rule in it", ja: "規則が 1 つもありません" },
  "no certificate in it": { en: "there is no certificate in it", ja: "証明書が 1 つもありません" },
  "a certificate in it is damaged": {
    en: "a certificate in it is damaged",
    ja: "壊れている証明書があります",
  },
  "its first line is empty": { en: "its first line is empty", ja: "1 行目が空です" },
  "not executable": { en: "it is no program that may be run", ja: "実行できるプログラムではありません" },
  "not UTF-8": { en: "it is not UTF-8", ja: "UTF-8 ではありません" },
};

/**
 * Why a file cannot be used, in words.
 * @param reason An error code such as ENOENT, `not UTF-8` or `> 1000000 octets`; anything else stays as it is.
 */
export function fileFaultText(reason: string, lang: keyof Words): string {
  const size = /^> (\d+) octets$/.exec(reason)?.[1];
  if (size !== undefined)
    return { en: `it has more than ${size} octets`, ja: `${size} オクテットを超えています` }[lang];
  return Object.hasOwn(faults, reason) ? (faults[reason]?.[lang] ?? reason) : reason;
}

/** The one word that the system has for an error, such as ENOENT; what was thrown, where it has none. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
