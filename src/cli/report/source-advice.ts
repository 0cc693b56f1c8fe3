import { ranks } from "../../collect/classify/rank.ts";
import type { SourceGroup } from "../../collect/classify/source.ts";
import type { Advice } from "../text/source-text.ts";

/** What is to be done about a source, by its place in the order of work. */
export function adviceOf({ rank, group, state }: Pick<SourceGroup, "rank" | "group" | "state">): Advice {
  switch (rank) {
    case ranks.ownUnsigned:
      return group === "own-unknown" ? "find-owner" : "sign-own";
    case ranks.ownFailing:
      if (group === "own-unknown") return "find-owner";
      return state === "broken" ? "mend-own" : "allow-own";
    case ranks.serviceUnsigned:
      return group === "unknown" ? "sign-in-spf" : "sign-service";
    case ranks.serviceFailing:
      if (state === "broken") return group === "unknown" ? "mend-own" : "mend-service";
      return group === "unknown" ? "sign-in-spf" : "set-up-service";
    case ranks.unknown:
      return "find-out";
    case ranks.works:
      if (group === "unknown") return "tell-whose";
      return state === "no-spf" ? "add-to-spf" : "nothing";
    case ranks.list:
      return "list";
    case ranks.spoofed:
      return "ignore";
    case ranks.listed:
      return "low-reputation";
    case ranks.hosting:
      return "find-out";
    default:
      return "leave";
  }
}
