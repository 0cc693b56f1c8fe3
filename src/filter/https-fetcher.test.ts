import type { RequestListener } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startHttps, type TestHttps } from "../../test/https-server.ts";
import type { FetchOutcome } from "../core/bimi/fetch.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import { FetchCache } from "./fetch-cache.ts";
import { createHttpsFetcher, type HttpsFetcher, type HttpsFetcherOptions } from "./https-fetcher.ts";

const host = "logo.example.com";
const zone: MemoryZone = {
  [host]: [{ A: "127.0.0.1" }],
  "other.example.com": [{ A: "127.0.0.1" }],
  "private.example.com": [{ A: "10.0.0.1" }, { AAAA: "::1" }],
  "broken.example.com": ["SERVFAIL"],
  "empty.example.com": [{ TXT: "x" }],
};
const held: (() => void)[] = [];
const seen: string[] = [];

const pages: Readonly<Record<string, RequestListener>> = {
  "/logo": (_request, response) => response.end("logo"),
  "/short": (_request, response) => response.setHeader("cache-control", "public, max-age=1").end("short"),
  "/long": (_request, response) => response.setHeader("cache-control", "max-age=7200").end("long"),
  "/slow": (_request, response) => held.push(() => response.end("slow")),
  "/missing": (_request, response) => response.writeHead(404).end("no"),
  "/down": (_request, response) => response.writeHead(503).end("no"),
  "/large": (_request, response) => response.end(Buffer.alloc(2000)),
  "/endless": (_request, response) => {
    response.on("error", () => {});
    const more = (): void => {
      if (!response.destroyed && response.write(Buffer.alloc(16_384))) setImmediate(more);
      else response.once("drain", more);
    };
    more();
  },
  "/cut": (_request, response) => {
    response.writeHead(200, { "content-length": 100 }).write("half");
    setImmediate(() => response.destroy());
  },
  "/to-logo": (_request, response) => response.writeHead(302, { location: "/logo" }).end(),
  "/to-to-logo": (_request, response) => response.writeHead(301, { location: "/to-logo" }).end(),
  "/three": (_request, response) => response.writeHead(307, { location: "/to-to-logo" }).end(),
  "/to-http": (_request, response) => response.writeHead(302, { location: `http://${host}/logo` }).end(),
  "/to-private": (_request, response) =>
    response.writeHead(302, { location: "https://private.example.com/logo" }).end(),
  "/to-nothing": (_request, response) => response.writeHead(302).end(),
};

let server: TestHttps;
let stale: TestHttps;
const fetchers: HttpsFetcher[] = [];

beforeAll(async () => {
  const listener: RequestListener = (request, response) => {
    seen.push(`${request.headers.host?.split(":")[0]} ${request.url}`);
    const page = pages[request.url ?? ""];
    if (page === undefined) response.writeHead(404).end();
    else page(request, response);
  };
  server = await startHttps([host], listener);
  stale = await startHttps([host], listener, { notAfter: new Date(Date.now() - 1000) });
});
afterAll(async () => {
  await Promise.all([server.close(), stale.close()]);
});
afterEach(() => {
  for (const answer of held.splice(0)) answer();
  for (const fetcher of fetchers.splice(0)) fetcher.close();
  seen.length = 0;
});

/** Loopback is let in, as nothing else is at hand here; everything else is as in service. */
function open(options: Partial<HttpsFetcherOptions> = {}): HttpsFetcher {
  const fetcher = createHttpsFetcher({
    dns: memoryResolver(zone),
    clock: systemClock,
    ca: [server.ca],
    mayConnect: (ip) => ip.octets[0] === 127,
    ...options,
  });
  fetchers.push(fetcher);
  return fetcher;
}
const uri = (path: string, name = host, port = server.port): string => `https://${name}:${port}${path}`;
const word = (outcome: FetchOutcome): string =>
  outcome.kind === "document"
    ? outcome.octets.toString()
    : `${outcome.problem}${outcome.temporary ? " for now" : ""}`;
const get = async (fetcher: HttpsFetcher, path: string, maxOctets = 1000): Promise<string> =>
  word(await fetcher.fetch(uri(path), { maxOctets }));

