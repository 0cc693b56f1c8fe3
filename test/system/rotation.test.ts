import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askDirectly } from "../../src/core/dns/direct.ts";
import type { ServerAddress } from "../../src/core/dns/server-address.ts";
import { type Closer, folderIn, installWith } from "./installation.ts";
import { describeWith, freePort, until } from "./process.ts";
import {
  HeldNsupdate,
  type LaggingServer,
  startBind,
  startKnot,
  startLaggingKnot,
  writeTsigKey,
  type ZoneServer,
  type ZoneTimes,
  zone,
} from "./rotation-servers.ts";
import { Sekisho } from "./sekisho.ts";
import { SignedMail } from "./signed-mail.ts";

const programs = ["/usr/sbin/named", "/usr/sbin/knotd", "/usr/bin/nsupdate"] as const;

/** Mail is taken to be on its way for so long; the record stays for a second more. */
const travelMs = 6000;
const times: ZoneTimes = { refresh: 4, negative: 3 };

/** Of `sign.rotate`. */
interface Periods {
  readonly every: string;
  readonly retireAfter: string;
  readonly removeAfter: string;
}

interface House<Secondary extends ZoneServer = ZoneServer> {
  readonly sekisho: Sekisho;
  readonly primary: ZoneServer;
  /** The one that lags. */
  readonly secondary: Secondary;
  readonly mail: SignedMail;
  readonly nsupdate: HeldNsupdate;
  readonly configure: (periods: Periods) => void;
  end(): Promise<void>;
}

interface Plan<Secondary extends ZoneServer> {
  readonly primary: typeof startBind;
  readonly secondary: (...setup: Parameters<typeof startBind>) => Promise<Secondary>;
  readonly periods: Periods;
  readonly algorithms: string;
  readonly addresses: (port: () => Promise<number>) => Promise<readonly [ServerAddress, ServerAddress]>;
  /** Lines of the section `dns`. */
  readonly dns: (servers: readonly [ServerAddress, ServerAddress]) => string;
}

function build<Secondary extends ZoneServer>(plan: Plan<Secondary>): Promise<House<Secondary>> {
  return installWith(async (folder: string, closers: Closer[]) => {
    const servers = await plan.addresses(freePort);
    const [first, second] = servers;
    const primary = await plan.primary({ folder: join(folder, "primary"), listen: first }, servers, times);
    closers.push(() => primary.stop());
    const secondary = await plan.secondary(
      { folder: join(folder, "secondary"), listen: second, primary: first },
      servers,
      times,
    );
    closers.push(() => secondary.stop());
    const nsupdate = new HeldNsupdate(folder);
    const keyFile = writeTsigKey(folder);
    const port = await freePort();
    const settings = ({ every, retireAfter, removeAfter }: Periods): string =>
      `dns: { ${plan.dns(servers)}, timeout: 2s }\nweb: { listen: off }\nsign:\n  rotate:\n` +
      `    every: ${every}\n    jitter: 0s\n    domains: [${zone}]\n    algorithms: ${plan.algorithms}\n` +
      `    retire_after: ${retireAfter}\n    remove_after: ${removeAfter}\n    check_every: 1s\n` +
      "    publish:\n      method: nsupdate\n" +
      `      server: "${first.address}:${first.port}"\n      ttl: 1s\n      key_file: ${keyFile}\n` +
      `      program: ${nsupdate.program}\n`;
    const sekisho = new Sekisho(
      folderIn(folder, "sekisho"),
      { listen: `inet:127.0.0.1:${port}` },
      settings(plan.periods),
    );
    await sekisho.start();
    closers.push(() => sekisho.end());
    const mail = new SignedMail(port, zone, second, travelMs);
    closers.push(() => mail.end());
    const configure = (periods: Periods): void => sekisho.configure(settings(periods));
    return { sekisho, primary, secondary, mail, nsupdate, configure };
  });
}

