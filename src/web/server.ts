import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { Hono } from "hono";
import { formatHostPort } from "../config/listen.ts";
import { SekishoError } from "../errors.ts";
import { homePage } from "./home-page.ts";

/** What a monitor wants to know in one look. */
export interface Health {
  readonly ok: boolean;
  /** Each part that runs, with its own word: "ok", or what is wrong with it. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface WebOptions {
  readonly host: string;
  readonly port: number;
  /** The metrics as Prometheus text (exposition format 0.0.4). */
  metrics(): Promise<string>;
  health(): Health;
  /** All that `sekisho status --json` prints. */
  status(): Promise<object>;
}

export interface WebServer {
  /** With the port that was really taken. */
  readonly address: string;
  close(): Promise<void>;
}

function application(options: WebOptions): Hono {
  const app = new Hono();
  app.get("/metrics", async (c) =>
    c.text(await options.metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  app.get("/healthz", (c) => {
    const health = options.health();
    return c.json(health, health.ok ? 200 : 503);
  });
  app.get("/status", async (c) => c.json(await options.status()));
  app.get("/", (c) => c.html(homePage(c.req.header("accept-language"))));
  return app;
}

/**
 * Listens on the web port: `/metrics`, `/healthz` (200, or 503 with the part that is ill), `/status`, and a page that
 * says what is here.
 * @throws SekishoError LISTEN_FAILED when the address cannot be had.
 */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const server = createAdaptorServer({ fetch: application(options).fetch });
  await listen(server, options);
  return { address: addressOf(server), close: () => close(server) };
}

function listen(server: ServerType, { host, port }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    // Also later, of `accept`: those that are connected go on.
    server.on("error", (cause: Error) =>
      reject(new SekishoError("LISTEN_FAILED", `web.listen ${host}:${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, () => resolve());
  });
}

function addressOf(server: ServerType): string {
  const address = server.address();
  if (address === null || typeof address === "string") return String(address);
  return formatHostPort({ host: address.address, port: address.port });
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}
