import type { DmarcDifference } from "../core/dmarc/difference.ts";
import type { DmarcResult } from "../core/results.ts";
import type { Action, MessageRecord } from "./record.ts";

/** What may be asked for; conditions are joined by "and". */
export interface RecordQuery {
  readonly queueId?: string;
  /** With or without its angle brackets. */
  readonly messageId?: string;
  /** Wall-clock times in ms: `since` included, `before` not. */
  readonly since?: number;
  readonly before?: number;
  /** 50 when left out, 1000 at most. */
  readonly limit?: number;
}

export type CountedColumn = "origin" | "dmarc" | "reply" | "action" | "fromDomain";

export interface CountRow {
  /** Absent where a record has no such value. */
  readonly value?: string;
  readonly messages: number;
}

export interface DifferenceQuery {
  /** Wall-clock time in ms, included. */
  readonly since: number;
  /** Of groups: 50 when left out, 1000 at most. */
  readonly limit?: number;
}

/** Messages since a time for which the two DMARC discoveries came to different results. */
export interface DmarcDifferences {
  /** Messages that both evaluated. */
  readonly compared: number;
  readonly different: number;
  /** Also of groups beyond the limit. */
  readonly groupCount: number;
  /** Those with the most messages first. */
  readonly groups: readonly DifferenceGroup[];
}

/** Messages of one author domain that came out alike. */
export interface DifferenceGroup {
  /** Absent when From names no single domain. */
  readonly domain?: string;
  readonly messages: number;
  readonly differs: readonly DmarcDifference[];
  readonly applied: DmarcOutcome;
  readonly other: DmarcOutcome;
  /** RFC 3339, of the newest message. */
  readonly newest: string;
  /** Of the newest messages, three at most. */
  readonly queueIds: readonly string[];
}

export type DmarcOutcome = Pick<
  DmarcResult,
  "discovery" | "result" | "appliedPolicy" | "policyDomain" | "sampledOut" | "problem"
>;

export interface ShadowQuery {
  /** Wall-clock time in ms, included. */
  readonly since: number;
  /** Of author domains: 50 when left out, 1000 at most. */
  readonly limit?: number;
}

/** Messages since a time that `verify.shadow` would have treated otherwise. */
export interface ShadowSummary {
  /** All of that time. */
  readonly messages: number;
  readonly different: number;
  /** Also of domains beyond the limit. */
  readonly domainCount: number;
  /** Those with the most messages first. */
  readonly domains: readonly ShadowDomain[];
}

export interface ShadowDomain {
  /** The author domain; absent when From names no single one. */
  readonly domain?: string;
  readonly messages: number;
  /** What would have been done, the most frequent first. */
  readonly actions: readonly { readonly action: Action; readonly messages: number }[];
  /** Entries of `Disposition.why`, the most frequent first. */
  readonly why: readonly { readonly entry: string; readonly messages: number }[];
  /** Who sent them; behind a relay the client before it. The most frequent first, 200 at most. */
  readonly clients: readonly ShadowClient[];
  /** RFC 3339, of the newest message. */
  readonly newest: string;
  /** Of the newest messages, three at most. */
  readonly queueIds: readonly string[];
}

export interface ShadowClient {
  readonly ip?: string;
  /** A name that leads back to the address (iprev), the newest. */
  readonly name?: string;
  readonly messages: number;
  /** What would have been done with its mail of this domain, the most frequent first. */
  readonly actions: readonly ShadowAction[];
  /** RFC 3339, of the newest message. */
  readonly newest: string;
  /** Of the newest messages, three at most. */
  readonly queueIds: readonly string[];
}

export interface ShadowAction {
  readonly action: Action;
  readonly messages: number;
  /** Entries of `Disposition.why` of these messages, the most frequent first. */
  readonly why: readonly { readonly entry: string; readonly messages: number }[];
  /** Of the newest of them, three at most. */
  readonly queueIds: readonly string[];
}

export interface SelectorQuery {
  /** `d=`: A-labels, lower case. */
  readonly domain: string;
  /** Wall-clock time in ms, included. */
  readonly since: number;
}

export interface StoreStats {
  readonly records: number;
  /** Of the database, without free pages. */
  readonly octets: number;
  /** RFC 3339, of the oldest record. */
  readonly oldest?: string;
  /** Since the start: */
  readonly ingested: number;
  /** Records that were there already, as after a crash. */
  readonly repeated: number;
  /** Lines that could not be read and were set aside. */
  readonly damagedLines: number;
  /** Records deleted by `record.keep` and `record.max_size`. */
  readonly expired: number;
  /** How often the store's thread had died and was to be started again. */
  readonly restarts?: number;
  /** Why the store takes nothing at present. */
  readonly lastError?: string;
}

/** The kept records, whatever keeps them. */
export interface RecordStore {
  /** Newest first. */
  find(query: RecordQuery): Promise<readonly MessageRecord[]>;
  /** Messages by one column since a time (ms), the most frequent first, 100 rows at most. */
  countBy(column: CountedColumn, since: number): Promise<readonly CountRow[]>;
  /** Where the two DMARC discoveries differ; like `countBy` of what the database has taken in. */
  listDifferences(query: DifferenceQuery): Promise<DmarcDifferences>;
  /** What the shadow would have done, also by records that wait in the spool. */
  listShadow(query: ShadowQuery): Promise<ShadowSummary>;
  /** Selectors that signed for a domain, also by records that wait in the spool; 100 at most. */
  listSelectors(query: SelectorQuery): Promise<readonly string[]>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}
