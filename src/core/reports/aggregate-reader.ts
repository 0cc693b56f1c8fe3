import type { AggregateOutcome, AggregateRecord, UnreadReason } from "./aggregate.ts";
import { AggregateDraft } from "./aggregate-draft.ts";
import { type ElementRule, feedback } from "./aggregate-elements.ts";
import type { ReportHints } from "./aggregate-head.ts";
import { openReportDecoder } from "./text-decoder.ts";
import { WarningSink } from "./warnings.ts";
import { resolveReferences, type XmlHandler, XmlScanner } from "./xml-scanner.ts";

export interface AggregateReader {
  /** The next octets of the XML, cut anywhere. */
  write(octets: Buffer): void;
  /**
   * Once, after the last octets.
   * @param cutOff The octets ended before the file did, e.g. in a damaged archive.
   */
  finish(cutOff?: boolean): AggregateOutcome;
}

export interface AggregateReaderOptions {
  readonly hints?: ReportHints;
  /** Octets of XML at most; more is "too-large". Default 1 GiB. */
  readonly maxOctets?: number;
  /** With each complete record, in the order of the report. */
  readonly onRecord: (record: AggregateRecord) => void;
  /**
   * When another report begins in the same file: what became of the one before it, whose records have all been told. Left out, only
   * the first is read, with a warning.
   */
  readonly onNext?: (outcome: AggregateOutcome) => void;
}

const defaultMaxOctets = 1024 ** 3;
const maxDepth = 64;
/** Characters of one value; what is longer is cut off. */
const maxValue = 4_096;

/**
 * Reads an aggregate report of RFC 7489 or RFC 9990 as a person would: any namespace, any order, broken markup, wrong
 * charsets. What had to be guessed is told in the warnings. Memory does not grow with the report.
 */
export function openAggregateReader(options: AggregateReaderOptions): AggregateReader {
  return new Reader(options);
}

/** An open element; those that mean nothing have no rule. */
interface OpenElement {
  readonly name: string;
  readonly rule: ElementRule | undefined;
}

class Reader implements AggregateReader, XmlHandler {
  readonly #options: AggregateReaderOptions;
  #warnings = new WarningSink();
  readonly #decoder = openReportDecoder(this.#warnings);
  readonly #scanner = new XmlScanner(this);
  #draft: AggregateDraft;
  readonly #stack: OpenElement[] = [];
  #namespace: string | undefined;
  #octets = 0;
  #text = "";
  #valueCut = false;
  #failed: UnreadReason | undefined;
  /** The first characters, to tell what is no XML. */
  #start = "";
  /** The whole document was escaped once more: the end of the piece before, which may hold half a reference. */
  #escaped: string | undefined;

  constructor(options: AggregateReaderOptions) {
    this.#options = options;
    this.#draft = new AggregateDraft(this.#warnings, options.onRecord);
  }

