import type { AggregateHead, AggregateRecord } from "./aggregate.ts";
import { finishHead, type MetadataText, type PolicyText, type ReportHints } from "./aggregate-head.ts";
import { finishRecord, type RecordText } from "./aggregate-record.ts";
import type { WarningSink } from "./warnings.ts";

/** More of them in one place are left out, and told. */
const maxErrors = 100;
const maxAuthResults = 1_000;
const maxReasons = 100;
const maxRows = 100;

/** `reportId` as `report_id`. */
function elementName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A report while it is read: what stood in its elements, as text. */
export class AggregateDraft {
  readonly #warnings: WarningSink;
  readonly #onRecord: (record: AggregateRecord) => void;
  readonly #metadata: MetadataText = {};
  readonly #policy: PolicyText = {};
  readonly #errors: string[] = [];
  #version: string | undefined;
  #policies = 0;
  /** Of the record that is being read: one, unless it has several rows. */
  #parts: RecordDraft[] = [];
  #records = 0;
  #heartbeats = 0;
  #state: "before" | "open" | "closed" = "before";

  constructor(warnings: WarningSink, onRecord: (record: AggregateRecord) => void) {
    this.#warnings = warnings;
    this.#onRecord = onRecord;
  }

  get state(): "before" | "open" | "closed" {
    return this.#state;
  }

  get records(): number {
    return this.#records;
  }

  /** The record that is being read, or the last part of it. */
  get record(): RecordDraft {
    return this.#parts.at(-1) ?? this.#openPart();
  }

  #openPart(): RecordDraft {
    const part = new RecordDraft(this.#warnings);
    this.#parts.push(part);
    return part;
  }

  openFeedback(): void {
    this.#state = "open";
  }

  closeFeedback(): void {
    this.#state = "closed";
  }

  setVersion(text: string): void {
    this.#version ??= text;
  }

  setMetadata(name: keyof MetadataText, text: string): void {
    if (this.#metadata[name] === undefined) this.#metadata[name] = text;
    else if (text !== this.#metadata[name])
      this.#warnings.add("repeated", `report_metadata/${elementName(name)}`, text);
  }

  addError(text: string): void {
    if (text !== "" && this.#errors.length < maxErrors) this.#errors.push(text);
  }

  openPolicy(): void {
    this.#policies += 1;
    if (this.#policies === 2) this.#warnings.add("repeated", "policy_published");
  }

  /** RFC 9990 §3.1.2: one policy for each report; of several the first is taken. */
  setPolicy(name: keyof PolicyText, text: string): void {
    if (this.#policies <= 1) this.#policy[name] ??= text;
  }

  openRecord(): void {
    this.#parts = [];
    this.#openPart();
  }

  /** RFC 7489 appendix C: a record has one row and one set of identifiers; a second of them makes another record. */
  openInRecord(name: "row" | "identifiers"): void {
    if (this.record.enter(name)) return;
    this.#warnings.add("several-rows", `record/${name}`);
    if (this.#parts.length < maxRows) this.#openPart().enter(name);
    else this.#warnings.add("too-many", `record/${name}`, String(maxRows));
  }

  closeRecord(): void {
    const parts = this.#parts;
    this.#parts = [];
    for (const text of wholeRecords(parts)) this.#finish(text);
  }

  #finish(text: RecordText): void {
    const record = finishRecord(text, this.#policy, this.#warnings);
    if (record === undefined) {
      this.#heartbeats += 1;
      return;
    }
    this.#records += 1;
    this.#onRecord(record);
  }

  /** @returns Why there is no report, when a domain or its days can be found nowhere. */
  head(hints: ReportHints): AggregateHead | "no-domain" | "no-date-range" {
    if (this.#records === 0) this.#warnings.add("no-record", "record", String(this.#heartbeats));
    return finishHead(
      { version: this.#version, metadata: this.#metadata, policy: this.#policy, errors: this.#errors },
      hints,
      this.#warnings,
    );
  }
}

type Named<T> = { -readonly [Key in keyof T]: string | undefined };
interface DkimText {
  domain?: string;
  selector?: string;
  result?: string;
  humanResult?: string;
}
interface SpfText {
  domain?: string;
  scope?: string;
  result?: string;
  humanResult?: string;
}

/** Of several parts those with a row; what one of them lacks is that of the part before it, or else of the first that has it. */
function wholeRecords(parts: readonly RecordDraft[]): readonly RecordText[] {
  if (parts.length === 1) return parts.map(({ text }) => text);
  let named = parts.find(isNamed)?.text;
  let judged = parts.find(isJudged)?.text;
  const records: RecordText[] = [];
  for (const part of parts) {
    if (isNamed(part)) named = part.text;
    if (isJudged(part)) judged = part.text;
    if (!part.has("row")) continue;
    const { dkim, spf } = judged ?? part.text;
    records.push({ ...part.text, ...identifiersOf(named ?? part.text), dkim, spf });
  }
  return records;
}

function isNamed(part: RecordDraft): boolean {
  return part.has("identifiers");
}

function isJudged({ text }: RecordDraft): boolean {
  return text.dkim.length + text.spf.length > 0;
}

function identifiersOf({ headerFrom, envelopeFrom, envelopeTo }: RecordText): Partial<RecordText> {
  return {
    ...(headerFrom !== undefined && { headerFrom }),
    ...(envelopeFrom !== undefined && { envelopeFrom }),
    ...(envelopeTo !== undefined && { envelopeTo }),
  };
}

/** The text of one record. */
export class RecordDraft {
  readonly #warnings: WarningSink;
  readonly #entered = { row: false, identifiers: false };
  readonly text: RecordText = { reasons: [], dkim: [], spf: [] };

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  has(name: "row" | "identifiers"): boolean {
    return this.#entered[name];
  }

  /** @returns false when it has one already. */
  enter(name: "row" | "identifiers"): boolean {
    const isFirst = !this.#entered[name];
    this.#entered[name] = true;
    return isFirst;
  }

  set(name: Exclude<keyof RecordText, "reasons" | "dkim" | "spf">, text: string): void {
    const known = this.text[name];
    if (known === undefined) this.text[name] = text;
    else if (text !== known) this.#warnings.add("repeated", `record/${elementName(name)}`, text);
  }

  addReason(): void {
    this.#add(this.text.reasons, maxReasons, "reason");
  }

  setReason(name: "type" | "comment", text: string): void {
    const last = this.text.reasons.at(-1);
    if (last !== undefined) last[name] ??= text;
  }

  addDkim(): void {
    this.#add(this.text.dkim, maxAuthResults, "auth_results/dkim");
  }

  setDkim(name: keyof DkimText, text: string): void {
    const last = this.text.dkim.at(-1);
    if (last !== undefined) last[name] ??= text;
  }

  addSpf(): void {
    this.#add(this.text.spf, maxAuthResults, "auth_results/spf");
  }

  setSpf(name: keyof SpfText, text: string): void {
    const last = this.text.spf.at(-1);
    if (last !== undefined) last[name] ??= text;
  }

  #add(list: Named<object>[], most: number, at: string): void {
    if (list.length < most) list.push({});
    else this.#warnings.add("too-many", at, String(most));
  }
}
