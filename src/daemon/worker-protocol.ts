import type { Config } from "../config/config.ts";
import type { EngineSnapshot } from "./engine.ts";
import type { NumberedAnswer, NumberedQuestion } from "./shared-answers.ts";

/** What a worker process is for. */
export type WorkerWork = "mail" | "collector";

/** What the supervisor tells a worker. `number` comes back with the answer. */
export type ToWorker =
  /** With the handle of the bound socket. */
  | { readonly kind: "socket"; readonly listen: string }
  | { readonly kind: "configure"; readonly number: number; readonly config: Config }
  | { readonly kind: "snapshot"; readonly number: number }
  /** To questions of its own. */
  | { readonly kind: "answers"; readonly answers: readonly NumberedAnswer[] }
  /** Accept nothing more, and end when the last connection is over. */
  | { readonly kind: "retire" }
  | { readonly kind: "stop"; readonly graceMs: number };

/** What a worker tells the supervisor. */
export type FromWorker =
  | { readonly kind: "configured"; readonly number: number }
  | { readonly kind: "failed"; readonly number: number; readonly message: string }
  /** Without a number it comes by itself, as a sign of life. */
  | { readonly kind: "snapshot"; readonly number?: number; readonly snapshot: EngineSnapshot }
  /** About what is one for all workers. */
  | { readonly kind: "ask"; readonly questions: readonly NumberedQuestion[] };

/** How often a worker gives a sign of life. */
export const signEveryMs = 2_000;

/** Exit codes of a worker. */
export const exitUncaught = 70;
/** The supervisor is gone. */
export const exitOrphaned = 71;
