import type { Health } from "../web/server.ts";
import type { Status } from "./status.ts";

/** What `/healthz` says: ill while no worker is up, a socket is gone, records cannot be kept, or the program stops. */
export function healthOf({
  workers,
  sockets,
  recordsError,
  isDraining,
}: {
  readonly workers: Status["workers"];
  readonly sockets: Status["sockets"];
  readonly recordsError: string | undefined;
  readonly isDraining: boolean;
}): Health {
  const active = workers.filter(({ state }) => state !== "retiring");
  const up = active.filter(({ state }) => state === "up").length;
  const missing = sockets.filter(({ ok }) => !ok);
  const parts = {
    milter: missing.length === 0 ? "ok" : `no socket at ${missing.map(({ listen }) => listen).join(", ")}`,
    workers: up > 0 && up === active.length ? "ok" : `${up} of ${active.length} up`,
    records: recordsError ?? "ok",
  };
  if (isDraining) return { ok: false, parts: { program: "draining", ...parts } };
  return { ok: up > 0 && parts.milter === "ok" && parts.records === "ok", parts };
}
