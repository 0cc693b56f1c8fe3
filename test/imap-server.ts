import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface ServedMail {
  readonly uid: number;
  readonly octets: string;
  deleted?: boolean;
}

/** What a server with faults does in place of a right answer. */
export interface ImapFaults {
  /** What it can do besides IMAP4rev1. */
  capabilities: string;
  /** Octets that are sent in place of the answer, `undefined` for the right one, "" to cut the connection. */
  answer(command: string, tag: string): string | undefined;
  /** What is sent for a mail, or "NO": nothing, and a NO at the end. */
  body(mail: ServedMail): string | undefined;
  size(mail: ServedMail): number | undefined;
}

/** An IMAP server with one folder that says what a test wants. */
export class ImapServer {
  readonly commands: string[] = [];
  readonly moved: number[] = [];
  mails: ServedMail[];
  uidValidity = 7;
  readonly #faults: Partial<ImapFaults>;
  readonly #server: Server;

  private constructor(mails: readonly ServedMail[], faults: Partial<ImapFaults>) {
    this.mails = mails.map((mail) => ({ ...mail }));
    this.#faults = faults;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Ends with the test. @param faults May be changed later. */
  static async start(mails: readonly ServedMail[], faults: Partial<ImapFaults> = {}): Promise<ImapServer> {
    const server = new ImapServer(mails, faults);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.#server.close());
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  count(command: RegExp): number {
    return this.commands.filter((one) => command.test(one)).length;
  }

  #serve(socket: Socket): void {
    let rest = "";
    let idle = "";
    socket.on("error", () => {});
    socket.setNoDelay(true);
    socket.write(`* OK [CAPABILITY ${this.#capabilities()}] ready\r\n`);
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString("latin1")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "DONE") socket.write(`${idle} OK done\r\n`);
        else {
          idle = line.split(" ", 1)[0] ?? "";
          this.#answer(socket, idle, line.slice(idle.length + 1));
        }
      }
    });
  }

  #capabilities(): string {
    return `IMAP4rev1 ${this.#faults.capabilities ?? "IDLE MOVE UIDPLUS"}`;
  }

  #answer(socket: Socket, tag: string, command: string): void {
    this.commands.push(command);
    const own = this.#faults.answer?.(command, tag);
    if (own === "") socket.destroy();
    else if (own !== undefined) socket.write(own);
    else if (command === "IDLE") socket.write("+ idling\r\n");
    else {
      const { lines, status = "OK" } = this.#perform(command);
      socket.write([...lines, `${tag} ${status} done`, ""].join("\r\n"), "latin1");
      if (command === "LOGOUT") socket.end();
    }
  }

  #perform(command: string): { readonly lines: readonly string[]; readonly status?: string } {
    const [verb = "", sub = "", set = ""] = command.split(" ");
    switch (verb === "UID" ? `UID ${sub}` : verb) {
      case "CAPABILITY":
        return { lines: [`* CAPABILITY ${this.#capabilities()}`] };
      case "LIST":
        return { lines: ['* LIST () "/" INBOX', '* LIST () "/" Done'] };
      case "SELECT":
        return { lines: [`* ${this.mails.length} EXISTS`, `* OK [UIDVALIDITY ${this.uidValidity}] x`] };
      case "UID SEARCH":
        return { lines: [`* SEARCH ${this.#found(command).join(" ")}`] };
      case "UID FETCH":
        return this.#fetch(command.includes("SIZE"), set);
      case "UID COPY":
        this.moved.push(...this.#named(set).map(({ uid }) => uid));
        return { lines: [] };
      case "UID MOVE":
        this.moved.push(...this.#named(set).map(({ uid }) => uid));
        return { lines: this.#expunge(this.#named(set)) };
      case "UID STORE":
        if (command.includes("Deleted")) for (const mail of this.#named(set)) mail.deleted = true;
        return { lines: [] };
      case "EXPUNGE":
        return { lines: this.#expunge(this.mails.filter(({ deleted }) => deleted)) };
      case "UID EXPUNGE":
        return { lines: this.#expunge(this.#named(set).filter(({ deleted }) => deleted)) };
      default:
        return { lines: [] };
    }
  }

  #found(command: string): readonly number[] {
    const set = /\bUID ([\d:*,]+)/.exec(command.slice("UID SEARCH".length))?.[1];
    const named = set === undefined ? this.mails : this.#named(set);
    return named
      .filter(({ deleted }) => deleted !== true || !command.includes("UNDELETED"))
      .map(({ uid }) => uid);
  }

  #fetch(isOfSizes: boolean, set: string): { readonly lines: readonly string[]; readonly status?: string } {
    const { body, size } = this.#faults;
    const lines: string[] = [];
    let status = "OK";
    for (const mail of this.#named(set)) {
      const { uid, octets } = mail;
      const at = this.mails.indexOf(mail) + 1;
      const told = isOfSizes && (size === undefined ? octets.length : size(mail));
      const given = body === undefined ? `BODY[] {${octets.length}}\r\n${octets}` : body(mail);
      if (isOfSizes) {
        if (told !== undefined) lines.push(`* ${at} FETCH (UID ${uid} RFC822.SIZE ${told})`);
      } else if (given === "NO") status = "NO";
      else if (given !== undefined) lines.push(`* ${at} FETCH (UID ${uid} ${given})`);
    }
    return { lines, status };
  }

  #expunge(gone: readonly ServedMail[]): readonly string[] {
    return gone.map((mail) => {
      const at = this.mails.indexOf(mail);
      this.mails.splice(at, 1);
      return `* ${at + 1} EXPUNGE`;
    });
  }

  #named(set: string): readonly ServedMail[] {
    const last = this.mails.at(-1)?.uid ?? 0;
    const ranges = set.split(",").map((part) => {
      const [from = 0, to = from] = part.split(":").map((one) => (one === "*" ? last : Number(one)));
      return [Math.min(from, to), Math.max(from, to)] as const;
    });
    return this.mails.filter(({ uid }) => ranges.some(([from, to]) => uid >= from && uid <= to));
  }
}

/** The mail's octets as they stand in an answer. */
export function bodyOf({ octets }: ServedMail): string {
  return `BODY[] {${octets.length}}\r\n${octets}`;
}
