import type { Config } from "../src/config/config.ts";
import { parseConfig } from "../src/config/load.ts";
import { openArcSealing } from "../src/core/arc/sealing.ts";
import { openAuthentication } from "../src/core/authenticate.ts";
import { type Clock, systemClock } from "../src/core/clock.ts";
import { formatSignedField, openDkimSigning } from "../src/core/dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../src/core/dkim/signing-key.ts";
import { type MemoryZone, memoryResolver } from "../src/core/dns/memory.ts";
import type { DnsResolver } from "../src/core/dns/resolver.ts";
import { parseHead, rawValue } from "../src/core/message/message.ts";
import type { ArcWord, AuthResults } from "../src/core/results.ts";
import type { UnnumberedRecord } from "../src/filter/compose-record.ts";
import { ListMemory } from "../src/filter/list-memory.ts";
import { openListMode } from "../src/filter/list-mode.ts";
import { openSealing } from "../src/filter/seal.ts";
import { openFilterSession } from "../src/filter/session.ts";
import type { AskShared } from "../src/filter/shared-state.ts";
import { openWayIn } from "../src/filter/way-in.ts";
import { configuredKeys } from "../src/keys/signing-keys.ts";
import type { EndOfMessage } from "../src/milter/types.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "./dkim-test-keys.ts";
import { applyEdits } from "./edited-message.ts";

const rsa = rsaTestKey(1024);
const strong = rsaTestKey(2048);
const ed = ed25519TestKey(9);

const usualZone: MemoryZone = {
  "s._domainkey.reject.example": [{ TXT: `p=${rsa.publicText}` }],
  "_dmarc.reject.example": [{ TXT: "v=DMARC1; p=reject" }],
  "s._domainkey.quarantine.example": [{ TXT: `p=${rsa.publicText}` }],
  "_dmarc.quarantine.example": [{ TXT: "v=DMARC1; p=quarantine; t=y" }],
  "s._domainkey.none.example": [{ TXT: `p=${rsa.publicText}` }],
  "_dmarc.none.example": [{ TXT: "v=DMARC1; p=none" }],
  "s._domainkey.silent.example": [{ TXT: `p=${rsa.publicText}` }],
  "_dmarc.slow.example": ["TIMEOUT"],
  "k._domainkey.ours.example": [{ TXT: `p=${strong.publicText}` }],
  "_dmarc.ours.example": [{ TXT: "v=DMARC1; p=reject" }],
  "l._domainkey.lists.example": [{ TXT: `p=${strong.publicText}` }],
  "_dmarc.lists.example": [{ TXT: "v=DMARC1; p=reject" }],
  "e._domainkey.hop.example": [{ TXT: `k=ed25519; p=${ed.publicText}` }],
};

const usualConfig = `
hostname: mx.ours.example
networks: { submitters: [198.51.100.10] }
milter:
  sockets:
    - { listen: "inet:127.0.0.1:1", role: both }
    - { listen: "inet:127.0.0.1:2", role: sign }
    - { listen: "inet:127.0.0.1:3", role: sign }
sign:
  keys:
    - { domain: ours.example, selector: k, file: k.pem }
    - { domain: lists.example, selector: l, file: l.pem }
`;
const usualLists = `
seal: { domain: lists.example }
lists:
  hosts:
    - { name: staff, addresses: [lists.example], socket: "inet:127.0.0.1:2" }
    - { name: other, addresses: [other@ours.example], socket: "inet:127.0.0.1:3" }
`;

/** A place that mail comes by. */
export type Door = "in" | "list" | "other-list";

export interface Passed {
  readonly end: EndOfMessage;
  readonly record: UnnumberedRecord;
  /** Header and body as the MTA has them then, CRLF. */
  readonly message: string;
}