describe("what comes of a fetch", () => {
  test.each([
    { path: "/logo", is: "logo" },
    { path: "/to-logo", is: "logo" },
    { path: "/to-to-logo", is: "logo" },
    { path: "/three", is: "redirect" },
    { path: "/to-http", is: "redirect" },
    { path: "/to-nothing", is: "http-status" },
    { path: "/to-private", is: "address-not-public" },
    { path: "/missing", is: "http-status" },
    { path: "/down", is: "http-status for now" },
    { path: "/large", is: "too-large" },
    { path: "/endless", is: "too-large" },
    { path: "/cut", is: "connection-failed for now" },
  ])("$path: $is", async ({ path, is }) => {
    expect(await get(open(), path)).toBe(is);
  });

  test.each([
    { name: "private.example.com", is: "address-not-public" },
    { name: "broken.example.com", is: "host-dns-failure for now" },
    { name: "empty.example.com", is: "no-such-host" },
    { name: "none.example.com", is: "no-such-host" },
    { name: "other.example.com", is: "tls-failed" },
  ])("the host $name: $is", async ({ name, is }) => {
    expect(word(await open().fetch(uri("/logo", name), { maxOctets: 1000 }))).toBe(is);
  });

  test("a certificate by somebody unknown, and one that has expired", async () => {
    expect(await get(open({ ca: [] }), "/logo")).toBe("tls-failed");
    const outcome = await open({ ca: [stale.ca] }).fetch(uri("/logo", host, stale.port), { maxOctets: 1000 });
    expect(word(outcome)).toBe("tls-failed");
  });

  test("nobody listens", async () => {
    const closed = await startHttps([host], () => {});
    await closed.close();
    const outcome = await open().fetch(uri("/logo", host, closed.port), { maxOctets: 1000 });
    expect(word(outcome)).toBe("connection-failed for now");
  });

  test("as shipped, neither loopback nor another port is connected to", async () => {
    const fetcher = createHttpsFetcher({ dns: memoryResolver(zone), clock: systemClock, ca: [server.ca] });
    expect(word(await fetcher.fetch(uri("/logo"), { maxOctets: 1000 }))).toBe("address-not-public");
    const dns = memoryResolver({ [host]: [{ A: "8.8.8.8" }] });
    const elsewhere = createHttpsFetcher({ dns, clock: systemClock });
    expect(word(await elsewhere.fetch(uri("/logo"), { maxOctets: 1000 }))).toBe("address-not-public");
    expect(seen).toEqual([]);
  });

  test.each(["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "１２７.0.0.1"])(
    "the address %s is no host name, though a resolver may say that it is a public one",
    async (name) => {
      const { query } = memoryResolver({ "any.example": [{ A: "8.8.8.8" }] });
      const fetcher = open({
        dns: { query: (_name, type) => query("any.example", type) },
        mayConnect: () => true,
      });
      expect(word(await fetcher.fetch(uri("/logo", name), { maxOctets: 1000 }))).toBe("redirect");
      expect(seen).toEqual([]);
    },
  );

  test("what is no https URI is not fetched", async () => {
    for (const text of ["http://logo.example.com/", "https://a@logo.example.com/", "nonsense"])
      expect(word(await open().fetch(text, { maxOctets: 1000 }))).toBe("redirect");
  });
});

describe("many messages", () => {
  test("what is under way is not asked for again, and what came is kept", async () => {
    const fetcher = open();
    const first = [get(fetcher, "/logo"), get(fetcher, "/logo"), get(fetcher, "/logo")];
    expect(await Promise.all(first)).toEqual(["logo", "logo", "logo"]);
    expect(await get(fetcher, "/logo")).toBe("logo");
    expect(seen).toHaveLength(1);
    expect(fetcher.stats()).toMatchObject({ fetches: 1, cacheHits: 1, cacheEntries: 1, active: 0 });
  });

  test("the same buffer comes each time, so that it is checked once", async () => {
    const fetcher = open();
    const [a, b] = [
      await fetcher.fetch(uri("/logo"), { maxOctets: 9 }),
      await fetcher.fetch(uri("/logo"), { maxOctets: 9 }),
    ];
    expect(a).toBe(b);
  });

  test("failures are kept too", async () => {
    const fetcher = open();
    await get(fetcher, "/missing");
    await get(fetcher, "/down");
    expect([await get(fetcher, "/missing"), await get(fetcher, "/down")]).toEqual([
      "http-status",
      "http-status for now",
    ]);
    expect(seen).toHaveLength(2);
  });

  test.each([
    { path: "/short", kept: 299_000, gone: 301_000 },
    { path: "/long", kept: 7_199_000, gone: 7_201_000 },
    { path: "/logo", kept: 3_599_000, gone: 3_601_000 },
    { path: "/missing", kept: 599_000, gone: 601_000 },
    { path: "/down", kept: 59_000, gone: 61_000 },
  ])("$path is kept for $kept ms and not for $gone", async ({ path, kept, gone }) => {
    let time = 0;
    const clock: Clock = { now: () => 0, monotonic: () => time };
    const fetcher = open({ clock });
    await get(fetcher, path);
    time = kept;
    await get(fetcher, path);
    expect(seen).toHaveLength(1);
    time = gone;
    await get(fetcher, path);
    expect(seen).toHaveLength(2);
  });

  test("who waits gives up at his deadline; the fetch goes on for the next message", async () => {
    const fetcher = open();
    const deadline = performance.now() + 30;
    const first = await fetcher.fetch(uri("/slow"), { maxOctets: 1000, deadline });
    expect(word(first)).toBe("timeout for now");
    const second = get(fetcher, "/slow");
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const answer of held.splice(0)) answer();
    expect(await second).toBe("slow");
    expect(fetcher.stats().fetches).toBe(1);
  });

  test("a deadline that is past or infinite", async () => {
    const fetcher = open();
    const past = await fetcher.fetch(uri("/slow"), { maxOctets: 1000, deadline: performance.now() - 1 });
    expect(word(past)).toBe("timeout for now");
    const never = await fetcher.fetch(uri("/logo"), { maxOctets: 1000, deadline: Number.POSITIVE_INFINITY });
    expect(word(never)).toBe("logo");
  });

  test("a fetch ends by itself", async () => {
    expect(await get(open({ timeoutMs: 40 }), "/slow")).toBe("timeout for now");
  });

  test("so many at a time, so many that wait, and no more", async () => {
    const fetcher = open({ maxActive: 1, maxWaiting: 1 });
    const slow = get(fetcher, "/slow");
    const waiting = get(fetcher, "/logo");
    expect(await get(fetcher, "/short")).toBe("busy for now");
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(fetcher.stats().active).toBe(1);
    for (const answer of held.splice(0)) answer();
    expect([await slow, await waiting]).toEqual(["slow", "logo"]);
    expect(await get(fetcher, "/short")).toBe("short");
  });

  test("close ends what is under way and what waits", async () => {
    const fetcher = open({ maxActive: 1 });
    const outcomes = [get(fetcher, "/slow"), get(fetcher, "/logo")];
    fetcher.close();
    expect(await Promise.all(outcomes)).toEqual(["timeout for now", "busy for now"]);
    expect(await get(fetcher, "/logo")).toBe("busy for now");
  });
});

