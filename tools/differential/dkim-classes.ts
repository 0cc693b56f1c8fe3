import type { DkimResult } from "../../src/core/results.ts";
import type { DkimDifferentialCase } from "./dkim-cases.ts";

export type DkimPeer = "dkimpy" | "Mail::DKIM";

export interface PeerSignature {
  readonly result: "pass" | "no-pass";
  readonly why: string;
}

export interface DkimDisagreement {
  readonly test: DkimDifferentialCase;
  readonly peer: DkimPeer;
  readonly ours: DkimResult;
  readonly theirs: PeerSignature;
  /** The value of the signature field, one octet a character. */
  readonly value: string;
  /** The key record that the signature names; undefined without one. */
  readonly record: string | undefined;
  /** What we make of this signature in another case: as the peer sees this one. */
  readonly judge: (test: DkimDifferentialCase) => Promise<DkimResult | undefined>;
}

export interface DkimClass {
  readonly id: string;
  readonly peer: DkimPeer;
  readonly right: "ours" | "theirs" | "either";
  /** The text that decides. */
  readonly clause: string;
  readonly reason: string;
  explains(disagreement: DkimDisagreement): boolean | Promise<boolean>;
}

export const dkimClasses: readonly DkimClass[] = [];
