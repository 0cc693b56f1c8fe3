// Adapter for the neutral harness: node bench/library.ts MANIFEST --harness DIR --mode dkim|full|spf|sign-rsa|sign-ed [--conc N] [--secs S]
// [--dns stub|ADDR] [--cls SIZE]. It checks every message against the expected verdict, then runs whole passes. In every pass
// header and body of each message have other octets, so that no remembered verdict or body hash could serve.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { openAuthentication } from "../src/core/authenticate.ts";
import { systemClock } from "../src/core/clock.ts";
import { openDkimSigning, type SignedField } from "../src/core/dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../src/core/dkim/signing-key.ts";
import { openDkimVerification } from "../src/core/dkim/verify.ts";
import { createDnsClient } from "../src/core/dns/client.ts";
import type { DnsAnswer, DnsResolver } from "../src/core/dns/resolver.ts";
import { parseServerAddress } from "../src/core/dns/server-address.ts";
import { type IpAddress, parseIp } from "../src/core/ip.ts";
import type { MessageHead } from "../src/core/message/message.ts";
import { MessageReader } from "../src/core/message/message-reader.ts";
import type { AuthResults, DkimResult, SpfResult } from "../src/core/results.ts";
import { verifySpf } from "../src/core/spf/verify.ts";
import type { Verification } from "../src/core/verification.ts";

interface Options {
  readonly manifest: string;
  readonly mode: "dkim" | "full" | "spf" | "sign-rsa" | "sign-ed";
  readonly dns: string;
}

interface Message {
  readonly raw: Buffer;
  readonly ip: string;
  readonly helo: string;
  readonly mailfrom: string;
}

interface Verdict {
  readonly dkim?: readonly (readonly [string, string, string])[];
  readonly spf?: string;
  readonly arc?: string;
  readonly dmarc?: string;
}

interface Harness {
  args(): Options;
  corpus(options: Options): Message[];
  run<Result>(
    options: Options,
    name: string,
    version: string,
    messages: readonly Message[],
    one: (message: Message) => Promise<Result>,
    verdict?: (result: Result) => Verdict,
  ): Promise<void>;
}

type StubAnswer = readonly (string | readonly string[] | readonly [number, string])[];

const at = process.argv.indexOf("--harness");
if (at < 0) throw new Error("--harness DIR is missing: the folder of the harness");
const harness = (await import(
  pathToFileURL(resolve(process.argv[at + 1] ?? "", "adapters/lib.mjs")).href
)) as Harness;
const options = harness.args();
const passField = "X-Pass: ";
const passDigits = 10;
const spareLines = 16;
let evaluations = 0;

const messages = harness.corpus(options).map((message) => ({ ...message, raw: withRoom(message.raw) }));
const dns = openResolver();
const clock = systemClock;
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** The message with a field that nobody has signed at the end of its header, and empty lines to spare at the end of its body. */
function withRoom(raw: Buffer): Buffer {
  const end = raw.indexOf("\r\n\r\n") + 2;
  const field = `${passField}${"0".repeat(passDigits)}\r\n`;
  return Buffer.concat([
    raw.subarray(0, end),
    Buffer.from(field),
    raw.subarray(end),
    Buffer.from("\r\n".repeat(spareLines)),
  ]);
}

/** The same for every verdict, and other octets each time: RFC 6376 §3.4 leaves empty lines at the end of a body out. */
function nextVariant(raw: Buffer): Buffer {
  evaluations += 1;
  const digits = raw.indexOf(`\r\n${passField}`) + 2 + passField.length;
  raw.write(String(evaluations).padStart(passDigits, "0"), digits, "latin1");
  return raw.subarray(0, raw.length - 2 * (Math.floor(evaluations / messages.length) % spareLines));
}

function openResolver(): DnsResolver {
  if (options.dns !== "stub") {
    const server = parseServerAddress(options.dns);
    if (server === undefined) throw new Error(`--dns ${options.dns} is no address`);
    return createDnsClient({ servers: [server] });
  }
  return stubResolver(join(options.manifest, "..", "dns.json"));
}