/** Our site with its lists, without sockets: messages are texts. */
export interface ListWorld {
  readonly config: Config;
  readonly dns: DnsResolver;
  readonly memory: ListMemory;
  /** A message of an author, signed by his domain. */
  write(author: string, options?: { readonly fields?: string; readonly signed?: boolean }): Promise<string>;
  /** Through one of our sockets. */
  pass(door: Door, message: string, options?: PassOptions): Promise<Passed>;
  /** The same message to others each time, over one connection. */
  passBatches(
    door: Door,
    message: string,
    batches: readonly (readonly string[])[],
  ): Promise<readonly Passed[]>;
  /** Through another site that seals it (ARC). */
  hop(message: string): Promise<string>;
  /** What a stranger finds out about it. */
  verify(message: string): Promise<AuthResults>;
}

export interface PassOptions {
  readonly to?: readonly string[];
  readonly ip?: string;
  readonly from?: string;
}

export interface WorldOptions {
  /** Instead of the usual sections `seal` and `lists`. */
  readonly lists?: string;
  readonly zone?: MemoryZone;
  readonly clock?: Clock;
  readonly ask?: AskShared;
}

export async function listWorld(options: WorldOptions = {}): Promise<ListWorld> {
  const clock = options.clock ?? systemClock;
  const loaded = await parseConfig(usualConfig + (options.lists ?? usualLists), { file: "test" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { config } = loaded;
  const dns = memoryResolver({ ...usualZone, ...options.zone });
  const memory = new ListMemory();
  const ask = options.ask ?? memoryAsk(memory, clock);
  const keys = config.sign.keys.map((row) => ({ ...row, key: signingKey(strong, row.domain, row.selector) }));
  const signing = { keys: configuredKeys(config.sign.keys, keys) };
  const verify = async (message: string): Promise<AuthResults> => {
    const octets = Buffer.from(message, "latin1");
    const verification = openAuthentication(parseHead(octets), { dns, clock });
    verification.body(octets.subarray(octets.indexOf("\r\n\r\n") + 4));
    return verification.finish();
  };
  const pass = async (
    door: Door,
    message: string,
    envelopes: readonly Required<PassOptions>[],
  ): Promise<readonly Passed[]> => {
    const records: UnnumberedRecord[] = [];
    const socket = config.milter.sockets[door === "in" ? 0 : door === "list" ? 1 : 2];
    if (socket === undefined) throw new Error(door);
    const session = openFilterSession({
      config,
      socket,
      dns,
      clock,
      dmarc: {},
      signing,
      ask,
      parts: [openListMode, openSealing, openWayIn],
      keep: (record) => records.push(record),
      lost: (error) => {
        throw error;
      },
    });
    const { fields, body } = split(message);
    const passed: Passed[] = [];
    for (const [index, envelope] of envelopes.entries()) {
      if (index === 0) await open(session, envelope.ip);
      const end = await send(session, message, envelope);
      const record = records[index];
      if (record === undefined) throw new Error("no record");
      passed.push({ end, record, message: `${applyEdits(fields, end.edits)}\r\n${body}` });
    }
    return passed;
  };
  return {
    config,
    dns,
    memory,
    verify,
    async hop(message) {
      const { arc } = await verify(message);
      return seal(message, arc?.result ?? "none", signingKey(ed, "hop.example", "e"), clock);
    },
    async write(author, { fields = "", signed = true } = {}) {
      const domain = author.slice(author.lastIndexOf("@") + 1).replace(">", "");
      const header =
        `From: ${author}\r\nTo: staff@lists.example\r\nSubject: hello\r\n` +
        `Date: Mon, 2 Nov 2026 10:00:00 +0900\r\nMessage-ID: <1@${domain}>\r\n${fields}`;
      const message = `${header}\r\nGood morning.\r\n`;
      return signed ? sign(message, signingKey(rsa, domain, "s"), clock) : message;
    },
    async pass(
      door,
      message,
      { to = ["staff@lists.example"], ip = "203.0.113.5", from = "a@else.example" } = {},
    ) {
      const [passed] = await pass(door, message, [{ to, ip, from }]);
      if (passed === undefined) throw new Error("no answer");
      return passed;
    },
    passBatches: (door, message, batches) =>
      pass(
        door,
        message,
        batches.map((to) => ({ to, ip: "127.0.0.1", from: "bounces@lists.example" })),
      ),
  };
}

function memoryAsk(memory: ListMemory, clock: Clock): AskShared {
  const answer = (name: string, question: never): unknown => {
    const asked = question as { key: string; wayIn: never; use: never; terms: never };
    if (name === "list.remember") return memory.remember(asked.key, asked.wayIn, clock.now(), asked.terms);
    if (name === "list.redeem") return memory.redeem(asked.key, asked.use, clock.now(), asked.terms);
    return undefined;
  };
  return (async (name: string, question: never) => answer(name, question)) as AskShared;
}

type Session = ReturnType<typeof openFilterSession>;
const macros: ReadonlyMap<string, string> = new Map([["i", "4XyZ"]]);

async function open(session: Session, ip: string): Promise<void> {
  await session.connect?.({ hostname: "c.example", client: { family: 4, address: ip, port: 4711 } }, macros);
  await session.helo?.("c.example", macros);
}

async function send(
  session: Session,
  message: string,
  { to, from }: Required<PassOptions>,
): Promise<EndOfMessage> {
  const { fields, body } = split(message);
  await session.mail?.({ address: from, parameters: ["SMTPUTF8"] }, macros);
  for (const address of to) await session.recipient?.({ address, parameters: [] }, macros);
  for (const [name, value] of fields)
    await session.header?.(Buffer.from(name), Buffer.from(value.replaceAll("\r\n", "\n"), "latin1"), macros);
  await session.endOfHeaders?.(macros);
  await session.body?.(Buffer.from(body, "latin1"));
  const end = await session.endOfMessage?.(macros);
  if (end === undefined) throw new Error("no answer");
  return end;
}

function split(message: string): { readonly fields: (readonly [string, string])[]; readonly body: string } {
  const end = message.indexOf("\r\n\r\n") + 2;
  const head = parseHead(Buffer.from(message.slice(0, end), "latin1"));
  return {
    fields: head.fields.map((field) => [field.name, rawValue(head, field)] as const),
    body: message.slice(end + 2),
  };
}

async function sign(message: string, key: SigningKey, clock: Clock): Promise<string> {
  const octets = Buffer.from(message, "latin1");
  const signing = openDkimSigning(parseHead(octets), { signatures: [{ key }], clock });
  signing.body(octets.subarray(octets.indexOf("\r\n\r\n") + 4));
  const fields = await signing.finish();
  return fields.map((field) => formatSignedField(field, "\r\n")).join("") + message;
}

async function seal(message: string, chain: ArcWord, key: SigningKey, clock: Clock): Promise<string> {
  const octets = Buffer.from(message, "latin1");
  const payload = "mx.hop.example; dmarc=pass header.from=author.example";
  const sealing = openArcSealing(parseHead(octets), { key, clock, results: () => ({ payload, chain }) });
  sealing.body(octets.subarray(octets.indexOf("\r\n\r\n") + 4));
  const outcome = await sealing.finish();
  if (outcome.kind === "unsealed") throw new Error(outcome.reason);
  return outcome.fields.map((field) => formatSignedField(field, "\r\n")).join("") + message;
}

function signingKey({ privateKey }: TestKey, domain: string, selector: string): SigningKey {
  const made = createSigningKey({ domain, selector, privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

/** What a list manager does to a message: a number in the subject, a footer, its own fields. */
export function listChanges(message: string, list = "staff@lists.example"): string {
  const id = list.replace("@", ".");
  return message
    .replace("\r\nSubject: ", "\r\nSubject: [staff:1] ")
    .replace("\r\n\r\n", `\r\nList-Id: Staff <${id}>\r\nList-Post: <mailto:${list}>\r\n\r\n`)
    .concat("-- \r\nstaff\r\n");
}

/** The value of the first field of that name, unfolded. */
export function fieldValue(message: string, name: string): string | undefined {
  return fieldValues(message, name)[0];
}

export function fieldValues(message: string, name: string): readonly string[] {
  return split(message)
    .fields.filter(([one]) => one.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value.replaceAll("\r\n", "").trim());
}