  write(octets: Buffer): void {
    if (this.#failed !== undefined) return;
    this.#octets += octets.length;
    if (this.#octets > (this.#options.maxOctets ?? defaultMaxOctets)) this.#failed = "too-large";
    else this.#scan(this.#decoder.write(octets));
  }

  finish(cutOff = false): AggregateOutcome {
    if (this.#failed === undefined) {
      this.#scan(this.#decoder.end());
      if (this.#escaped !== undefined) this.#scanner.write(resolveReferences(this.#escaped));
      this.#scanner.end();
    }
    return this.#outcome(cutOff);
  }

  #scan(text: string): void {
    if (text === "") return;
    if (this.#start.length < startLength) this.#keepStart(text);
    if (this.#escaped === undefined) this.#scanner.write(text);
    else this.#scanEscaped(text);
  }

  #scanEscaped(text: string): void {
    const all = (this.#escaped ?? "") + text;
    const reference = all.lastIndexOf("&");
    const cut = reference >= 0 && all.length - reference < 12 ? reference : all.length;
    this.#escaped = all.slice(cut);
    this.#scanner.write(resolveReferences(all.slice(0, cut)));
  }

  #keepStart(text: string): void {
    const first = this.#start === "";
    this.#start = (this.#start + text).trimStart().slice(0, startLength);
    if (first && /^&lt;[?a-z!]/i.test(this.#start)) {
      this.#warnings.add("escaped-twice");
      this.#escaped = "";
    }
  }

  open(name: string, attributes: string): void {
    if (this.#stack.length >= maxDepth) {
      this.#failed ??= "too-deep";
      this.#scanner.stop();
      return;
    }
    if (this.#draft.state !== "open") this.#openRoot(name, attributes);
    else this.#openInside(name);
  }

  #openRoot(name: string, attributes: string): void {
    if (name.toLowerCase() !== "feedback") return;
    if (this.#draft.state === "closed") {
      if (this.#options.onNext === undefined) {
        this.#warnings.add("repeated", name);
        return;
      }
      this.#options.onNext(this.#outcome(false));
      this.#warnings = new WarningSink();
      this.#draft = new AggregateDraft(this.#warnings, this.#options.onRecord);
    }
    // What was left open before the root has nothing to do with it.
    this.#stack.length = 0;
    this.#namespace = namespaceOf(attributes.slice(0, 2_000));
    this.#push(name, feedback);
  }

  #openInside(name: string): void {
    const depth = this.#knownAt(name);
    if (depth === undefined) {
      this.#stack.push({ name, rule: undefined });
      return;
    }
    if (depth < this.#stack.length - 1) this.#warnings.add("tags-mismatched", name);
    while (this.#stack.length - 1 > depth) this.#pop();
    this.#push(name, childOf(this.#stack[depth]?.rule, name));
  }

  #push(name: string, rule: ElementRule | undefined): void {
    this.#stack.push({ name, rule });
    this.#clearText();
    rule?.open?.(this.#draft);
  }

  /** The nearest open element that knows such a child: those inside it were never closed. Unknown elements hide what is in them. */
  #knownAt(name: string): number | undefined {
    for (let depth = this.#stack.length - 1; depth >= 0; depth--) {
      const rule = this.#stack[depth]?.rule;
      if (rule === undefined) return undefined;
      if (childOf(rule, name) !== undefined) return depth;
    }
    return undefined;
  }

  close(name: string): void {
    const { length } = this.#stack;
    if (this.#stack[length - 1]?.name === name) this.#pop();
    else this.#closeMismatched(name, length - 1);
  }

  #closeMismatched(name: string, top: number): void {
    let depth = top;
    while (depth >= 0 && this.#stack[depth]?.name !== name) depth -= 1;
    if (this.#draft.state === "open") this.#warnings.add("tags-mismatched", name);
    for (let open = top; depth >= 0 && open >= depth; open--) this.#pop();
  }

  #pop(): void {
    const rule = this.#stack.pop()?.rule;
    if (rule === undefined) return;
    rule.text?.(this.#draft, this.#text.trim());
    rule.close?.(this.#draft);
    this.#clearText();
  }

  #clearText(): void {
    this.#text = "";
    this.#valueCut = false;
  }

  wantsText(): boolean {
    return this.#stack.at(-1)?.rule?.text !== undefined;
  }

  text(value: string): void {
    const room = maxValue - this.#text.length;
    if (value.length > room && !this.#valueCut) this.#warnings.add("value-cut", this.#stack.at(-1)?.name);
    this.#valueCut ||= value.length > room;
    if (room > 0) this.#text += value.length > room ? value.slice(0, room) : value;
  }

  documentType(): void {
    this.#failed ??= "document-type";
  }

  #outcome(cutOff: boolean): AggregateOutcome {
    if (this.#failed !== undefined) return { kind: "unread", reason: this.#failed };
    if (this.#draft.state === "before") return this.#noReport(cutOff);
    const cut = cutOff || this.#draft.state === "open";
    if (cut && this.#draft.records === 0) return { kind: "unread", reason: "cut-off" };
    if (cut) this.#warnings.add("cut-off");
    const head = this.#draft.head(this.#options.hints ?? {});
    if (typeof head === "string") return { kind: "unread", reason: head };
    const namespace = this.#namespace;
    return {
      kind: "read",
      head: { ...head, ...(namespace !== undefined && { namespace }) },
      warnings: this.#warnings.list(),
    };
  }

  /** One provider sends the word "unused" when there is nothing to report. */
  #noReport(cutOff: boolean): AggregateOutcome {
    const start = this.#start.replaceAll("\0", "").trim();
    if (start === "")
      return cutOff ? { kind: "unread", reason: "cut-off" } : { kind: "skipped", reason: "empty" };
    if (start.toLowerCase() === "unused") return { kind: "skipped", reason: "unused" };
    return { kind: "unread", reason: start.startsWith("<") ? "not-a-report" : "not-xml" };
  }
}

const startLength = 64;

function childOf(rule: ElementRule | undefined, name: string): ElementRule | undefined {
  return rule?.children?.get(name) ?? rule?.children?.get(name.toLowerCase());
}

/** The default one, else the one that the RFCs name, else the first that is not the W3C's: those are for attributes. */
function namespaceOf(attributes: string): string | undefined {
  const found = [...attributes.matchAll(/\sxmlns(:[\w.-]{1,40})?\s{0,5}=\s{0,5}["']([^"']{1,200})/g)];
  const chosen =
    found.find(([, prefix]) => prefix === undefined) ??
    found.find(([, , name = ""]) => /dmarc/i.test(name)) ??
    found.find(([, , name = ""]) => !/^https?:\/\/www\.w3\.org\//i.test(name));
  return chosen?.[2];
}
