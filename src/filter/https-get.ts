import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { LookupFunction } from "node:net";
import type { FetchOutcome } from "../core/bimi/fetch.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { formatIp, type IpAddress, parseIp } from "../core/ip.ts";
import type { FetchProblem } from "../core/results.ts";
import { isPublicAddress } from "./public-address.ts";

export interface HttpsGetOptions {
  readonly dns: DnsResolver;
  /** Ends the whole fetch: name, connection, redirects and body. */
  readonly signal: AbortSignal;
  readonly maxOctets: number;
  /** Roots in PEM instead of those that Node.js brings. */
  readonly ca?: readonly string[];
  /** Public addresses at port 443 when left out. */
  readonly mayConnect?: (address: IpAddress, port: number) => boolean;
}

/** A fetch that came to an end, and how long its outcome may be kept. */
export interface HttpsGetResult {
  readonly outcome: FetchOutcome;
  /** Cache-Control max-age of a document, in seconds. */
  readonly maxAge?: number;
}

const httpsPort = 443;
const maxRedirects = 2;
const maxAddresses = 4;

/**
 * Gets a document over HTTPS: TLS verified against the host name, https on every hop, addresses looked up by our own
 * resolver and connected to only when they are public, body bounded. Never rejects; an abort is a timeout.
 */
export async function httpsGet(uri: string, options: HttpsGetOptions): Promise<HttpsGetResult> {
  let next: URL | null = URL.parse(uri);
  try {
    for (let hop = 0; hop <= maxRedirects; hop++) {
      if (next === null || !isFetched(next)) return failure("redirect", false);
      const addresses = await addressesFor(next, options);
      if (typeof addresses === "string") return failure(addresses, addresses === "host-dns-failure");
      const response = await respond(next, addresses, options);
      const location = redirectTarget(response);
      if (location === undefined) return await readResponse(response, options.maxOctets);
      response.destroy();
      next = URL.parse(location, next.href);
    }
    return failure("redirect", false);
  } catch (error) {
    if (options.signal.aborted) return failure("timeout", true);
    const problem = isTlsError(error) ? "tls-failed" : "connection-failed";
    return failure(problem, problem === "connection-failed");
  }
}

/** Without a user name, and no address for a host: Node.js connects to one without asking `lookup`. */
function isFetched({ protocol, username, password, hostname }: URL): boolean {
  if (protocol !== "https:" || username !== "" || password !== "") return false;
  return !hostname.startsWith("[") && parseIp(hostname) === undefined;
}

function failure(problem: FetchProblem, temporary: boolean): HttpsGetResult {
  return { outcome: { kind: "failure", problem, temporary } };
}

// ---------------------------------------------------------------- addresses

async function addressesFor(
  uri: URL,
  { dns, mayConnect, signal }: HttpsGetOptions,
): Promise<readonly IpAddress[] | FetchProblem> {
  const answers = await unlessAborted(
    Promise.all([dns.query(uri.hostname, "A"), dns.query(uri.hostname, "AAAA")]),
    signal,
  );
  const found = answers.flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
  if (found.length === 0)
    return answers.some(({ kind }) => kind === "failure") ? "host-dns-failure" : "no-such-host";
  const port = Number(uri.port || httpsPort);
  const allowed = mayConnect ?? ((address) => isPublicAddress(address) && port === httpsPort);
  const usable = found.filter((address) => allowed(address, port));
  return usable.length > 0 ? usable.slice(0, maxAddresses) : "address-not-public";
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error("aborted"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** In place of the system's resolver, so that what was checked is what is connected to. */
function lookupOf(addresses: readonly IpAddress[]): LookupFunction {
  const found = addresses.map((ip) => ({ address: formatIp(ip), family: ip.family }));
  return (_hostname, { all }, callback) => {
    const [first] = found;
    if (all === true) callback(null, found);
    else callback(null, first?.address ?? "", first?.family ?? 4);
  };
}

// ---------------------------------------------------------------- request and response

function respond(
  uri: URL,
  addresses: readonly IpAddress[],
  { signal, ca }: HttpsGetOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      uri,
      {
        agent: false,
        lookup: lookupOf(addresses),
        signal,
        minVersion: "TLSv1.2",
        ...(ca !== undefined && { ca: [...ca] }),
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "sekisho" },
      },
      resolve,
    );
    sent.on("error", reject);
    sent.end();
  });
}

function redirectTarget({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

async function readResponse(response: IncomingMessage, maxOctets: number): Promise<HttpsGetResult> {
  const { statusCode = 0, headers } = response;
  if (statusCode !== 200) {
    response.destroy();
    return failure("http-status", statusCode >= 500 || statusCode === 429 || statusCode === 408);
  }
  const octets = await readBody(response, maxOctets);
  if (octets === undefined) return failure("too-large", false);
  const maxAge = maxAgeOf(headers["cache-control"]);
  return { outcome: { kind: "document", octets }, ...(maxAge !== undefined && { maxAge }) };
}

/** Undefined when it is longer; the rest is not waited for. */
async function readBody(response: IncomingMessage, maxOctets: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length;
    // Leaving the loop destroys the response.
    if (octets > maxOctets) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function maxAgeOf(cacheControl = ""): number | undefined {
  const words = cacheControl.slice(0, 500).toLowerCase().split(",");
  if (words.some((word) => word.trim() === "no-store" || word.trim() === "no-cache")) return 0;
  const seconds = words.flatMap((word) => /^max-age="?(\d{1,10})"?$/.exec(word.trim())?.[1] ?? []);
  return seconds[0] === undefined ? undefined : Number(seconds[0]);
}

/** Certificates that do not verify, and handshakes that fail. */
function isTlsError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|EPROTO)/.test(
    code,
  );
}
