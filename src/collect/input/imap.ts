import { setTimeout as sleep } from "node:timers/promises";
import type { ImapFlow } from "imapflow";
import type { MailboxConfig } from "../../config/collect-config.ts";
import { reasonOf } from "../reason-of.ts";
import { connectMailbox, LoginRefused } from "./imap-client.ts";
import { MailFolderRounds } from "./imap-rounds.ts";
import { Alarm, RetryWait } from "./retry-wait.ts";
import type { WayIn, WayInServices, WayInStatus } from "./way-in.ts";

const firstRetryMs = 1_000;
const longestRetryMs = 300_000;
/** Servers lock accounts and firewalls lock addresses after a few wrong logins. */
const afterRefusalMs = 60_000;
const logoutWithinMs = 2_000;
/** While another process takes in what is there. */
const elsewhereMs = 5_000;

/** One folder of a mailbox, over a connection of its own: taken in when it is opened, and whenever something comes. */
export function watchMailFolder(mailbox: MailboxConfig, folder: string, services: WayInServices): WayIn {
  const way = new MailFolder(mailbox, folder, services);
  way.start();
  return way;
}

class MailFolder implements WayIn {
  readonly #mailbox: MailboxConfig;
  readonly #services: WayInServices;
  readonly #rounds: MailFolderRounds;
  readonly #name: string;
  readonly #alarm = new Alarm();
  readonly #retry = new RetryWait(firstRetryMs, longestRetryMs);
  #client: ImapFlow | undefined;
  /** From the first opening of the folder to the end of the connection. */
  #isOpen = false;
  #state: WayInStatus["state"] = "connecting";
  #error: string | undefined;
  #lastSuccess: number | undefined;
  /** Mails that were done with when it was last wrong. */
  #doneThen = 0;
  #closing = false;
  #over: Promise<void> = Promise.resolve();

  constructor(mailbox: MailboxConfig, folder: string, services: WayInServices) {
    this.#mailbox = mailbox;
    this.#services = services;
    this.#rounds = new MailFolderRounds(mailbox, folder, services, () => this.#closing);
    this.#name = this.#rounds.name;
  }

  start(): void {
    this.#over = this.#run();
  }

  status(): WayInStatus {
    return {
      kind: "imap",
      name: this.#name,
      state: this.#state,
      arrivals: this.#rounds.arrivals,
      ...(this.#rounds.left > 0 && { left: this.#rounds.left }),
      ...(this.#error !== undefined && { error: this.#error }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#alarm.wake();
    const late = setTimeout(() => this.#client?.close(), graceMs);
    // A server that does not answer our first words has nothing of ours.
    if (!this.#isOpen) this.#client?.close();
    await Promise.race([this.#over, sleep(graceMs + logoutWithinMs, undefined, { ref: false })]);
    clearTimeout(late);
    this.#state = "closed";
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#session();
        this.#retry.reset();
        if (!this.#closing) await this.#alarm.wait(this.#mailbox.pollMs);
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closing) return;
    const reason = reasonOf(error);
    const { arrivals, left } = this.#rounds;
    // What gets on, if with breaks, need not wait for long.
    if (arrivals + left > this.#doneThen) this.#retry.reset();
    this.#doneThen = arrivals + left;
    const ms = this.#retry.next(error instanceof LoginRefused ? afterRefusalMs : 0);
    this.#state = "waiting";
    // One line when something begins to be wrong, not one at each try.
    const tell = this.#error === reason ? "debug" : "warn";
    this.#services.log[tell]("collect: mailbox", { mailbox: this.#name, reason, retryMs: Math.round(ms) });
    this.#error = reason;
    // What rang until now, such as the end of the connection, is no reason to come back sooner.
    this.#alarm.quiet();
    await this.#alarm.wait(ms);
  }

  /** From the login to the end of the connection; returns when another one is wanted later. */
  async #session(): Promise<void> {
    if (this.#state !== "waiting") this.#state = "connecting";
    const client = await connectMailbox(this.#mailbox, (begun) => {
      this.#client = begun;
    });
    // What comes while a round is under way is seen by the next one.
    const grows = ({ count, prevCount }: { readonly count: number; readonly prevCount: number }): void => {
      if (count > prevCount) this.#alarm.wake();
    };
    const closes = (): void => this.#alarm.wake();
    try {
      client.on("exists", grows);
      // Commands under way are rejected by the library; a wait is not.
      client.once("close", closes);
      await this.#stayOpen(client);
    } finally {
      this.#client = undefined;
      this.#isOpen = false;
      // Our own leaving wakes nobody.
      client.off("exists", grows);
      client.off("close", closes);
      await logout(client);
    }
  }

  async #stayOpen(client: ImapFlow): Promise<void> {
    for (;;) {
      // Each time: one that is renamed stays open under its old name, while another takes its place.
      await this.#rounds.open(client);
      this.#isOpen = true;
      // What was there when it was opened is no news.
      this.#alarm.quiet();
      if (this.#closing) return;
      const done = await this.#services.alone(this.#name, () => this.#rounds.takeAll(client));
      if (this.#closing) return;
      if (!done) {
        this.#state = "up";
        await this.#alarm.wait(Math.min(elsewhereMs, this.#mailbox.pollMs));
        if (this.#closing) return;
        continue;
      }
      this.#succeeded();
      if (!this.#mailbox.idle) return;
      // Ended by the next command. Where the server knows no IDLE the library asks by NOOP.
      client.idle().catch(() => {});
      await this.#alarm.wait(this.#mailbox.pollMs);
      if (this.#closing) return;
      if (!client.usable) throw new Error("the connection was closed");
      // Not before: a server may let everybody in, and throw out whoever stays.
      this.#retry.reset();
    }
  }

  /** What single mails lack keeps nothing else out. */
  #succeeded(): void {
    const { log } = this.#services;
    const { trouble } = this.#rounds;
    if (trouble !== undefined && trouble !== this.#error)
      log.warn("collect: mailbox", { mailbox: this.#name, reason: trouble });
    else if (trouble === undefined && (this.#error !== undefined || this.#state === "connecting"))
      log.info("collect: mailbox is up", { mailbox: this.#name });
    this.#state = "up";
    this.#error = trouble;
    if (trouble === undefined) this.#lastSuccess = Date.now();
  }
}

async function logout(client: ImapFlow): Promise<void> {
  await Promise.race([client.logout().catch(() => {}), sleep(logoutWithinMs, undefined, { ref: false })]);
  client.close();
}