function saysOf(house: House, selector: string): Promise<readonly (string | undefined)[]> {
  return Promise.all(
    [house.primary, house.secondary].map(async (server) => {
      const { answer } = await askDirectly(server, `${selector}._domainkey.${zone}`, "TXT", {
        timeoutMs: 20_000,
      });
      return answer.kind === "answer" ? answer.records[0]?.text : answer.kind;
    }),
  );
}

/** When a key came into a state, by the log; undefined before. */
function timeOf(house: House, state: string, selector: string): number | undefined {
  const line = house.sekisho
    .output()
    .split("\n")
    .find((one) => one.includes(`key: ${state} domain=${zone} selector=${selector} `));
  return line === undefined ? undefined : Date.parse(line.slice(0, 24));
}

function selectorsIn(house: House, state: string): string[] {
  const found = house.sekisho.output().matchAll(new RegExp(`key: ${state} domain=\\S+ selector=(\\S+)`, "g"));
  return [...new Set([...found].map((match) => match[1] ?? ""))];
}

const longest = 120_000;
/** With many restarts in between. */
const timeout = 600_000;

function reaches(house: House, state: string, selector: string): Promise<void> {
  return until(
    `${selector} to be ${state}:\n${house.sekisho.output().slice(-3000)}`,
    () => timeOf(house, state, selector) !== undefined,
    longest,
  );
}

function lackIsTold({ sekisho }: House): boolean {
  return /key: a step waits .* reason=.*: no such name; .*: serves it/.test(sekisho.output());
}

/** Until then mail is not signed: nothing has ever been. */
function workersSign(house: House, selectors: readonly string[]): Promise<void> {
  const names = selectors.map((selector) => `${zone}/${selector}`);
  return until("the workers to be told", () =>
    house.sekisho
      .output()
      .split("\n")
      .some((line) => line.includes("all workers know") && names.every((name) => line.includes(name))),
  );
}

/** When the lagging server was last asked for a selector's record without having it. */
function watchSecondary(house: House): { readonly lacking: Map<string, number>; stop(): void } {
  const lacking = new Map<string, number>();
  const timer = setInterval(() => {
    const askedAt = Date.now();
    for (const selector of selectorsIn(house, "published"))
      void askDirectly(house.secondary, `${selector}._domainkey.${zone}`, "TXT").then(({ answer }) => {
        const isLacking = answer.kind === "nxdomain" || answer.kind === "nodata";
        if (isLacking) lacking.set(selector, Math.max(askedAt, lacking.get(selector) ?? 0));
      });
  }, 50);
  return { lacking, stop: () => clearInterval(timer) };
}

async function expectMailVerified({ mail }: House, atLeast: number): Promise<void> {
  const isEnough = (): boolean => mail.verdicts.filter(({ by }) => by === "warm").length > atLeast;
  await until(`${atLeast} mails`, isEnough, longest);
  await mail.end();
  expect(mail.broken()).toEqual([]);
  expect(mail.unsigned).toEqual([]);
}

