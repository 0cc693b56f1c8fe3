import {
  SMTPServer,
  type SMTPServerAddress,
  type SMTPServerDataStream,
  type SMTPServerSession,
} from "smtp-server";
import type { LmtpConfig } from "../../config/collect-config.ts";
import { reasonOf } from "../reason-of.ts";
import { eachOf, type WayIn, type WayInServices, type WayInStatus } from "./way-in.ts";

/** The MTA keeps connections for a while; at the end nobody waits for it for longer than this. */
const closeWithinMs = 2_000;
const maxClients = 20;
const silenceMs = 300_000;

/** A handle cannot be listened on twice: what changes in a configuration is taken into use while it listens. */
export interface ReportReceiver extends WayIn {
  /** @param config Another one that listens at the same place. */
  use(config: LmtpConfig, options: LmtpOptions): void;
}

export interface LmtpOptions extends WayInServices {
  /** Of the greeting. */
  readonly hostname: string;
}

/** What the MTA is told; its words stand in the log of the MTA. */
class Reply extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/**
 * Takes mails from the MTA of this machine. RFC 2033 (or SMTP): the answer after the last octet is 250 only when everything in the
 * mail is committed; while the store cannot be used the MTA is asked to come again.
 * @param handle A bound socket, as the supervisor hands it on; undefined: it is bound here.
 */
export async function listenForReports(
  config: LmtpConfig,
  options: LmtpOptions,
  handle?: object,
): Promise<ReportReceiver> {
  const receiver = new Receiver(config, options);
  await receiver.listen(handle);
  return receiver;
}

class Receiver implements ReportReceiver {
  #config: LmtpConfig;
  #options: LmtpOptions;
  readonly #server: SMTPServer;
  readonly #atWork = new Set<Promise<void>>();
  #state: WayInStatus["state"] = "connecting";
  #error: string | undefined;
  #arrivals = 0;
  #lastSuccess: number | undefined;

  constructor(config: LmtpConfig, options: LmtpOptions) {
    this.#config = config;
    this.#options = options;
    this.#server = new SMTPServer({
      name: options.hostname,
      lmtp: config.protocol === "lmtp",
      size: config.maxSize,
      disabledCommands: ["AUTH", "STARTTLS"],
      authOptional: true,
      disableReverseLookup: true,
      hideSMTPUTF8: false,
      hide8BITMIME: false,
      logger: false,
      maxClients,
      socketTimeout: silenceMs,
      closeTimeout: closeWithinMs,
      onRcptTo: (address, _session, answer) => answer(this.#refusal(address)),
      onData: (stream, session, answer) => this.#begin(stream, session, answer),
    });
    this.#server.on("error", (error) =>
      options.log.warn("collect: receiver", { listen: config.listen, reason: reasonOf(error) }),
    );
  }

  use(config: LmtpConfig, options: LmtpOptions): void {
    this.#config = config;
    this.#options = options;
    Object.assign(this.#server.options, {
      name: options.hostname,
      lmtp: config.protocol === "lmtp",
      size: config.maxSize,
    });
  }

  async listen(handle: object | undefined): Promise<void> {
    const { address } = this.#config;
    const listening = Promise.withResolvers<void>();
    this.#server.server.once("listening", listening.resolve).once("error", listening.reject);
    if (handle !== undefined) this.#server.listen(handle);
    else if (address.kind === "unix") this.#server.listen(address.path);
    else this.#server.listen(address.port, address.host);
    await listening.promise;
    this.#state = "up";
    this.#options.log.info("collect: receiver is up", { listen: this.#config.listen });
  }

  status(): WayInStatus {
    return {
      kind: "lmtp",
      name: `${this.#config.protocol} ${this.#config.listen}`,
      state: this.#state,
      arrivals: this.#arrivals,
      ...(this.#error !== undefined && { error: this.#error }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#state = "closed";
    const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.race([late, Promise.all([closed, ...this.#atWork])]);
  }

  #refusal({ address }: SMTPServerAddress): Reply | undefined {
    const known = this.#config.recipients.includes(withoutExtension(address.toLowerCase()));
    return known ? undefined : new Reply(550, "5.1.1 no reports are taken for this address");
  }

  #begin(
    stream: SMTPServerDataStream,
    { envelope }: SMTPServerSession,
    answer: (error?: Error | null) => void,
  ): void {
    const envelopeTo = envelope.rcptTo.map(({ address }) => address);
    const work = this.#take(stream, envelopeTo).then(
      () => answer(),
      (error: unknown) => answer(error instanceof Reply ? error : new Reply(451, "4.3.0 try again later")),
    );
    this.#atWork.add(work);
    void work.finally(() => this.#atWork.delete(work));
  }

  async #take(stream: SMTPServerDataStream, envelopeTo: readonly string[]): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) chunks.push(chunk);
    // Octets that were not counted as over the limit until the end.
    if (stream.sizeExceeded) throw new Reply(552, "5.3.4 larger than max_size");
    try {
      const arrival = { ...this.#arrival(Buffer.concat(chunks)), envelopeTo };
      await this.#options.take(eachOf([{ kind: "arrival", arrival }]));
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.log[this.#error === reason ? "debug" : "warn"]("collect: receiver", {
        listen: this.#config.listen,
        reason,
      });
      this.#error = reason;
      throw new Reply(451, "4.3.0 the store of reports cannot be used now");
    }
    this.#error = undefined;
    this.#lastSuccess = Date.now();
    this.#arrivals += 1;
  }

  #arrival(octets: Buffer): { readonly octets: Buffer; readonly via: string; readonly receivedAt: number } {
    return { octets, via: this.#config.protocol, receivedAt: Date.now() };
  }
}

/** `dmarc+example.org@rcpt.example` is `dmarc@rcpt.example`: one address for each domain, without a list of them. */
function withoutExtension(address: string): string {
  const at = address.lastIndexOf("@");
  const plus = address.indexOf("+");
  return plus > 0 && plus < at ? address.slice(0, plus) + address.slice(at) : address;
}
