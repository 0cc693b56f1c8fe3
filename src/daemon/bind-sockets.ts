import type { Config } from "../config/config.ts";
import type { Identity } from "./identity.ts";
import { orphansAreLeft } from "./orphans.ts";
import { bindSocket, type SharedSocket } from "./shared-socket.ts";
import type { DaemonText } from "./text.ts";

/**
 * Binds every socket, or none. @param owner Whose the files of unix sockets become; whose they are when undefined.
 * @param patienceMs How long to wait for workers of a program that was killed to notice that it is gone.
 */
export async function bindSockets(
  sockets: Config["milter"]["sockets"],
  text: DaemonText,
  owner: Identity | undefined,
  patienceMs: number,
): Promise<readonly SharedSocket[]> {
  const bound: SharedSocket[] = [];
  try {
    for (const socket of sockets)
      bound.push(
        await bindSocket(socket, {
          text,
          patienceMs,
          isWorthWaiting: orphansAreLeft,
          ...(owner !== undefined && { owner }),
        }),
      );
  } catch (error) {
    for (const socket of bound) socket.close();
    throw error;
  }
  return bound;
}
