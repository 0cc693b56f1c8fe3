/**
 * The milter protocol (versions 2 to 6) on the side of the filter: `serveMilter` listens and runs a `MilterSession` for
 * each connection of an MTA. It needs nothing else of this package.
 */
export { MilterFault, type MilterFaultCode, type Negotiated, type ProtocolProblem } from "./assemble.ts";
export type { DroppedEdit, EditProblem } from "./edits.ts";
export {
  formatListenAddress,
  type ListenAddress,
  MilterListenError,
  type MilterListenErrorCode,
  type PeerNetwork,
  parseListenAddress,
  removeStaleSocket,
} from "./listen.ts";
export type { EditKind, MacroLists, MacroStage, MilterWants } from "./negotiate.ts";
export {
  type CloseReason,
  type ConnectionInfo,
  type MilterEvent,
  type MilterServer,
  type MilterServerChanges,
  type MilterServerOptions,
  type MilterStats,
  serveMilter,
} from "./server.ts";
export type * from "./types.ts";
