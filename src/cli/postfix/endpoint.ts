import { isLoopbackHost, parseListen } from "../../config/listen.ts";
import { parseIp } from "../../core/ip.ts";

/** Where Postfix looks for a filter (postconf(5) smtpd_milters). */
export type Endpoint =
  | { readonly kind: "inet"; readonly host: string; readonly port: string }
  | { readonly kind: "unix"; readonly path: string };

/** Reads `inet:host:port`, `inet:[v6]:port` or `unix:path`, the path absolute or below the queue directory. */
export function parseEndpoint(text: string): Endpoint | undefined {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path === "" ? undefined : { kind: "unix", path };
  }
  if (!text.startsWith("inet:")) return undefined;
  const colon = text.lastIndexOf(":");
  const host = text.slice("inet:".length, colon).replace(/^\[(.*)\]$/, "$1");
  const port = text.slice(colon + 1);
  if (colon <= "inet:".length || host.includes("@") || !/^[A-Za-z0-9_-]+$/.test(port)) return undefined;
  return { kind: "inet", host, port };
}

/** What somebody used to Sendmail's way of writing meant: `inet:8891@localhost`, `local:/path`. */
export function endpointMeant(text: string): string | undefined {
  const sendmail = /^inet6?:(\d{1,5})@([A-Za-z0-9.:[\]-]{1,255})$/.exec(text);
  if (sendmail !== null) return `inet:${sendmail[2]}:${sendmail[1]}`;
  if (text.startsWith("local:/")) return `unix:${text.slice("local:".length)}`;
  if (text.startsWith("/")) return `unix:${text}`;
  return /^[A-Za-z0-9.-]+:\d{1,5}$/.test(text) ? `inet:${text}` : undefined;
}

/** How an endpoint relates to a socket of ours. */
export type Relation =
  | { readonly kind: "same" | "other" }
  /** Meant to be the same, but Postfix sees another path: in a chroot, or below the queue directory. */
  | { readonly kind: "elsewhere"; readonly seen: string; readonly because: "chroot" | "relative" };

export interface Surroundings {
  readonly queueDirectory: string;
  /** Undefined when master.cf is not known: then either path will do. */
  readonly chroot: boolean | undefined;
}

/** @param listen As in the configuration. */
export function relate(endpoint: Endpoint, listen: string, around: Surroundings): Relation {
  const ours = parseListen(listen);
  if (ours === undefined || ours.kind !== endpoint.kind) return { kind: "other" };
  if (endpoint.kind === "inet") {
    const same =
      ours.kind === "inet" && endpoint.port === String(ours.port) && reaches(endpoint.host, ours.host);
    return { kind: same ? "same" : "other" };
  }
  return ours.kind === "unix" ? relatePaths(endpoint.path, ours.path, around) : { kind: "other" };
}

/** Whether a client that connects to `host` may find who listens on `listen`. What a name leads to is not asked. */
function reaches(host: string, listen: string): boolean {
  const to = parseIp(host);
  const on = parseIp(listen);
  if (host === listen) return true;
  if (isLoopbackHost(host) && isLoopbackHost(listen)) return host === "localhost" || listen === "localhost";
  if (on?.octets.every((octet) => octet === 0) === true) return true;
  return to === undefined && host !== "localhost";
}

function relatePaths(path: string, listen: string, { queueDirectory, chroot }: Surroundings): Relation {
  const below = `${queueDirectory}/${path}`.replaceAll(/\/{2,}/g, "/");
  const plain = path.startsWith("/") ? path : below;
  const seen = chroot === true ? below : plain;
  if (seen === listen || (chroot === undefined && below === listen)) return { kind: "same" };
  if (plain === listen) return { kind: "elsewhere", seen, because: "chroot" };
  if (`/${path}` === listen) return { kind: "elsewhere", seen, because: "relative" };
  return { kind: "other" };
}
