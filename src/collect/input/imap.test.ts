import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { bodyOf, type ImapFaults, ImapServer, type ServedMail } from "../../../test/imap-server.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { MailboxConfig } from "../../config/collect-config.ts";
import { createLog } from "../../log.ts";
import { openStateInMemory } from "../../store/sqlite-state.ts";
import type { StateStore } from "../../store/state.ts";
import type { Incoming } from "./arrival.ts";
import { watchMailFolder } from "./imap.ts";
import { connectMailbox, LoginRefused } from "./imap-client.ts";
import { MailFolderRounds } from "./imap-rounds.ts";
import type { WayIn, WayInServices } from "./way-in.ts";

const mails: readonly ServedMail[] = [1, 2, 3, 4, 5].map((uid) => ({ uid, octets: `A: ${uid}\r\n\r\n` }));
const afters = [{ kind: "leave" }, { kind: "move", folder: "Done" }] as const;

interface World {
  readonly mailbox: MailboxConfig;
  readonly passwordFile: string;
  readonly services: WayInServices;
  readonly taken: string[];
  readonly lost: string[];
  readonly log: string[];
  failing: boolean;
}

function world(server: ImapServer, config: Partial<MailboxConfig>, state?: StateStore): World {
  const passwordFile = join(temporaryFolder(), "password");
  writeFileSync(passwordFile, "secret\n", { mode: 0o600 });
  const [taken, lost, log]: [string[], string[], string[]] = [[], [], []];
  const made: World = {
    mailbox: {
      host: "127.0.0.1",
      port: server.port,
      tls: "off",
      user: "u",
      login: { kind: "password", password: `file:${passwordFile}` },
      folders: ["INBOX"],
      idle: false,
      pollMs: 30,
      after: { kind: "leave" },
      maxSize: 1_000_000,
      ...config,
    },
    passwordFile,
    taken,
    lost,
    log,
    failing: false,
    services: {
      take: async (incoming: AsyncIterable<Incoming>) => {
        for await (const one of incoming) {
          if (made.failing) throw new Error("store");
          if (one.kind === "lost") lost.push(one.lost.via);
          else {
            taken.push(one.arrival.octets.toString("latin1").trim());
            await one.arrival.done?.([]);
          }
        }
      },
      state: state ?? openStateInMemory(),
      storeId: async () => "5e15",
      alone: (_, work) => work().then(() => true),
      log: createLog({ level: "debug", format: "text", write: (line) => void log.push(line) }),
    },
  };
  return made;
}

interface Watched extends World {
  readonly way: WayIn;
  readonly server: ImapServer;
}

async function watch(
  faults: Partial<ImapFaults>,
  config: Partial<MailboxConfig> = {},
  served: readonly ServedMail[] = mails,
): Promise<Watched> {
  const server = await ImapServer.start(served, faults);
  const made = world(server, config);
  const way = watchMailFolder(made.mailbox, "INBOX", made.services);
  onTestFinished(() => way.close(100));
  return Object.assign(made, { way, server });
}

async function until(probe: () => boolean): Promise<void> {
  for (let tries = 0; !probe(); tries += 1) {
    if (tries > 3_000) throw new Error("in vain");
    await sleep(10);
  }
}

/** One session after the other without the waits in between, as often as told; what went wrong in each. */
async function sessions({ mailbox, services }: World, times: number): Promise<readonly string[]> {
  const rounds = new MailFolderRounds(mailbox, "INBOX", services, () => false);
  const faults: string[] = [];
  for (let done = 0; done < times; done += 1) {
    const client = await connectMailbox(mailbox, () => {});
    try {
      await rounds.open(client);
      await rounds.takeAll(client);
      faults.push(rounds.trouble ?? "");
    } catch (error) {
      faults.push(String(error));
    } finally {
      client.close();
    }
  }
  return faults;
}

test.each([0, 5])("without IDLE nobody logs in again before it is time to look (%d mails)", async (count) => {
  const { way, server } = await watch({}, { pollMs: 300_000 }, mails.slice(0, count));
  await until(() => way.status().state === "up");
  await sleep(1_000);
  expect(server.count(/^LOGIN/)).toBe(1);
});