/** Answers from the corpus without a network, as the other programs get them; records are read anew for each answer. */
function stubResolver(file: string): DnsResolver {
  const names = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, StubAnswer>>;
  const existing = new Set<string>();
  for (const name of Object.keys(names)) {
    const labels = name.split(".");
    for (let i = 0; i < labels.length; i++) existing.add(labels.slice(i).join("."));
  }
  const query = async (name: string, type: string): Promise<DnsAnswer<unknown>> => {
    const records = names[name]?.[type];
    if (records === undefined) return { kind: existing.has(name) ? "nodata" : "nxdomain", authentic: false };
    return {
      kind: "answer",
      records: records.map((one) => readRecord(type, one)),
      ttl: 300,
      authentic: false,
    };
  };
  return { query: query as DnsResolver["query"] };
}

function readRecord(type: string, value: StubAnswer[number]): unknown {
  if (type === "TXT") {
    const strings = (typeof value === "string" ? [value] : value) as readonly string[];
    return { strings, text: strings.join("") };
  }
  if (type === "MX") return { preference: Number(value[0]), exchange: String(value[1]) };
  return type === "A" || type === "AAAA" ? parseIp(String(value)) : value;
}

function address(message: Message): IpAddress {
  const ip = parseIp(message.ip);
  if (ip === undefined) throw new Error(`the manifest has the address ${message.ip}`);
  return ip;
}

/** The whole message is in memory here, as for the other programs; the milter streams it. */
function evaluate<Result>(raw: Buffer, open: (head: MessageHead) => Verification<Result>): Promise<Result> {
  let verification: Verification<Result> | undefined;
  const reader = new MessageReader({
    head: (head) => {
      verification = open(head);
    },
    body: (chunk) => verification?.body(chunk),
  });
  reader.push(nextVariant(raw));
  reader.end();
  if (verification === undefined) throw new Error("a message without head");
  return verification.finish();
}

/** The keys with which the harness lets every program sign. */
function harnessKey(mode: "sign-rsa" | "sign-ed"): SigningKey {
  const [file, selector] = mode === "sign-rsa" ? ["rsa0.pem", "s1"] : ["ed0.pem", "e1"];
  const pem = readFileSync(join(options.manifest, "..", "keys", file));
  const made = createSigningKey({ domain: "a00.example", selector, privateKey: createPrivateKey(pem) });
  if (made.kind !== "key") throw new Error(`${file}: ${made.problem}`);
  return made.key;
}

function dkimVerdict(results: readonly DkimResult[]): (readonly [string, string, string])[] {
  return results.map(({ domain, selector, result }) => [domain, selector, result]);
}

const context = { dns, clock };
switch (options.mode) {
  case "dkim":
    await harness.run(
      options,
      "sekisho",
      version,
      messages,
      ({ raw }) => evaluate(raw, (head) => openDkimVerification(head, context)),
      (results: readonly DkimResult[]) => ({ dkim: dkimVerdict(results) }),
    );
    break;
  case "spf":
    await harness.run(
      options,
      "sekisho",
      version,
      messages,
      async (message) => {
        const { helo, mailfrom } = message;
        const { mailFrom } = await verifySpf({ ...context, ip: address(message), helo, mailFrom: mailfrom });
        return mailFrom;
      },
      ({ result }: SpfResult) => ({ spf: result }),
    );
    break;
  case "full":
    await harness.run(
      options,
      "sekisho",
      version,
      messages,
      (message) => {
        const { helo, mailfrom } = message;
        const client = { ip: address(message), helo, mailFrom: mailfrom };
        return evaluate(message.raw, (head) => openAuthentication(head, { ...context, client }));
      },
      ({ dkim, spf, arc, dmarc }: AuthResults) => ({
        dkim: dkimVerdict(dkim),
        ...(spf !== undefined && { spf: spf.result }),
        ...(arc !== undefined && { arc: arc.result }),
        dmarc: dmarc.result,
      }),
    );
    break;
  case "sign-rsa":
  case "sign-ed": {
    const signatures = [{ key: harnessKey(options.mode) }];
    await harness.run(options, "sekisho", version, messages, async ({ raw }) => {
      const fields: readonly SignedField[] = await evaluate(raw, (head) =>
        openDkimSigning(head, { signatures, clock }),
      );
      if (fields.length !== 1) throw new Error("a message is not signed");
      return fields;
    });
    break;
  }
}
if ("close" in dns && typeof dns.close === "function") dns.close();