describe("the cache", () => {
  const document = (octets: number): FetchOutcome => ({ kind: "document", octets: Buffer.alloc(octets) });

  test("lets the longest unused go when it is full", () => {
    const cache = new FetchCache({ maxEntries: 2, maxOctets: 10_000 });
    cache.set("a", document(1), 10);
    cache.set("b", document(1), 10);
    cache.get("a", 0);
    cache.set("c", document(1), 10);
    expect(["a", "b", "c"].map((key) => cache.get(key, 0) !== undefined)).toEqual([true, false, true]);
  });

  test("counts octets, also of what is replaced", () => {
    const cache = new FetchCache({ maxEntries: 100, maxOctets: 5000 });
    for (let i = 0; i < 20; i++) cache.set("a", document(2000), 10);
    cache.set("b", document(2000), 10);
    expect([cache.get("a", 0), cache.get("b", 0)].every((entry) => entry !== undefined)).toBe(true);
    cache.set("c", document(2000), 10);
    expect(cache.size).toBe(2);
    cache.set("d", document(6000), 10);
    expect(cache.get("d", 0)).toBeUndefined();
  });

  test("knows when time is up", () => {
    const cache = new FetchCache({ maxEntries: 9, maxOctets: 5000 });
    cache.set("a", document(1), 10);
    expect([cache.get("a", 9) !== undefined, cache.get("a", 10), cache.size]).toEqual([true, undefined, 0]);
  });
});
