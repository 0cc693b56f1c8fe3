import { createFailureKeeper, type FailureKeeper } from "../../collect/failure/failure-keeper.ts";
import type { Config } from "../../config/config.ts";
import { openSharedState } from "../../store/shared.ts";

/** Takes out of failure reports what the configuration says. */
export function failureKeeper(config: Config): FailureKeeper {
  return createFailureKeeper(config.collect.failure.content, () => openSharedState(config));
}
