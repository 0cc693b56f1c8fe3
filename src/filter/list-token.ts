import { createHash, randomBytes } from "node:crypto";

/** The field that ties a message on its way through a list to what is remembered of it. */
export const tokenField = "X-Sekisho-List-Token";

/** 192 random bits. */
const tokenOctets = 24;
const tokenCharacters = 32;
/** White space around it that is looked past. */
const maxValueOctets = 200;

/** A token that nobody can guess: base64url, 32 characters. */
export function createToken(): string {
  return randomBytes(tokenOctets).toString("base64url");
}

/** The token in the value of a field; undefined for anything else. Never throws. */
export function parseToken(value: string): string | undefined {
  if (value.length > maxValueOctets) return undefined;
  const text = value.trim();
  return text.length === tokenCharacters && /^[A-Za-z0-9_-]*$/.test(text) ? text : undefined;
}

/** What a token is kept under: who reads the memory cannot make use of it. */
export function tokenKey(token: string): string {
  return createHash("sha256").update(token, "latin1").digest("base64url");
}
