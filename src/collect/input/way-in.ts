import type { Log } from "../../log.ts";
import type { StateStore } from "../../store/state.ts";
import type { Incoming } from "./arrival.ts";

/** Something that brings reports by itself as long as the program runs. */
export interface WayIn {
  status(): WayInStatus;
  /** Finishes what it has begun to take in; cuts it off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface WayInStatus {
  readonly kind: "imap" | "folder" | "lmtp";
  /** Where from, for people; without secrets. */
  readonly name: string;
  /** "waiting": after an error, for the next try. */
  readonly state: "connecting" | "up" | "waiting" | "closed";
  /** In a few words; absent when all is well. */
  readonly error?: string;
  /** Arrivals that are committed, since the start. */
  readonly arrivals: number;
  /** Mails that were there and could not be taken in; they stay there. Absent when there are none. */
  readonly left?: number;
  /** Milliseconds since 1970: when everything that was there was taken in. */
  readonly lastSuccess?: number;
}

/** What every way in needs. */
export interface WayInServices {
  /** Takes arrivals in; each one's `done` is called after it is committed. Rejects when the store fails. */
  take(incoming: AsyncIterable<Incoming>): Promise<void>;
  readonly state: StateStore;
  /** Of the store that arrivals are taken into: what is remembered of a mailbox holds for it alone. */
  storeId(): Promise<string>;
  /** Does the work unless another process that shares the store is at it. @returns Whether it was done. */
  alone(name: string, work: () => Promise<void>): Promise<boolean>;
  readonly log: Log;
}

export async function* eachOf<T>(items: Iterable<T>): AsyncIterable<T> {
  yield* items;
}
