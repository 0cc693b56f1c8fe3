import { toAsciiDomain } from "../domain-name.ts";
import { trimSpace } from "../message/taglist.ts";

/** Where TLS reports go: RFC 8460 §3. */
export type TlsrptDestination =
  | {
      readonly scheme: "mailto" | "https";
      readonly uri: string;
      /** A-labels, lower case: the domain of the address, or the host of the URI. */
      readonly host: string;
    }
  | { readonly scheme?: undefined; readonly uri: string; readonly problem: TlsrptUriProblem };

export type TlsrptUriProblem = "empty" | "no-scheme" | "scheme" | "slashes" | "address" | "character";

/** A TLS-RPT record with what it names, good or not. */
export interface TlsrptRecord {
  readonly problem?: undefined;
  readonly rua: readonly TlsrptDestination[];
}

export interface TlsrptRecordFault {
  readonly problem: "field" | "no-rua" | "rua-twice";
  /** The part that breaks the grammar; empty when one is missing. */
  readonly at: string;
}

const version = "v=TLSRPTv1;";
const maxDestinations = 20;

/**
 * Reads a TXT record at `_smtp._tls`: RFC 8460 §3. Linear; never throws.
 * @param text The strings of the record joined; each character is one octet.
 * @returns undefined when the record is none: it does not begin with `v=TLSRPTv1;`.
 */
export function parseTlsrptRecord(text: string): TlsrptRecord | TlsrptRecordFault | undefined {
  // §3: "records which do not begin with "v=TLSRPTv1;" are discarded".
  if (!text.startsWith(version)) return undefined;
  // §3: line ends are neither WSP nor part of a value.
  if (/[\r\n]/.test(text)) return { problem: "field", at: "" };
  const fields = text.slice(version.length).split(";").map(trimSpace);
  if (fields.at(-1) === "") fields.pop();
  let rua: string | undefined;
  for (const field of fields) {
    if (!field.startsWith("rua=")) {
      // §3: unknown fields are ignored, as long as they are pairs.
      if (!isExtension(field)) return { problem: "field", at: field };
      continue;
    }
    if (rua !== undefined) return { problem: "rua-twice", at: field };
    rua = field.slice(4);
  }
  if (rua === undefined) return { problem: "no-rua", at: "" };
  return { rua: rua.split(",", maxDestinations).map((uri) => readDestination(trimSpace(uri))) };
}

/** §3 tlsrpt-extension; the value may hold "=", which real records do. */
function isExtension(field: string): boolean {
  const equals = field.indexOf("=");
  return (
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(field.slice(0, Math.max(equals, 0))) &&
    /^[\x21-\x7e]+$/.test(field.slice(equals + 1))
  );
}

/** One URI of rua=. §3 tlsrpt-uri: "!", "," and ";" are encoded. */
export function readDestination(uri: string): TlsrptDestination {
  if (uri === "") return { uri, problem: "empty" };
  const colon = uri.indexOf(":");
  const scheme = uri.slice(0, Math.max(colon, 0)).toLowerCase();
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return { uri, problem: "no-scheme" };
  if (scheme !== "mailto" && scheme !== "https") return { uri, problem: "scheme" };
  // RFC 3986 §2: what a URI is made of.
  if (!/^[A-Za-z0-9._~:/?#[\]@$&'()*+=%-]+$/.test(uri) || /%(?![0-9A-Fa-f]{2})/.test(uri))
    return { uri, problem: "character" };
  return scheme === "https" ? readHttps(uri) : readMailto(uri, uri.slice(colon + 1));
}

function readHttps(uri: string): TlsrptDestination {
  const host = /^https:\/\//i.test(uri) ? URL.parse(uri)?.hostname : undefined;
  const domain = host === undefined ? undefined : toAsciiDomain(host);
  return domain === undefined ? { uri, problem: "address" } : { scheme: "https", uri, host: domain };
}

/** RFC 6068 §2, one address. */
function readMailto(uri: string, rest: string): TlsrptDestination {
  if (rest.startsWith("//")) return { uri, problem: "slashes" };
  const end = rest.search(/[?#]/);
  const address = end < 0 ? rest : rest.slice(0, end);
  const at = address.lastIndexOf("@");
  const host = at > 0 ? toAsciiDomain(address.slice(at + 1)) : undefined;
  return host === undefined ? { uri, problem: "address" } : { scheme: "mailto", uri, host };
}