test("while another process takes the folder in, it is left to that one, and looked at again", async () => {
  const server = await ImapServer.start(mails, {});
  const made = world(server, { pollMs: 50 });
  let asked = 0;
  const services: WayInServices = {
    ...made.services,
    alone: async (name, work) => {
      expect(name).toContain("imap://u@127.0.0.1");
      asked += 1;
      if (asked === 1) return false;
      await work();
      return true;
    },
  };
  const way = watchMailFolder(made.mailbox, "INBOX", services);
  onTestFinished(() => way.close(100));
  await until(() => made.taken.length === mails.length);
  await until(() => way.status().lastSuccess !== undefined);
  expect(asked).toBeGreaterThan(1);
});

test("a folder that cannot be opened, or is renamed: the tries become rarer", async () => {
  const { way, server } = await watch({
    answer: (command, tag) => (command.startsWith("SELECT") ? `${tag} NO no such folder\r\n` : undefined),
  });
  await until(() => way.status().state === "waiting");
  expect(way.status().error).toBe("the folder INBOX cannot be opened: no such folder");
  await sleep(2_000);
  // At the start, after 0.5 s and after 1.5 s at the earliest.
  expect(server.count(/^LOGIN/)).toBeLessThanOrEqual(3);
});

test("a store that fails: the tries become rarer, and all comes in when it works again", async () => {
  const made = await watch({});
  made.failing = true;
  await until(() => made.way.status().state === "waiting");
  await sleep(2_000);
  expect(made.server.count(/BODY/)).toBeLessThanOrEqual(3);
  made.failing = false;
  await until(() => made.way.status().state === "up");
  expect(made.taken).toHaveLength(5);
});

test("a server that throws out whoever stays: the tries become rarer", async () => {
  const { server } = await watch(
    { answer: (command) => (command === "IDLE" ? "" : undefined) },
    { idle: true, pollMs: 300_000 },
  );
  await until(() => server.count(/^IDLE/) > 0);
  await sleep(4_000);
  expect(server.count(/^LOGIN/)).toBeLessThanOrEqual(4);
});

test("a server that refuses the search is no empty folder", async () => {
  const { way } = await watch({
    answer: (command, tag) => (command.startsWith("UID SEARCH") ? `${tag} NO later\r\n` : undefined),
  });
  await until(() => way.status().state !== "connecting");
  expect(way.status()).toMatchObject({ state: "waiting", error: "the server refuses to search the folder" });
  expect(way.status().lastSuccess).toBeUndefined();
});

const odd: readonly (readonly [string, string | undefined])[] = [
  ["NO", "NO"],
  ["NIL", "BODY[] NIL"],
  ["nothing", undefined],
  ["without a body", "FLAGS ()"],
];

test.each(odd.flatMap(([name, answer]) => afters.map((after) => [name, after.kind, answer, after] as const)))(
  "a mail for which the server answers %s is left and told of, and holds up no other (%s)",
  async (_name, _kind, answer, after) => {
    const { way, taken, lost, log, server } = await watch(
      { body: (mail) => (mail.uid === 3 ? answer : bodyOf(mail)) },
      { after },
    );
    await until(() => taken.length >= 4);
    await until(() => way.status().left === 1);
    expect(taken.toSorted()).toEqual(["A: 1", "A: 2", "A: 4", "A: 5"]);
    expect(lost).toEqual([`${way.status().name};UID=3`]);
    expect(log.filter((line) => /a mail is left.*UID=3\b/.test(line))).toHaveLength(1);
    await until(() => way.status().error === undefined);
    expect(way.status().state).toBe("up");
    const asked = server.count(/BODY/);
    await sleep(200);
    expect(server.count(/BODY/)).toBe(asked);
  },
);

test("a mail that the server does not give for some time comes in, and is told of until then", async () => {
  let isBad = true;
  const { way, taken, lost } = await watch(
    { body: (mail) => (mail.uid === 3 && isBad ? "NO" : bodyOf(mail)) },
    { idle: true, pollMs: 300 },
  );
  await until(() => way.status().error !== undefined);
  expect(way.status().error).toMatch(/^mails that the server does not give: 1, such as UID=3 /);
  expect(way.status()).not.toHaveProperty("lastSuccess");
  isBad = false;
  await until(() => way.status().error === undefined);
  expect(taken).toEqual(["A: 1", "A: 2", "A: 4", "A: 5", "A: 3"]);
  expect(lost).toEqual([]);
});

test("what was not given is asked for after a restart, although later ones were taken in", async () => {
  const state = openStateInMemory();
  let isBad = true;
  const server = await ImapServer.start(mails, {
    body: (mail) => (mail.uid === 3 && isBad ? undefined : bodyOf(mail)),
  });
  const first = world(server, {}, state);
  await sessions(first, 8);
  expect(first.lost).toHaveLength(1);
  isBad = false;
  const second = world(server, {}, state);
  await sessions(second, 1);
  expect(second.taken).toEqual(["A: 3"]);
  const third = world(server, {}, state);
  await sessions(third, 1);
  expect(third.taken).toEqual([]);
});

