import { availableParallelism } from "node:os";
import type { Config, MilterSocketConfig } from "../config/config.ts";

/** What a new configuration changes in a running program. */
export interface ReloadPlan {
  /** The new one, with the old values where a change needs a restart. */
  readonly config: Config;
  /** Keys whose change takes effect only after a restart. */
  readonly needsRestart: readonly string[];
  readonly openSockets: readonly MilterSocketConfig[];
  /** `listen` of those that are not in the new configuration. */
  readonly closeSockets: readonly string[];
  /** Unix sockets whose mode or group is another now. */
  readonly permitSockets: readonly MilterSocketConfig[];
  readonly webChanged: boolean;
}

/** Compares the configuration in force with a new one. */
export function planReload(old: Config, wanted: Config): ReloadPlan {
  const { config, needsRestart } = withoutFixed(old, wanted);
  const before = new Map(old.milter.sockets.map((socket) => [socket.listen, socket]));
  const after = new Set(config.milter.sockets.map(({ listen }) => listen));
  return {
    config,
    needsRestart,
    openSockets: config.milter.sockets.filter(({ listen }) => !before.has(listen)),
    closeSockets: [...before.keys()].filter((listen) => !after.has(listen)),
    permitSockets: config.milter.sockets.filter((socket) => {
      const same = before.get(socket.listen);
      return same !== undefined && (same.mode !== socket.mode || same.group !== socket.group);
    }),
    webChanged: JSON.stringify(old.web.listen) !== JSON.stringify(config.web.listen),
  };
}

function withoutFixed(old: Config, wanted: Config): Pick<ReloadPlan, "config" | "needsRestart"> {
  const needsRestart: string[] = [];
  if (old.dataDir !== wanted.dataDir) needsRestart.push("data_dir");
  if (old.user !== wanted.user) needsRestart.push("user");
  if (old.group !== wanted.group) needsRestart.push("group");
  // Mail handled in this process and in others are two ways to start.
  const otherWay = (old.milter.workers === 0) !== (wanted.milter.workers === 0);
  if (otherWay) needsRestart.push("milter.workers");
  const { user: _user, group: _group, ...rest } = wanted;
  return {
    needsRestart,
    config: {
      ...rest,
      dataDir: old.dataDir,
      ...(old.user !== undefined && { user: old.user }),
      ...(old.group !== undefined && { group: old.group }),
      milter: { ...wanted.milter, workers: otherWay ? old.milter.workers : wanted.milter.workers },
    },
  };
}

/** Worker processes that a configuration asks for. */
export function workerCount(
  { milter }: Pick<Config, "milter">,
  cores: number = availableParallelism(),
): number {
  return milter.workers === "auto" ? cores : milter.workers;
}
