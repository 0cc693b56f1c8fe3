/**
 * Decodes a `base64string` of RFC 6376 §2.10: white space anywhere, padding optional, nothing else.
 * @returns undefined when the text is empty or no base64.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const plain = withoutSpace(text);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return undefined;
  const digits = plain.endsWith("==")
    ? plain.length - 2
    : plain.endsWith("=")
      ? plain.length - 1
      : plain.length;
  // A padded text must be whole; without padding a single left-over digit holds no octet.
  if (digits % 4 === 1 || (digits !== plain.length && plain.length % 4 !== 0)) return undefined;
  return Buffer.from(plain, "base64");
}

/** Without SP, TAB, CR and LF. */
export function withoutSpace(text: string): string {
  return text.replace(/[ \t\r\n]+/g, "");
}
