import type { FieldPicker } from "./canonical-header.ts";

/** Which fields a signature covers. Names in any letter case. */
export interface FieldSelection {
  /** Signed once more than they are there, so that none can be added: RFC 6376 §5.4, §8.15. */
  readonly oversigned: readonly string[];
  /** Signed as often as they are there, and not named when they are not: a list may add them. */
  readonly whenPresent: readonly string[];
  /** In place of the two: `h=` as it shall stand there, whatever the message has. */
  readonly exactly?: readonly string[];
}

/** All that mail readers show or act on, and nothing that is added on the way. */
export const defaultFields: FieldSelection = {
  oversigned: [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
  ],
  // RFC 2369, RFC 2919, RFC 8058: named one by one, as "List-" may begin anything.
  whenPresent: [
    "Reply-To",
    "Sender",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
  ],
};

/** What a selection comes to more than that in one message is no mail that anybody wrote. */
const maxSignedNames = 300;

/**
 * The names of `h=`, in order, From among them whatever the selection says (RFC 6376 §5.4).
 * @returns undefined when there would be more than 300.
 */
export function signedNames(
  { oversigned, whenPresent, exactly }: FieldSelection,
  picker: FieldPicker,
): readonly string[] | undefined {
  if (exactly !== undefined) return exactly.length > maxSignedNames ? undefined : exactly;
  const names: string[] = [];
  const seen = new Set<string>();
  const add = (name: string, extra: number): void => {
    const lowerName = name.toLowerCase();
    if (seen.has(lowerName) || !isSignableName(name)) return;
    seen.add(lowerName);
    const times = picker.count(lowerName) + extra;
    for (let i = 0; i < times && names.length <= maxSignedNames; i++) names.push(name);
  };
  for (const name of ["From", ...oversigned]) add(name, 1);
  for (const name of whenPresent) add(name, 0);
  return names.length > maxSignedNames ? undefined : names;
}

/** RFC 5322 §3.6.8 ftext without the semicolon, which would end the tag. */
export function isSignableName(name: string): boolean {
  return /^[!-9<-~]{1,100}$/.test(name);
}
