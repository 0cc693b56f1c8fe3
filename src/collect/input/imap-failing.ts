/** Failures over one mail, while others came, before it is left alone until the next start. */
const maxFailures = 5;

interface FailingMail {
  readonly reason: string;
  readonly tries: number;
  readonly failures: number;
}

/**
 * Mails that the server has not given so far. A failure counts against a mail only if others came in a round in which it
 * did not: a server that gives nothing at all, or throttles, has other troubles than this mail.
 */
export class FailingMails {
  readonly #mails = new Map<number, FailingMail>();

  get size(): number {
    return this.#mails.size;
  }

  /** In a few words; undefined when there are none. */
  get trouble(): string | undefined {
    const [first] = this.#mails;
    if (first === undefined) return undefined;
    const [uid, { reason }] = first;
    return `mails that the server does not give: ${this.#mails.size}, such as UID=${uid} (${reason})`;
  }

  has(uid: number): boolean {
    return this.#mails.has(uid);
  }

  /** What was tried least comes first: one over which the connection breaks must not hold up the others. */
  inOrder(): readonly number[] {
    const all = [...this.#mails].toSorted(([a, one], [b, other]) => one.tries - other.tries || a - b);
    return all.map(([uid]) => uid);
  }

  /** It was asked for together with others, and did not come. */
  note(uid: number, reason: string): void {
    if (!this.#mails.has(uid)) this.#mails.set(uid, { reason, tries: 0, failures: 0 });
  }

  /** It was asked for alone, and did not come. */
  tried(uid: number, reason: string): void {
    const { tries, failures } = this.#mails.get(uid) ?? { tries: 0, failures: 0 };
    this.#mails.set(uid, { reason, tries: tries + 1, failures });
  }

  /** @returns Whether it is at fault, and not to be asked for any more. */
  blame(uid: number, othersCame: boolean): boolean {
    const mail = this.#mails.get(uid);
    if (mail === undefined) return false;
    // Where nothing else is left to come, those that have failed among others go on being counted.
    const failures = mail.failures + (othersCame || mail.failures > 0 ? 1 : 0);
    this.#mails.set(uid, { ...mail, failures });
    return failures >= maxFailures;
  }

  forget(uid: number): void {
    this.#mails.delete(uid);
  }

  clear(): void {
    this.#mails.clear();
  }
}
