import { quotedMessageAt } from "../extract/read-failure.ts";
import { bodyPlaceholder } from "./left-out.ts";

/**
 * The words of a failure report up to the end of the header that they quote.
 * @param isSame Whether what is left of the text tells the same.
 */
export function withoutQuotedBody(text: string, isSame: (cut: string) => boolean): string {
  for (const at of quotedHeaders(text)) {
    const cut = cutBehindHeader(text, at);
    if (cut === text || isSame(cut)) return cut;
  }
  const at = quotedMessageAt(text);
  return at < 0 ? text : cutBehindHeader(text, at);
}

function cutBehindHeader(text: string, from: number): string {
  let at = from;
  while (at < text.length) {
    const line = lineAt(text, at);
    at += line.length;
    if (unquoted(line).trim() === "") break;
  }
  return text.slice(at).trim() === "" ? text : text.slice(0, at) + bodyPlaceholder;
}

function lineAt(text: string, at: number): string {
  const next = text.indexOf("\n", at);
  return text.slice(at, next < 0 ? text.length : next + 1);
}

/** Without the marks of a quotation, or what it is moved in by. */
function unquoted(line: string): string {
  return line.slice(markLength(line));
}

function markLength(line: string): number {
  let at = 0;
  while (line[at] === ">" || line[at] === "|" || line[at] === " " || line[at] === "\t") at += 1;
  return at;
}

const maxHeaders = 10;

/** Where two header fields of mail, one after the other, begin: the reporter's own list of facts may be one, too. */
function quotedHeaders(text: string): readonly number[] {
  const found: number[] = [];
  let fieldAt = -1;
  let isFound = false;
  for (let at = 0; at < text.length && found.length < maxHeaders; ) {
    const line = lineAt(text, at);
    const isField = mailField.test(unquoted(line).slice(0, 100));
    if (isField && fieldAt >= 0 && !isFound) {
      found.push(fieldAt);
      isFound = true;
    }
    if (isField && fieldAt < 0) fieldAt = at;
    if (!isField && unquoted(line).trim() === "") {
      fieldAt = -1;
      isFound = false;
    }
    at += line.length;
  }
  return found;
}

const mailField =
  /^(?:received|return-path|delivered-to|from|sender|reply-to|to|cc|subject|date|message-id|mime-version|content-(?:type|transfer-encoding|language)|dkim-signature|authentication-results|received-spf|user-agent|(?:x|list|arc)-[\w-]{1,60}):/i;
