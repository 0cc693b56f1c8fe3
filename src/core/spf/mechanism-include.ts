import type { DomainOutcome } from "./evaluate-domain.ts";
import { type MechanismOutcome, match, noMatch } from "./evaluation.ts";

/** What the result of the included check_host() makes of "include": the table of RFC 7208 §5.2. */
export function includeOutcome(included: DomainOutcome): MechanismOutcome {
  switch (included.kind) {
    case "none":
      return { kind: "permerror", problem: "include-none" };
    case "temperror":
    case "permerror":
      return included;
    case "decided":
      return included.result === "pass" ? match : noMatch;
  }
}
