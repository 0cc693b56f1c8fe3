import { setImmediate } from "node:timers/promises";

const longMs = 10;

/** Lets others of this thread work when it has taken long. */
export class Pause {
  #sinceMs = performance.now();

  async whenLong(): Promise<void> {
    if (performance.now() - this.#sinceMs < longMs) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
