import type { Clock } from "../core/clock.ts";
import { canonicalName } from "../core/dns/name.ts";
import type {
  DnsAnswer,
  DnsFailureReason,
  DnsQueryOptions,
  DnsRecordOf,
  DnsResolver,
  DnsType,
} from "../core/dns/resolver.ts";

/** A question without an answer. */
export interface Unanswered {
  readonly name: string;
  readonly type: DnsType;
  /** "limit": it was not asked, since the run had asked too much or too long. */
  readonly reason: DnsFailureReason | "limit";
}

export interface BoundedDns {
  readonly resolver: DnsResolver;
  /** Every question that found no answer, each once, in order; names that cannot be asked or lie outside are left out. */
  readonly unanswered: readonly Unanswered[];
  /** Questions, each once. */
  asked(): number;
}

export interface DnsBounds {
  /** Different questions for one domain. */
  readonly maxQueries: number;
  /** By `Clock.monotonic()`; whatever is asked later has no answer. */
  readonly deadline: number;
  /** Questions on their way at a time; the rest wait, so that nobody's server is flooded. */
  readonly maxActive: number;
}

/**
 * Asks each question once, no more than so many and so long, and keeps what was left without an answer. Whatever a
 * check does, it ends: after the deadline all questions fail at once.
 */
export function boundedDns(dns: DnsResolver, clock: Clock, bounds: DnsBounds): BoundedDns {
  const run = new Run(dns, clock, bounds);
  return {
    resolver: {
      query: <T extends DnsType>(name: string, type: T, options?: DnsQueryOptions) =>
        run.query(name, type, options) as Promise<DnsAnswer<DnsRecordOf[T]>>,
    },
    unanswered: run.unanswered,
    asked: () => run.answers.size,
  };
}

type AnyAnswer = DnsAnswer<DnsRecordOf[DnsType]>;

class Run {
  readonly unanswered: Unanswered[] = [];
  readonly answers = new Map<string, Promise<AnyAnswer>>();
  readonly #dns: DnsResolver;
  readonly #clock: Clock;
  readonly #bounds: DnsBounds;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(dns: DnsResolver, clock: Clock, bounds: DnsBounds) {
    this.#dns = dns;
    this.#clock = clock;
    this.#bounds = bounds;
  }

  query(name: string, type: DnsType, options?: DnsQueryOptions): Promise<AnyAnswer> {
    const key = `${type} ${canonicalName(name) ?? name}`;
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answer =
      this.answers.size >= this.#bounds.maxQueries
        ? Promise.resolve(this.#giveUp(name, type))
        : this.#ask(name, type, options);
    this.answers.set(key, answer);
    return answer;
  }

  #giveUp(name: string, type: DnsType): AnyAnswer {
    this.unanswered.push({ name, type, reason: "limit" });
    return { kind: "failure", reason: "timeout" };
  }

  async #ask(name: string, type: DnsType, options?: DnsQueryOptions): Promise<AnyAnswer> {
    await this.#turn();
    try {
      if (this.#clock.monotonic() >= this.#bounds.deadline) return this.#giveUp(name, type);
      const deadline = Math.min(this.#bounds.deadline, options?.deadline ?? Number.POSITIVE_INFINITY);
      const answer = await this.#dns.query(name, type, { deadline });
      if (answer.kind === "failure" && answer.reason !== "offline" && answer.reason !== "bad-name")
        this.unanswered.push({ name, type, reason: answer.reason });
      return answer;
    } finally {
      this.#active -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#active >= this.#bounds.maxActive)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    this.#active += 1;
  }
}
