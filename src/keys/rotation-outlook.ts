import type { PublishConfig } from "../config/rotate-config.ts";
import {
  type RotatedKey,
  type RotationTimes,
  removeDueAt,
  revokeDueAt,
  rotateDueAt,
  usableAt,
} from "./rotation.ts";

/** What a key waits for. */
export type Awaited =
  | "file"
  | "publish"
  | "publish-by-hand"
  | "servers"
  | "caches"
  | "switch"
  | "age"
  | "request"
  | "workers"
  | "operator"
  | "queues"
  | "revoke"
  | "revoke-by-hand"
  | "removal"
  | "remove"
  | "remove-by-hand"
  /** Its time has come; another change of its zone may be under way. */
  | "turn"
  | "nothing";

export interface Outlook {
  readonly awaits: Awaited;
  /** When the next step comes at the earliest, where that is a matter of time; ms since 1970. */
  readonly at?: number;
}

/** What a key waits for, and until when. */
export function outlookOf(key: RotatedKey, times: RotationTimes, method: PublishConfig["method"]): Outlook {
  const byHand = method === "manual";
  switch (key.state) {
    case "planned":
      return { awaits: "file" };
    case "generated":
      return { awaits: byHand ? "publish-by-hand" : "publish" };
    case "published":
      return timed(usableAt(key), "caches", "servers");
    case "proved":
      return { awaits: "switch" };
    case "active":
      return timed(rotateDueAt(key, times), "age", "request");
    case "retiring":
      if (key.change !== undefined) return { awaits: byHand ? "revoke-by-hand" : "revoke" };
      if (key.releasedAt === undefined) return { awaits: "workers" };
      if (key.neverSigned || key.compromised) return { awaits: "turn" };
      return timed(revokeDueAt(key, times), "queues", "operator");
    case "revoked":
      if (key.change !== undefined) return { awaits: byHand ? "remove-by-hand" : "remove" };
      if (key.neverSigned || key.hurried) return { awaits: "turn" };
      return timed(removeDueAt(key, times), "removal", "operator");
    case "gone":
      return { awaits: "nothing" };
  }
}

function timed(at: number | undefined, known: Awaited, unknown: Awaited): Outlook {
  return at === undefined ? { awaits: unknown } : { awaits: known, at };
}
