import type { AggregateHead, AggregateRecord } from "./aggregate.ts";
import { finishHead, type MetadataText, type PolicyText, type ReportHints } from "./aggregate-head.ts";
import { finishRecord, type RecordText } from "./aggregate-record.ts";
import type { WarningSink } from "./warnings.ts";

/** More of them in one place are left out, and told. */
const maxErrors = 100;
const maxAuthResults = 1_000;
const maxReasons = 100;

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
  #record: RecordDraft | undefined;
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

  /** The record that is being read. */
  get record(): RecordDraft {
    this.#record ??= new RecordDraft(this.#warnings);
    return this.#record;
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
    this.#record = new RecordDraft(this.#warnings);
  }

  closeRecord(): void {
    const text = this.#record?.text;
    this.#record = undefined;
    if (text === undefined) return;
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

/** The text of one record. */
export class RecordDraft {
  readonly #warnings: WarningSink;
  readonly text: RecordText = { reasons: [], dkim: [], spf: [] };

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  set(name: Exclude<keyof RecordText, "reasons" | "dkim" | "spf">, text: string): void {
    this.text[name] ??= text;
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
