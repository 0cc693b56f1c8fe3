/** The header of a part: names in lower case, values unfolded; each character is one octet. */
export type PartHead = ReadonlyMap<string, string>;

const maxHead = 1024 * 1024;
const maxFields = 2_000;

/** @returns The head, and where the body begins. A part without an empty line is all head. */
export function readPartHead(octets: Buffer): { readonly head: PartHead; readonly bodyAt: number } {
  const fields = new Map<string, string>();
  let at = 0;
  let name: string | undefined;
  while (at < octets.length && at < maxHead && fields.size < maxFields) {
    const next = octets.indexOf(0x0a, at);
    const lineEnd = next < 0 ? octets.length : next;
    const line = octets.toString("latin1", at, lineEnd).replace(/\r$/, "");
    at = next < 0 ? octets.length : next + 1;
    if (line === "") break;
    if (line.startsWith(" ") || line.startsWith("\t")) appendFold(fields, name, line);
    else name = addField(fields, line);
  }
  return { head: fields, bodyAt: at };
}

/** A value that goes on for long is cut: nothing that is asked for here is long. */
const maxFieldValue = 65_536;

function appendFold(fields: Map<string, string>, name: string | undefined, line: string): void {
  const value = name === undefined ? undefined : fields.get(name);
  if (name !== undefined && value !== undefined && value.length < maxFieldValue)
    fields.set(name, `${value} ${line.trim()}`);
}

/** The first of a name counts, for all that is asked here. @returns undefined when the line adds nothing. */
function addField(fields: Map<string, string>, line: string): string | undefined {
  const colon = line.indexOf(":");
  if (colon <= 0 || colon > 200) return undefined;
  const written = line.slice(0, colon).trim().toLowerCase();
  // A gateway writes `ContentType:`.
  const name = written === "contenttype" ? "content-type" : written;
  if (/[^!-9;-~]/.test(name) || fields.has(name)) return undefined;
  fields.set(name, line.slice(colon + 1).trim());
  return name;
}

/** A structured value: RFC 2045 §5.1 with the continuations and charsets of RFC 2231. */
export interface ValueWithParameters {
  /** Lower case. */
  readonly value: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxParameters = 100;

export function readParameters(text: string): ValueWithParameters {
  const semicolon = text.indexOf(";");
  const value = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
  const written = new Map<string, string>();
  let at = semicolon;
  while (at >= 0 && at < text.length && written.size < maxParameters) {
    const found = nextParameter(text, at + 1);
    if (found.name !== "" && !written.has(found.name)) written.set(found.name, found.value);
    at = found.end;
  }
  return { value, parameters: joinContinuations(written) };
}

function nextParameter(text: string, from: number): { name: string; value: string; end: number } {
  const equals = text.indexOf("=", from);
  const semicolon = text.indexOf(";", from);
  if (equals < 0 || (semicolon >= 0 && semicolon < equals))
    return { name: "", value: "", end: semicolon < 0 ? text.length : semicolon };
  const name = text.slice(from, equals).trim().toLowerCase();
  const start = equals + 1 + leadingBlanks(text, equals + 1);
  return text[start] === '"' ? quotedParameter(text, name, start) : plainParameter(text, name, start);
}

function leadingBlanks(text: string, from: number): number {
  let count = 0;
  while (text[from + count] === " " || text[from + count] === "\t") count += 1;
  return count;
}

function plainParameter(
  text: string,
  name: string,
  start: number,
): { name: string; value: string; end: number } {
  const semicolon = text.indexOf(";", start);
  const end = semicolon < 0 ? text.length : semicolon;
  return { name, value: text.slice(start, end).trim(), end };
}

function quotedParameter(
  text: string,
  name: string,
  start: number,
): { name: string; value: string; end: number } {
  let value = "";
  let at = start + 1;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\") at += 1;
    value += text[at] ?? "";
  }
  const semicolon = text.indexOf(";", at);
  return { name, value, end: semicolon < 0 ? text.length : semicolon };
}

/** RFC 2231 §3 and §4: `name*0*=utf-8''a; name*1=b`. */
function joinContinuations(written: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of written) {
    const base = name.replace(/(?:\*\d{1,3})?\*?$/, "");
    const encoded = name.endsWith("*");
    joined.set(base, (joined.get(base) ?? "") + (encoded ? percentDecoded(value) : value));
  }
  return joined;
}

function percentDecoded(text: string): string {
  const value = text.replace(/^[\w-]{0,40}'[\w-]{0,40}'/, "");
  return value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
