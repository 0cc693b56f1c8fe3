import type { SvgProblem } from "../results.ts";

/** One element of a small document. */
export interface XmlElement {
  /** With its prefix, as written. */
  readonly name: string;
  /** Values with their references replaced. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Index of the element around it; -1 for the root. */
  readonly parent: number;
  /** Index after the last element inside it. */
  readonly end: number;
  /** The text directly inside it. */
  readonly text: string;
}

export type XmlProblem = Extract<
  SvgProblem,
  | "svg-not-well-formed"
  | "svg-too-complex"
  | "svg-doctype"
  | "svg-entity"
  | "svg-processing-instruction"
  | "svg-encoding"
>;

export type XmlDocument =
  | {
      readonly problem?: undefined /** In the order of their start tags. */;
      readonly elements: readonly XmlElement[];
    }
  | { readonly problem: XmlProblem };

const maxElements = 5_000;
const maxDepth = 64;
const maxAttributes = 100;
const maxDeclaration = 200;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads a small XML document that brings no definitions of its own: document types, entities beyond the five of XML and
 * processing instructions are refused, so that no reader behind us can see another document than we do. Bounded in
 * depth and number of elements, linear in the length of the text; never throws.
 */
export function readXml(text: string): XmlDocument {
  const reader = new XmlReader(text);
  const problem = hasForbiddenCharacter(text) ? "svg-not-well-formed" : reader.read();
  return problem === undefined ? { elements: reader.elements } : { problem };
}

interface OpenElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: number;
  end: number;
  text: string;
}

class XmlReader {
  readonly elements: OpenElement[] = [];
  readonly #text: string;
  /** Indexes of the elements that are open. */
  readonly #open: number[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): XmlProblem | undefined {
    const declared = this.#declaration();
    if (declared !== undefined) return declared;
    while (this.#at < this.#text.length) {
      const problem = this.#text[this.#at] === "<" ? this.#markup() : this.#characters();
      if (problem !== undefined) return problem;
    }
    const whole = this.#open.length === 0 && this.elements.length > 0;
    return whole ? undefined : "svg-not-well-formed";
  }

  /** `<?xml ...?>` at the very beginning. */
  #declaration(): XmlProblem | undefined {
    if (!/^<\?xml[ \t\r\n]/.test(this.#text)) return undefined;
    const end = this.#text.slice(0, maxDeclaration).indexOf("?>");
    if (end < 0) return "svg-not-well-formed";
    const [version, encoding = "utf-8", ...others] = pseudoAttributes(this.#text.slice(5, end));
    this.#at = end + 2;
    if (version !== "1.0" || others.length > 1) return "svg-not-well-formed";
    const known = ["utf-8", "us-ascii", "yes", "no"].includes(encoding.toLowerCase());
    return known ? undefined : "svg-encoding";
  }

  #markup(): XmlProblem | undefined {
    const at = (prefix: string): boolean => this.#text.startsWith(prefix, this.#at);
    if (at("<!--")) return this.#comment();
    if (at("<![CDATA[")) return this.#cdata();
    if (at("<!")) return at("<!DOCTYPE") ? "svg-doctype" : "svg-not-well-formed";
    if (at("<?")) return "svg-processing-instruction";
    return at("</") ? this.#endTag() : this.#startTag();
  }

  #comment(): XmlProblem | undefined {
    const end = this.#text.indexOf("--", this.#at + 4);
    if (end < 0 || this.#text[end + 2] !== ">") return "svg-not-well-formed";
    this.#at = end + 3;
    return undefined;
  }

  #cdata(): XmlProblem | undefined {
    const end = this.#text.indexOf("]]>", this.#at);
    const inside = this.#current();
    if (end < 0 || inside === undefined) return "svg-not-well-formed";
    inside.text += this.#text.slice(this.#at + "<![CDATA[".length, end);
    this.#at = end + 3;
    return undefined;
  }

  #characters(): XmlProblem | undefined {
    const next = this.#text.indexOf("<", this.#at);
    const end = next < 0 ? this.#text.length : next;
    const raw = this.#text.slice(this.#at, end);
    this.#at = end;
    const inside = this.#current();
    if (inside === undefined) return /[^ \t\r\n]/.test(raw) ? "svg-not-well-formed" : undefined;
    if (raw.includes("]]>")) return "svg-not-well-formed";
    const text = withoutReferences(raw);
    if (text === undefined) return "svg-entity";
    inside.text += text;
    return undefined;
  }

  #endTag(): XmlProblem | undefined {
    this.#at += 2;
    const name = this.#name();
    this.#space();
    const index = this.#open.pop();
    const element = index === undefined ? undefined : this.elements[index];
    if (element === undefined || element.name !== name || this.#text[this.#at] !== ">")
      return "svg-not-well-formed";
    element.end = this.elements.length;
    this.#at += 1;
    return undefined;
  }

  #startTag(): XmlProblem | undefined {
    this.#at += 1;
    const name = this.#name();
    const parent = this.#open.at(-1) ?? -1;
    // One root, and nothing after it.
    if (name === undefined || (parent < 0 && this.elements.length > 0)) return "svg-not-well-formed";
    const attributes = this.#attributes();
    if (typeof attributes === "string") return attributes;
    if (this.elements.length === maxElements || this.#open.length === maxDepth) return "svg-too-complex";
    const index = this.elements.length;
    this.elements.push({ name, attributes, parent, end: index + 1, text: "" });
    if (this.#text.startsWith("/>", this.#at)) this.#at += 2;
    else if (this.#text[this.#at] === ">") {
      this.#at += 1;
      this.#open.push(index);
    } else return "svg-not-well-formed";
    return undefined;
  }

  #attributes(): ReadonlyMap<string, string> | XmlProblem {
    const attributes = new Map<string, string>();
    for (;;) {
      const spaced = this.#space();
      const name = this.#name();
      if (name === undefined) return attributes;
      if (!spaced || attributes.has(name)) return "svg-not-well-formed";
      if (attributes.size === maxAttributes) return "svg-too-complex";
      const value = this.#attributeValue();
      if (value === undefined) return "svg-not-well-formed";
      const text = withoutReferences(value);
      if (text === undefined) return "svg-entity";
      attributes.set(name, text);
    }
  }

  /** `= "value"`, as written. */
  #attributeValue(): string | undefined {
    this.#space();
    if (this.#text[this.#at] !== "=") return undefined;
    this.#at += 1;
    this.#space();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) return undefined;
    const value = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return value.includes("<") ? undefined : value;
  }

  /** Names in ASCII: SVG has no others. */
  #name(): string | undefined {
    const pattern = /[A-Za-z_:][A-Za-z0-9_:.-]*/y;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#text)?.[0];
    this.#at += name?.length ?? 0;
    return name;
  }

  #space(): boolean {
    const start = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > start;
  }

  #current(): OpenElement | undefined {
    const index = this.#open.at(-1);
    return index === undefined ? undefined : this.elements[index];
  }
}

