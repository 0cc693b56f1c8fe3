import { Counter, type Registry } from "prom-client";

interface Counted<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  count: number;
}

/** A counter that costs little for each message: it becomes one of the metrics library only when somebody reads. */
export class Tally<Label extends string> {
  readonly #names: readonly Label[];
  /** By the values of the labels, each with a blank behind it. */
  readonly #counted = new Map<string, Counted<Label>>();

  constructor(registry: Registry, name: string, help: string, labelNames: readonly Label[]) {
    this.#names = labelNames;
    const counted = this.#counted;
    new Counter<Label>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of counted.values()) this.inc(labels, count);
      },
    });
  }

  /** @param labels Words of ours, without blanks. */
  inc(labels: Readonly<Record<Label, string>>, by = 1): void {
    let key = "";
    for (const name of this.#names) key += `${labels[name]} `;
    const known = this.#counted.get(key);
    if (known === undefined) this.#counted.set(key, { labels, count: by });
    else known.count += by;
  }
}

/** Makes a counter of the program; its name gets the prefix `sekisho_`. */
export type MakeCounter = <Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
) => Tally<Label>;