test.each(afters)("a server that gives nothing for a while: no mail is left ($kind)", async (after) => {
  let isBad = true;
  const server = await ImapServer.start(mails, {
    answer: (command, tag) =>
      isBad && command.includes("BODY") ? `${tag} NO Too many requests\r\n` : undefined,
  });
  const made = world(server, { after });
  expect(await sessions(made, 8)).toEqual(Array(8).fill("Error: Command failed"));
  isBad = false;
  await sessions(made, 1);
  expect(made.taken).toHaveLength(5);
  expect(made.lost).toEqual([]);
});

test("a single mail that is throttled is not left", async () => {
  const server = await ImapServer.start(mails.slice(0, 1), { body: () => "NO" });
  const made = world(server, {});
  const faults = await sessions(made, 12);
  expect(faults.every((fault) => fault.startsWith("mails that the server does not give: 1"))).toBe(true);
  expect(made.lost).toEqual([]);
});

test.each(afters)(
  "a mail over which the connection breaks is left, and the others come in ($kind)",
  async (after) => {
    const server = await ImapServer.start(mails, {
      answer: (command) => (/FETCH [\d:,]*\b3\b.*BODY|FETCH 1:5 .*BODY/.test(command) ? "" : undefined),
    });
    const made = world(server, { after });
    const faults = await sessions(made, 9);
    expect(made.taken.toSorted()).toEqual(["A: 1", "A: 2", "A: 4", "A: 5"]);
    expect(made.lost).toHaveLength(1);
    expect(faults.at(-1)).toBe("");
  },
);

test("connections that break over every mail: none is left", async () => {
  const server = await ImapServer.start(mails, {
    answer: (command) => (command.includes("BODY") ? "" : undefined),
  });
  const made = world(server, {});
  await sessions(made, 30);
  expect(made.lost).toEqual([]);
});

test("a mail whose size is not told is taken in", async () => {
  const { way, taken } = await watch({ size: ({ uid, octets }) => (uid === 3 ? undefined : octets.length) });
  await until(() => way.status().state === "up");
  expect(taken).toEqual(["A: 1", "A: 2", "A: 3", "A: 4", "A: 5"]);
});

test("what others take away meanwhile is no failure", async () => {
  let server: ImapServer | undefined;
  const made = await watch({
    body: (mail) => {
      if (mail.uid < 3) return bodyOf(mail);
      // As when another program moves them during the answer.
      if (server !== undefined) server.mails = server.mails.filter(({ uid }) => uid < 3);
      return undefined;
    },
  });
  server = made.server;
  await until(() => made.way.status().lastSuccess !== undefined);
  expect(made.taken).toEqual(["A: 1", "A: 2"]);
  expect(made.way.status()).not.toHaveProperty("error");
  expect(made.lost).toEqual([]);
});

test.each([
  ["MOVE", "UIDPLUS MOVE", []],
  ["UIDPLUS without MOVE", "UIDPLUS", []],
  ["neither", "", [1, 2, 3, 4, 5]],
] as const)("%s: what others have marked as deleted is not expunged", async (_name, capabilities, stay) => {
  const server = await ImapServer.start([...mails, { uid: 9, octets: "A: 9\r\n\r\n", deleted: true }], {
    capabilities,
  });
  const made = world(server, { after: { kind: "move", folder: "Done" } });
  expect(await sessions(made, 3)).toEqual(["", "", ""]);
  expect(made.taken).toHaveLength(5);
  expect(server.mails.map(({ uid }) => uid)).toEqual([...stay, 9]);
  expect(server.moved).toEqual([1, 2, 3, 4, 5]);
});

test("without MOVE a mail that cannot be marked as deleted is not copied again and again", async () => {
  const server = await ImapServer.start(mails, {
    capabilities: "UIDPLUS",
    answer: (command, tag) => (command.startsWith("UID STORE") ? `${tag} NO no\r\n` : undefined),
  });
  const made = world(server, { after: { kind: "move", folder: "Done" } });
  const faults = await sessions(made, 4);
  expect(faults).toEqual(Array(4).fill("Error: mails could not be moved to Done"));
  expect(server.moved).toEqual([1, 2, 3, 4, 5]);
  expect(made.taken).toHaveLength(5);
});