/** Values of version, encoding and standalone, in that order as far as they are there; empty when it reads otherwise. */
function pseudoAttributes(declaration: string): string[] {
  const parts = declaration.trim().split(/[ \t\r\n]+(?=[a-z])/, 4);
  const order = ["version", "encoding", "standalone"];
  const values: string[] = [];
  for (const part of parts) {
    const read =
      /^([a-z]{1,10})[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z0-9._-]{1,40})"|'([A-Za-z0-9._-]{1,40})')$/.exec(part);
    const place = order.indexOf(read?.[1] ?? "");
    if (read === null || place < 0) return [];
    order.splice(0, place + 1);
    values.push(read[2] ?? read[3] ?? "");
  }
  return values;
}

/** Undefined when there is a reference to anything but a character or one of the five entities of XML. */
function withoutReferences(raw: string): string | undefined {
  if (!raw.includes("&")) return raw;
  let text = "";
  let from = 0;
  for (;;) {
    const at = raw.indexOf("&", from);
    if (at < 0) return text + raw.slice(from);
    const reference = /&([A-Za-z0-9#]{1,10});/y;
    reference.lastIndex = at;
    const name = reference.exec(raw)?.[1];
    const character = name === undefined ? undefined : referred(name);
    if (name === undefined || character === undefined) return undefined;
    text += raw.slice(from, at) + character;
    from = at + name.length + 2;
  }
}

function referred(name: string): string | undefined {
  if (!name.startsWith("#")) return Object.hasOwn(entities, name) ? entities[name] : undefined;
  const hex = /^#x([0-9A-Fa-f]{1,6})$/.exec(name)?.[1];
  const decimal = /^#([0-9]{1,7})$/.exec(name)?.[1];
  const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  return isCharacter(code) ? String.fromCodePoint(code) : undefined;
}

function hasForbiddenCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 ? !isSpace(code) : code >= 0xfffe) return true;
  }
  return false;
}

/** `Char` of XML 1.0 §2.2. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return isSpace(code);
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