describeWith(programs, "keys rotate at BIND, a Knot lags, and the program is killed at each state", () => {
  let house: House<LaggingServer>;
  let watch: ReturnType<typeof watchSecondary>;
  let old: string;
  let next: string;
  const kills: string[] = [];
  /** So that nothing goes on before its state has been looked at. */
  const never: Periods = { every: "off", retireAfter: "1h", removeAfter: "1h" };

  async function take(periods: Periods): Promise<void> {
    house.configure(periods);
    expect(await house.sekisho.reload()).toBe(true);
  }

  async function killAt(state: string): Promise<void> {
    await house.sekisho.end("SIGKILL");
    kills.push(state);
    await house.sekisho.start();
  }

  beforeAll(async () => {
    house = await build({
      primary: startBind,
      secondary: startLaggingKnot,
      periods: never,
      // It takes a while to make: long enough to be killed at it.
      algorithms: "[rsa4096]",
      addresses: async (port) => [
        { address: "127.0.0.1", port: await port() },
        { address: "127.0.0.1", port: await port() },
      ],
      dns: (servers) => {
        const [first, second] = servers.map(({ address, port }) => `"${address}:${port}"`);
        return `nameservers: [${first}], authoritative: [{ zone: ${zone}, servers: [${first}, ${second}] }]`;
      },
    });
    watch = watchSecondary(house);
  }, 120_000);

  afterAll(async () => {
    watch?.stop();
    await house?.end();
  }, 60_000);

  test("the first key comes into use", async () => {
    await until("a key", () => selectorsIn(house, "active").length === 1, longest);
    old = selectorsIn(house, "active")[0] ?? "";
    expect(old).toMatch(/^s\d{8}a$/);
    await workersSign(house, [old]);
    house.mail.begin();
    await until("mail", () => house.mail.sent.length > 10, longest);
  });

  test("its successor survives a kill at each state on its way into use", { timeout }, async () => {
    const before = house.nsupdate.hold("before");
    await take({ ...never, every: "3s" });
    await until("a second key", () => selectorsIn(house, "planned").length === 2, longest);
    await killAt("planned");
    next = selectorsIn(house, "planned").find((one) => one !== old) ?? "";
    await reaches(house, "generated", next);
    await sleep(500);
    await killAt("generated");
    // One more key in these months would only be in the way.
    await take(never);
    await house.secondary.follow(false);
    rmSync(before, { force: true });
    await reaches(house, "published", next);
    await killAt("published");
    const file = join(house.sekisho.dataDir, "keys", zone, `${next}.pem`);
    chmodSync(file, 0o644);
    const published = timeOf(house, "published", next) ?? Number.NaN;
    await until("the lack to be seen", () => (watch.lacking.get(next) ?? 0) > published, longest);
    await until("the lack to be told", () => lackIsTold(house), longest);
    await house.secondary.follow(true);
    await reaches(house, "proved", next);
    await until("the refusal", () => /step=load/.test(house.sekisho.output()), longest);
    expect(timeOf(house, "active", next)).toBeUndefined();
    await killAt("proved");
    chmodSync(file, 0o600);
    await reaches(house, "active", next);
    await killAt("active");
  });

  test("it was used only when the lagging server had it and no cache could lack it", () => {
    const lacking = watch.lacking.get(next) ?? Number.NaN;
    const published = timeOf(house, "published", next) ?? Number.NaN;
    const active = timeOf(house, "active", next) ?? Number.NaN;
    expect(lacking).toBeGreaterThan(published);
    expect(active - lacking).toBeGreaterThanOrEqual(times.negative * 1000);
  });

  test("the old one is revoked and removed through a kill at each state", { timeout }, async () => {
    // Its line in the log may have gone with the kill; both came in one step.
    const { output } = await house.sekisho.run("key", "list");
    expect(output).toMatch(new RegExp(`${old}\\._domainkey\\.${zone}\\n +state +retiring`));
    await killAt("retiring");
    const after = house.nsupdate.hold("after");
    await take({ ...never, retireAfter: "7s" });
    await until(
      "p= at the primary",
      async () => (await saysOf(house, old))[0]?.endsWith("p=") === true,
      longest,
    );
    await killAt("revoking");
    rmSync(after, { force: true });
    await reaches(house, "revoked", old);
    expect(await saysOf(house, old)).toEqual(["v=DKIM1; k=rsa; p=", "v=DKIM1; k=rsa; p="]);
    await killAt("revoked");
    house.nsupdate.hold("after");
    await take({ ...never, retireAfter: "7s", removeAfter: "3s" });
    await until("the record to go", async () => (await saysOf(house, old))[0] === "nxdomain", longest);
    await killAt("removing");
    rmSync(after, { force: true });
    await reaches(house, "gone", old);
    expect(await saysOf(house, old)).toEqual(["nxdomain", "nxdomain"]);
    await killAt("gone");
    await until("the file to go", () => !existsSync(join(house.sekisho.dataDir, "keys", zone, `${old}.pem`)));
  });

  test("its record stood for as long as mail may take", () => {
    const retiring = timeOf(house, "active", next) ?? Number.NaN;
    const revoked = timeOf(house, "revoked", old) ?? Number.NaN;
    expect(revoked - retiring).toBeGreaterThanOrEqual(7000);
  });

  test("mail that was sent all the while verifies, asked at the lagging server, with cold and warm caches", async () => {
    await expectMailVerified(house, 100);
    expect(new Set(house.mail.sent.flatMap(({ selectors }) => selectors))).toEqual(new Set([old, next]));
    expect(kills).toEqual([
      "planned",
      "generated",
      "published",
      "proved",
      "active",
      "retiring",
      "revoking",
      "revoked",
      "removing",
      "gone",
    ]);
  });

  test("key list tells how the keys stand", async () => {
    const { output, code } = await house.sekisho.run("key", "list", "--json");
    const listed = JSON.parse(output) as { selector: string; rotation: { state: string } }[];
    expect(listed.map(({ selector, rotation }) => [selector, rotation.state])).toEqual([
      [old, "gone"],
      [next, "active"],
    ]);
    expect(code).toBe(0);
  });
});

