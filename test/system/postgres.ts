import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { start, until } from "./process.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** Debian keeps the server's programs by version. */
export function postgresPrograms(): string {
  const versions = "/usr/lib/postgresql";
  const newest = readdirSync(versions, { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => Number(name))
    .sort((a, b) => b - a)[0];
  return join(versions, String(newest ?? ""), "bin");
}

export interface Postgres {
  /** Of a new and empty database. */
  newDatabase(): string;
  url(database: string): string;
  /** Runs a command of `psql` as the superuser. @returns What it printed. */
  psql(database: string, command: string): string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const user = "postgres";

/**
 * A cluster of its own under `folder`, reached by a socket there; as the unprivileged user that Debian makes for it.
 * @param settings Besides its defaults. Nothing here outlives the machine.
 */
export async function startPostgres(
  folder: string,
  settings: readonly string[] = ["fsync=off"],
): Promise<Postgres> {
  const programs = postgresPrograms();
  const data = join(folder, "postgres");
  mkdirSync(data, { recursive: true });
  chmodSync(folder, 0o755);
  execFileSync("chown", [user, data]);
  const as = (program: string, ...args: readonly string[]): string =>
    execFileSync("runuser", ["-u", user, "--", join(programs, program), ...args], {
      encoding: "utf8",
      cwd: data,
    });
  as("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", join(data, "data"));
  const url = (database: string): string => `postgres:///${database}?host=${data}&user=${user}`;
  const psql = (database: string, command: string): string =>
    execFileSync("psql", ["-XqAt", "-d", url(database), "-c", command], { encoding: "utf8" }).trim();
  let server = await serve(programs, data, settings);
  let databases = 0;
  return {
    url,
    psql,
    newDatabase() {
      databases += 1;
      psql("postgres", `CREATE DATABASE test${databases}`);
      return url(`test${databases}`);
    },
    async restart() {
      // Fast shutdown, which ends connections.
      await server.end("SIGINT");
      server = await serve(programs, data, settings);
    },
    stop: () => server.end("SIGINT"),
  };
}

/** Stands before the socket of the server that has the database. `url`: the same database behind it. */
export async function startPostgresProxy(
  database: string,
  join: Parameters<typeof startTcpProxy>[1],
): Promise<TcpProxy & { readonly url: string }> {
  const { pathname, searchParams } = new URL(database);
  const proxy = await startTcpProxy(`${searchParams.get("host")}/.s.PGSQL.5432`, join);
  return { ...proxy, url: `postgres://${user}@127.0.0.1:${proxy.port}${pathname}` };
}

async function serve(
  programs: string,
  data: string,
  settings: readonly string[],
): Promise<ReturnType<typeof start>> {
  // setpriv stays the same process, so that a signal reaches the server itself.
  const server = start("setpriv", [
    `--reuid=${user}`,
    `--regid=${user}`,
    "--init-groups",
    join(programs, "postgres"),
    "-D",
    join(data, "data"),
    "-k",
    data,
    ...["listen_addresses=", "max_connections=60", "log_min_messages=fatal", ...settings].flatMap((one) => [
      "-c",
      one,
    ]),
  ]);
  await until(`PostgreSQL in ${data}: ${server.output()}`, () => {
    try {
      execFileSync(join(programs, "pg_isready"), ["-h", data], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
  return server;
}
