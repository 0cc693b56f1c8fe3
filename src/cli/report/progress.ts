import type { FileCount } from "../../collect/input/files.ts";
import type { Io } from "../io.ts";
import { truncate } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { grouped } from "./table.ts";

const everyMs = 200;
/** Before that a rate says little. */
const rateAfterMs = 1_000;

/** One line on the terminal that tells how far an import has come; nothing where there is none. */
export class Progress {
  readonly #io: Io;
  readonly #all: FileCount;
  readonly #startMs: number;
  #shownMs = 0;
  #shown = false;

  constructor(io: Io, all: FileCount, nowMs: number) {
    this.#io = io;
    this.#all = all;
    this.#startMs = nowMs;
  }

  /** @param arrivals Mails and files that are committed. */
  update(done: FileCount, arrivals: number, nowMs: number): void {
    if (!this.#io.isTty || nowMs - this.#shownMs < everyMs) return;
    this.#shownMs = nowMs;
    const elapsed = nowMs - this.#startMs;
    const perSecond = grouped(Math.round((arrivals * 1000) / Math.max(elapsed, 1)));
    const { progress } = reportText(this.#io.lang);
    const text = progress(
      grouped(done.files),
      grouped(this.#all.files),
      perSecond,
      this.#left(done, elapsed),
    );
    this.#io.stdout.write(`\r\u001b[K${truncate(text, this.#io.columns - 1)}`);
    this.#shown = true;
  }

  /** By octets, since one file can be a mailbox of years. */
  #left({ octets }: FileCount, elapsedMs: number): string | undefined {
    if (elapsedMs < rateAfterMs || octets === 0 || this.#all.octets < octets) return undefined;
    return clockTime((elapsedMs * (this.#all.octets - octets)) / octets);
  }

  /** Makes room for other lines. */
  clear(): void {
    if (this.#shown) this.#io.stdout.write("\r\u001b[K");
    this.#shown = false;
    this.#shownMs = 0;
  }
}

/** 75000 as 1:15. */
function clockTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
