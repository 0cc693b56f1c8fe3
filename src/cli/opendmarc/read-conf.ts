/** One line of opendmarc.conf(5) that says something. */
export interface ConfLine {
  /** From 1. */
  readonly line: number;
  readonly name: string;
  /** Empty when the line has none. */
  readonly value: string;
}

/** Names and values of opendmarc.conf(5): a name, white space, a value; what follows a # is a comment. */
export function readConf(text: string): ConfLine[] {
  return text.split("\n").flatMap((written, index) => {
    const plain = (written.split("#", 1)[0] ?? "").trim();
    if (plain === "") return [];
    const [name = ""] = plain.split(/\s/, 1);
    return [{ line: index + 1, name, value: plain.slice(name.length).trim() }];
  });
}

/** Only the first character counts; undefined when it is neither yes nor no. */
export function readBoolean(value: string): boolean | undefined {
  if (/^[ty1]/i.test(value)) return true;
  return /^[fn0]/i.test(value) ? false : undefined;
}

/** Entries of a comma-separated value. */
export function readList(value: string): string[] {
  return value.split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Entries of a file that a parameter names: one a line, # begins a comment. */
export function readEntries(text: string): string[] {
  return text
    .split("\n")
    .map((line) => (line.split("#", 1)[0] ?? "").trim())
    .filter((line) => line !== "");
}
