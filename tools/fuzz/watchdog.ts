import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Seconds for which one case may run before the whole run is given up. */
const hangSeconds = 20;
const nameOctets = 200;

interface Shared {
  /** [case index, length of the target's name] */
  readonly numbers: Int32Array<SharedArrayBuffer>;
  readonly name: Uint8Array<SharedArrayBuffer>;
  readonly seed: string;
}

export interface Watchdog {
  watch(target: string): (index: number) => void;
  stop(): Promise<number>;
}

/** A thread that keeps the process alive until `stop`, and kills it, naming the case, when one case does not end. */
export function startWatchdog(seed: string): Watchdog {
  const shared: Shared = {
    numbers: new Int32Array(new SharedArrayBuffer(8)),
    name: new Uint8Array(new SharedArrayBuffer(nameOctets)),
    seed,
  };
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: shared });
  return {
    watch(target) {
      const octets = Buffer.from(target).subarray(0, nameOctets);
      shared.name.set(octets);
      Atomics.store(shared.numbers, 1, octets.length);
      return (index) => Atomics.store(shared.numbers, 0, index);
    },
    stop: () => worker.terminate(),
  };
}

function guard({ numbers, name, seed }: Shared): void {
  let last = -1;
  let since = performance.now();
  setInterval(() => {
    const index = Atomics.load(numbers, 0);
    const target = Buffer.from(name.slice(0, Atomics.load(numbers, 1))).toString();
    if (index !== last) {
      last = index;
      since = performance.now();
    } else if (target !== "" && performance.now() - since > hangSeconds * 1000) {
      // Not process.stderr: a worker's passes through the thread that hangs.
      writeSync(2, `hang: --target ${target} --seed ${seed} --case ${index} does not end\n`);
      process.kill(process.pid, "SIGKILL");
    }
  }, 1000);
}

if (!isMainThread) guard(workerData as Shared);
