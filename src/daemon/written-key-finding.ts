import { fileFaultText } from "../config/file-fault.ts";
import type { Finding } from "../findings/finding.ts";
import type { Lang } from "../findings/lang.ts";
import { type WrittenFinding, writeFinding } from "../findings/table.ts";

type UnreadableFile = "key.file-unreadable" | "opendkim.file-unreadable";

/** A finding about keys for people: why a file cannot be read is said in words, where `params` have the code of the system. */
export function writeKeyFinding(found: Finding, lang: Lang): WrittenFinding {
  if (!isUnreadable(found)) return writeFinding(found, lang);
  const params = { ...found.params, reason: fileFaultText(found.params.reason, lang) };
  return { ...writeFinding({ ...found, params }, lang), params: found.params };
}

function isUnreadable(found: Finding): found is Finding<UnreadableFile> {
  return found.id === "key.file-unreadable" || found.id === "opendkim.file-unreadable";
}