test("another UIDVALIDITY between two sessions: everything is looked at again", async () => {
  const server = await ImapServer.start(mails);
  const made = world(server, {});
  const rounds = new MailFolderRounds(made.mailbox, "INBOX", made.services, () => false);
  for (const uidValidity of [7, 7, 8]) {
    server.uidValidity = uidValidity;
    const client = await connectMailbox(made.mailbox, () => {});
    await rounds.open(client);
    await rounds.takeAll(client);
    client.close();
  }
  expect(made.taken).toHaveLength(10);
});

test("sizes that are not true, and mails that nobody asked for: only a bounded part is held", async () => {
  const large = "x".repeat(900_000);
  const server = await ImapServer.start(
    Array.from({ length: 40 }, (_, index) => ({ uid: index + 1, octets: large })),
    { size: () => 1 },
  );
  const made = world(server, {});
  let most = 0;
  const { take } = made.services;
  const services: WayInServices = {
    ...made.services,
    take: async (incoming) => {
      const all: Incoming[] = [];
      for await (const one of incoming) all.push(one);
      const octets = all.reduce(
        (sum, one) => sum + (one.kind === "arrival" ? one.arrival.octets.length : 0),
        0,
      );
      most = Math.max(most, octets);
      await take(
        (async function* () {
          yield* all;
        })(),
      );
    },
  };
  await sessions({ ...made, services }, 3);
  expect(made.taken).toHaveLength(40);
  expect(most).toBeLessThan(18_000_000);
});

test.each([
  ["a literal beyond all bounds", "* 1 FETCH (UID 1 BODY[] {9999999999}\r\n"],
  ["a line without an end", `* SEARCH ${"1 ".repeat(9_000_000)}`],
])("%s ends the connection", async (_name, octets) => {
  const { way } = await watch({
    answer: (command) => (command.startsWith("UID SEARCH") ? octets : undefined),
  });
  await until(() => way.status().state === "waiting");
  expect(way.status().error).toBeDefined();
});

test("a folder with very many mails: its list of UIDs is a long line", async () => {
  const uids = Array.from({ length: 300_000 }, (_, index) => 1_000_000 + index).join(" ");
  const { way, server } = await watch(
    {
      answer: (command, tag) =>
        command.startsWith("UID SEARCH") ? `* SEARCH ${uids}\r\n${tag} OK done\r\n` : undefined,
    },
    { maxSize: 1 },
    [],
  );
  await until(() => server.count(/FETCH/) > 0 || way.status().state === "waiting");
  expect(way.status().error).toBeUndefined();
});

test("the password is read at every login", async () => {
  const server = await ImapServer.start(mails, {
    answer: (command, tag) => (/^LOGIN .*"?secret/.test(command) ? `${tag} NO wrong\r\n` : undefined),
  });
  const made = world(server, {});
  await expect(connectMailbox(made.mailbox, () => {})).rejects.toThrow(LoginRefused);
  writeFileSync(made.passwordFile, "changed\n");
  await sessions(made, 1);
  expect(made.taken).toHaveLength(5);
});

test("a server that says nothing more when it is asked again is not waited for at the end", async () => {
  let logins = 0;
  const { way, server } = await watch({
    answer: (command) => {
      if (!command.startsWith("LOGIN")) return undefined;
      logins += 1;
      return logins === 1 ? "" : "* OK wait\r\n";
    },
  });
  await until(() => server.count(/^LOGIN/) === 2);
  expect(way.status().state).toBe("waiting");
  const closed = way.close(30_000).then(() => "closed");
  expect(await Promise.race([closed, sleep(15_000, "open", { ref: false })])).toBe("closed");
});

test("at the end what is being committed is moved, also in the first round", async () => {
  const server = await ImapServer.start(mails);
  const made = world(server, { after: { kind: "move", folder: "Done" } });
  const { take } = made.services;
  const commits = Promise.withResolvers<void>();
  let begun = false;
  const services = {
    ...made.services,
    take: async (incoming: AsyncIterable<Incoming>) => {
      begun = true;
      await commits.promise;
      await take(incoming);
    },
  };
  const way = watchMailFolder(made.mailbox, "INBOX", services);
  await until(() => begun);
  const closed = way.close(30_000);
  await sleep(50);
  commits.resolve();
  await closed;
  expect(made.taken).toHaveLength(5);
  expect(server.moved).toEqual([1, 2, 3, 4, 5]);
});