describeWith(
  programs,
  "keys of two kinds rotate by turns at Knot, another one lags, both found by NS records",
  () => {
    let house: House;

    beforeAll(async () => {
      house = await build({
        primary: startKnot,
        // Unlike BIND it listens on addresses of loopback that no interface names.
        secondary: startKnot,
        periods: { every: "off", retireAfter: "7s", removeAfter: "3s" },
        algorithms: "[rsa2048, ed25519]",
        // On port 53, where resolvers look for them.
        addresses: async () => {
          const net = `127.53.${1 + Math.floor(Math.random() * 250)}`;
          return [
            { address: `${net}.1`, port: 53 },
            { address: `${net}.2`, port: 53 },
          ];
        },
        dns: ([first]) => `nameservers: ["${first.address}"]`,
      });
    }, 120_000);

    afterAll(() => house?.end(), 60_000);

    test("both kinds come into use, one after the other", async () => {
      await until("two keys", () => selectorsIn(house, "active").length === 2, longest);
      const [rsa = "", ed25519 = ""] = selectorsIn(house, "active");
      expect([rsa[0], ed25519[0]]).toEqual(["s", "e"]);
      expect(timeOf(house, "planned", ed25519)).toBeGreaterThanOrEqual(timeOf(house, "active", rsa) ?? 0);
      await workersSign(house, [rsa, ed25519]);
      house.mail.begin();
      await until("mail", () => house.mail.sent.length > 10, longest);
    });

    test("asked for by command, both are replaced, and the old ones end", { timeout }, async () => {
      const old = selectorsIn(house, "active");
      // The program itself looks after its keys every second: it may be at it, or take up what is asked for first.
      let told = "";
      await until("the command to be taken", async () => {
        const { output, code } = await house.sekisho.run("key", "rotate", zone);
        told = output;
        if (code !== 0) expect(output).toContain("another process is changing keys");
        return code === 0;
      });
      if (!/generated → published/.test(told))
        await until("the program to take it up", () => selectorsIn(house, "generated").length > old.length);
      await until("four keys", () => selectorsIn(house, "active").length === 4, longest);
      for (const selector of old) {
        await reaches(house, "gone", selector);
        expect(await saysOf(house, selector)).toEqual(["nxdomain", "nxdomain"]);
      }
      const { output: list } = await house.sekisho.run("key", "list");
      expect(list).toMatch(/active since/);
    });

    test("mail that was sent all the while verifies, twice signed, asked at the lagging server", async () => {
      await expectMailVerified(house, 60);
      expect(new Set(house.mail.sent.flatMap(({ selectors }) => selectors)).size).toBe(4);
      expect(house.mail.sent.every(({ selectors }) => selectors.length === 2)).toBe(true);
    });
  },
);
