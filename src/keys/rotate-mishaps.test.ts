import { describe, expect, test } from "vitest";
import {
  day,
  hour,
  minute,
  nameOf,
  type RotationWorld,
  second,
  type WorldOptions,
  worldOf,
} from "../../test/rotation-world.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import { listKeys, readKey, rowsInUse, saveKey, saveRequest } from "./rotated-keys.ts";
import { advance, type KeyEvent, type RotatedKey } from "./rotation.ts";
import type { RotationNote } from "./rotation-journal.ts";

async function keyAt(world: RotationWorld, place: number): Promise<RotatedKey> {
  const key = (await world.keys())[place];
  if (key === undefined) throw new Error(`no key ${place}`);
  return key;
}

/** As a command beside the program does it. */
async function give(world: RotationWorld, place: number, event: KeyEvent): Promise<void> {
  const key = await keyAt(world, place);
  await world.state.tx(async (tx) => {
    const outcome = advance((await readKey(tx, key)) ?? key, event, world.now, world.sign.rotate);
    if (outcome.kind === "refused") throw new Error(`${event.kind} refused in ${key.state}`);
    await saveKey(tx, outcome.key);
  });
}

async function askFor(world: RotationWorld, domain = "example.jp"): Promise<void> {
  await world.state.tx((tx) => saveRequest(tx, { domain, type: "rsa", at: world.now }));
}

async function states(world: RotationWorld): Promise<readonly string[]> {
  return (await world.keys()).map(({ state }) => state);
}

function told<Kind extends RotationNote["kind"]>(
  world: RotationWorld,
  kind: Kind,
): readonly Extract<RotationNote, { kind: Kind }>[] {
  return world.notes.filter((note): note is Extract<RotationNote, { kind: Kind }> => note.kind === kind);
}

/** A key in use, and the one before it out of use with its time over. */
async function withOldKey(options: WorldOptions = {}): Promise<RotationWorld> {
  const world = worldOf({ everyMs: 1000 * day, ...options });
  await world.pass(hour);
  await askFor(world);
  await world.pass(hour);
  expect(await states(world)).toEqual(["retiring", "active"]);
  return world;
}

describe("a record that is no longer ours is never touched", () => {
  test("another one stands in the place of the old key's: that counts as revoked", async () => {
    const world = await withOldKey();
    const name = nameOf(await keyAt(world, 0));
    world.putRecord(name, "v=DKIM1; k=rsa; p=another");
    await world.pass(8 * day, 6 * hour);
    await world.pass(40 * day, 6 * hour);
    expect(world.served("primary", name)).toBe("v=DKIM1; k=rsa; p=another");
    expect(await keyAt(world, 0)).toMatchObject({ state: "gone" });
    expect((await keyAt(world, 0)).history.at(-1)).toMatchObject({ state: "revoked", why: "not-published" });
  });

  test("another one stands in the place of p=", async () => {
    const world = await withOldKey();
    await world.pass(8 * day, 6 * hour);
    expect(await states(world)).toEqual(["revoked", "active"]);
    const name = nameOf(await keyAt(world, 0));
    world.putRecord(name, "hello");
    await world.pass(40 * day, 6 * hour);
    expect(world.served("primary", name)).toBe("hello");
    expect(await keyAt(world, 0)).toMatchObject({ state: "gone", why: "removed" });
  });

  test("it was seen there once, and only one server has it now", async () => {
    let lagMs = 0;
    const world = await withOldKey({ lag: () => lagMs });
    const old = await keyAt(world, 0);
    world.putRecord(nameOf(old), "foreign");
    await world.pass(day, hour);
    lagMs = 1000 * day;
    world.putRecord(nameOf(old), old.record);
    lagMs = 2000 * day;
    world.putRecord(nameOf(old), "foreign");
    await world.pass(8 * day, 6 * hour);
    expect(world.served("primary", nameOf(old))).toBe("foreign");
  });

  test("a key that never came into use, since its name was taken meanwhile, is given up", async () => {
    let isBusy = true;
    const world = worldOf({ mishap: (place) => (isBusy && place === "publish" ? "fails" : "none") });
    await world.round();
    const name = nameOf(await keyAt(world, 0));
    world.putRecord(name, "foreign");
    isBusy = false;
    await world.pass(hour);
    await give(world, 0, { kind: "abandon" });
    await world.pass(2 * hour);
    expect(world.served("primary", name)).toBe("foreign");
    expect(await states(world)).toEqual(["gone", "active"]);
  });

  test("what may still be our key is left to the operator, who is told", async () => {
    const world = await withOldKey();
    const old = await keyAt(world, 0);
    const testing = old.record?.replace("k=rsa;", "k=rsa; t=y;");
    world.putRecord(nameOf(old), testing);
    await world.pass(10 * day, 6 * hour);
    expect(world.served("primary", nameOf(old))).toBe(testing);
    expect(await keyAt(world, 0)).toMatchObject({ state: "retiring", trouble: { step: "prove" } });
    expect(told(world, "trouble").some(({ key, lasts }) => lasts && key.selector === old.selector)).toBe(
      true,
    );
  });
});

describe("nothing is stuck for ever", () => {
  test.each(["fails", "is taken and not made"])(
    "an old record whose revocation %s does not keep a new key out",
    async (how) => {
      const world = await withOldKey();
      const old = await keyAt(world, 0);
      await world.pass(6 * day, 6 * hour);
      world.refuses = how === "fails" ? "told" : "untold";
      world.refused = nameOf(old);
      await world.pass(3 * day, 6 * hour);
      expect(await keyAt(world, 0)).toMatchObject({
        state: "retiring",
        change: { kind: "revoke", triedAt: expect.any(Number) },
      });
      await askFor(world);
      await world.pass(day, hour);
      await world.pass(hour);
      expect(await states(world)).toEqual(["retiring", "retiring", "active"]);
    },
  );

  test("but one that is on its way does", async () => {
    let lagMs = 0;
    const world = await withOldKey({ lag: () => lagMs });
    await world.pass(6 * day, 6 * hour);
    lagMs = 5 * day;
    await world.pass(2 * day, 6 * hour);
    expect(await keyAt(world, 0)).toMatchObject({ state: "retiring", change: { kind: "revoke" } });
    lagMs = 0;
    await askFor(world);
    await world.pass(2 * day, hour);
    expect(await world.keys()).toHaveLength(2);
    await world.pass(4 * day, hour);
    expect(await states(world)).toEqual(["revoked", "retiring", "active"]);
  });

  test("the zone begins elsewhere since the key was made", async () => {
    const world = await withOldKey();
    world.zone = "_domainkey.example.jp";
    await world.pass(8 * day, 6 * hour);
    expect(world.asked.at(-1)).toMatchObject({ action: "revoke", zone: "_domainkey.example.jp" });
    expect(await keyAt(world, 0)).toMatchObject({ state: "revoked", zone: "_domainkey.example.jp" });
  });
});

describe("the clock is set", () => {
  const year = 365 * day;

  test("back, after it went ahead while a key was on its way: the wait goes on", async () => {
    const world = worldOf({ negativeMs: hour });
    world.clockError = 10 * year;
    world.restart();
    await world.round();
    await world.pass(10 * minute);
    expect(await states(world)).toEqual(["published"]);
    world.clockError = 0;
    await world.pass(40 * minute);
    expect(await states(world)).toEqual(["published"]);
    await world.pass(30 * minute);
    expect(await states(world)).toEqual(["active"]);
  });

  test("back while nothing ran: what was written down ahead of it counts from later", async () => {
    const world = worldOf({ negativeMs: hour });
    world.clockError = 10 * year;
    world.restart();
    await world.pass(10 * minute);
    world.clockError = 0;
    world.restart();
    await world.pass(4 * hour);
    expect(await states(world)).toEqual(["active"]);
    expect((await keyAt(world, 0)).activeAt).toBeLessThanOrEqual(world.now);
  });

  test("forward while a key waits for caches: it is not used before they have forgotten", async () => {
    const world = worldOf({ negativeMs: hour });
    await world.pass(10 * minute);
    world.clockError = 10 * year;
    await world.pass(30 * minute);
    expect(await states(world)).toEqual(["published"]);
    await world.pass(30 * minute);
    expect(await states(world)).toEqual(["active"]);
  });

  test.each([
    ["forward", 10 * year],
    ["back", -10 * year],
  ])("%s: an old key is neither revoked too early nor too late", async (_, by) => {
    const world = await withOldKey();
    await world.pass(day, hour);
    world.clockError = by;
    await world.pass(5 * day, hour);
    expect(await states(world)).toEqual(["retiring", "active"]);
    world.clockError = 0;
    await world.pass(2 * day, hour);
    expect(await states(world)).toEqual(["revoked", "active"]);
  });

  test("back to 1970 at a start without a clock, and forward once it is known", async () => {
    const world = await withOldKey();
    await world.pass(day, hour);
    world.clockError = -world.now;
    world.restart();
    await world.pass(10 * minute);
    world.clockError = 0;
    await world.pass(5 * day, hour);
    expect(await states(world)).toEqual(["retiring", "active"]);
    await world.pass(2 * day, hour);
    expect(await states(world)).toEqual(["revoked", "active"]);
  });

  test("back soon after a start with a clock that was ahead: what was written down before does not come earlier", async () => {
    const world = await withOldKey();
    await world.pass(day, hour);
    // The hardware clock has local time.
    world.clockError = 9 * hour;
    world.restart();
    await world.pass(10 * minute);
    world.clockError = 0;
    await world.pass(5 * day + 20 * hour, hour);
    expect(await states(world)).toEqual(["retiring", "active"]);
    await world.pass(day, hour);
    expect(await states(world)).toEqual(["revoked", "active"]);
  });

  test("forward, as the machine slept: a proof from before is none", async () => {
    let broken = true;
    const world = worldOf({ mishap: (place) => (broken && place === "load" ? "fails" : "none") });
    await world.pass(hour);
    expect(await states(world)).toEqual(["proved"]);
    world.putRecord(nameOf(await keyAt(world, 0)), undefined);
    broken = false;
    world.clockError = day;
    await world.round();
    expect(await states(world)).toEqual(["published"]);
  });

  test("back while nothing ran, and the configuration is read anew every half an hour", async () => {
    const world = worldOf({ negativeMs: hour });
    world.clockError = 10 * year;
    world.restart();
    await world.pass(10 * minute);
    world.clockError = 0;
    world.restart();
    for (let i = 0; i < 8; i++) {
      await world.pass(30 * minute);
      world.reload();
    }
    expect(await states(world)).toEqual(["active"]);
  });

  test("a proof from ahead of it is none", async () => {
    let broken = true;
    const world = worldOf({ mishap: (place) => (broken && place === "load" ? "fails" : "none") });
    world.clockError = year;
    world.restart();
    await world.pass(hour);
    expect(await states(world)).toEqual(["proved"]);
    world.clockError = 0;
    world.putRecord(nameOf(await keyAt(world, 0)), undefined);
    broken = false;
    world.restart();
    await world.round();
    expect(await states(world)).toEqual(["published"]);
  });
});

describe("by hand: the operator hears of all that is wrong", () => {
  test("a secondary that never follows", async () => {
    const world = worldOf({ method: "manual", lag: () => 1000 * day });
    await world.round();
    const key = await keyAt(world, 0);
    world.putRecord(nameOf(key), key.record);
    await world.pass(3 * day, hour);
    expect(told(world, "trouble").map(({ lasts }) => lasts)).toEqual([false, true, true]);
  });

  test("a wrong record", async () => {
    const world = worldOf({ method: "manual" });
    await world.round();
    world.putRecord(nameOf(await keyAt(world, 0)), "v=DKIM1; p=another");
    await world.pass(3 * day, hour);
    expect(told(world, "trouble")[0]).toMatchObject({ key: { trouble: { reason: "foreign, foreign" } } });
    expect(told(world, "by-hand")).toHaveLength(4);
  });
});

test.each([
  ["a record that may still be ours", "other"],
  ["a server that does not answer", "unknown"],
])("by hand: %s stands against the revocation, and the operator is asked all the same", async (_, says) => {
  let isSilent = false;
  const world = worldOf({
    method: "manual",
    everyMs: 1000 * day,
    mishap: (place) => (isSilent && place === "observe" ? "fails" : "none"),
  });
  for (let i = 0; i < 2; i++) {
    await askFor(world);
    await world.round();
    const key = await keyAt(world, i);
    world.putRecord(nameOf(key), key.record);
    await world.pass(hour);
  }
  const old = await keyAt(world, 0);
  expect(await states(world)).toEqual(["retiring", "active"]);
  if (says === "other") world.putRecord(nameOf(old), old.record?.replace("k=rsa;", "k=rsa; t=y;"));
  else isSilent = true;
  await world.pass(9 * day, 6 * hour);
  expect(told(world, "by-hand").at(-1)).toMatchObject({ change: { action: "revoke", name: nameOf(old) } });
});

test("a compromised key is revoked before other keys of its zone are renewed", async () => {
  const domains = ["a.example.jp", "b.example.jp", "c.example.jp"];
  const world = worldOf({ domains, negativeMs: hour, everyMs: 1000 * day });
  await world.pass(12 * hour, 5 * minute);
  expect(await states(world)).toEqual(["active", "active", "active"]);
  await give(world, 0, { kind: "compromise" });
  for (const domain of domains.slice(1)) await askFor(world, domain);
  await world.pass(12 * hour, 5 * minute);
  const keys = await world.keys();
  const revokedAt = keys.find(({ state }) => state === "revoked")?.since ?? Number.NaN;
  const successor = keys.find(({ domain, state }) => domain === domains[0] && state === "active");
  const others = keys.filter(({ domain, state }) => domain !== domains[0] && state === "active");
  expect(revokedAt - (successor?.activeAt ?? 0)).toBeLessThan(hour);
  expect(others.filter(({ activeAt }) => (activeAt ?? 0) > revokedAt).length).toBeGreaterThan(0);
});

test("a domain that leaves the configuration in the middle of a change, and comes back: still one at a time", async () => {
  const [leaving = "", staying = ""] = ["a.example.jp", "b.example.jp"];
  let lagMs = 0;
  const world = worldOf({
    domains: [leaving, staying],
    everyMs: 1000 * day,
    negativeMs: hour,
    lag: () => lagMs,
  });
  const { domains } = world.sign.rotate;
  await world.pass(6 * hour);
  await askFor(world, leaving);
  await world.pass(3 * hour);
  await world.pass(6 * day, 6 * hour);
  lagMs = 3 * day;
  await world.pass(2 * day, 6 * hour);
  const old = await keyAt(world, 0);
  expect(old).toMatchObject({ domain: leaving, change: { kind: "revoke", sentAt: expect.any(Number) } });
  Object.assign(world.sign.rotate, { domains: domains?.filter(({ domain }) => domain === staying) });
  world.restart();
  await askFor(world, staying);
  await world.pass(hour);
  Object.assign(world.sign.rotate, { domains });
  world.restart();
  const asked = world.asked.length;
  await world.pass(2 * hour);
  const incoming = (await world.keys()).find(({ state }) => state === "published");
  expect(incoming?.domain).toBe(staying);
  expect(world.asked.slice(asked).filter(({ domain }) => domain === leaving)).toEqual([]);
  await askFor(world, leaving);
  lagMs = 0;
  await world.pass(6 * day, hour);
  expect((await world.keys()).map(({ domain, state }) => `${domain} ${state}`)).toEqual([
    `${leaving} revoked`,
    `${leaving} retiring`,
    `${leaving} active`,
    `${staying} retiring`,
    `${staying} active`,
  ]);
});

test("a look at many keys in use does not read all of them for each", async () => {
  const domains = Array.from({ length: 150 }, (_, index) => `d${index}.example.jp`);
  const world = worldOf({ domains, everyMs: 1000 * day });
  await world.state.tx(async (tx) => {
    for (const domain of domains) await saveKey(tx, inUse(domain, world.now));
  });
  world.reads = 0;
  world.now += hour;
  await world.round();
  expect((await world.keys()).every(({ trouble }) => trouble?.step === "check")).toBe(true);
  expect(world.reads).toBeLessThan(20);
});

function inUse(domain: string, now: number): RotatedKey {
  return {
    domain,
    selector: "s1",
    type: "rsa",
    file: "/etc/keys/s1.pem",
    origin: "configuration",
    state: "active",
    since: now,
    why: "adopted",
    history: [],
    zone: domain,
    publicKey: "key",
    record: "v=DKIM1; k=rsa; p=key",
    staleMs: 0,
    activeAt: now,
    jitter: 0,
    nextAt: now,
  };
}

test("the record of a key that never signed need not be there, and nobody is told that it is not", async () => {
  const world = worldOf({ negativeMs: 2 * day, lag: () => day });
  await world.round();
  await give(world, 0, { kind: "abandon" });
  await world.pass(2 * day, hour);
  expect(await states(world)).toEqual(["retiring", "published"]);
  expect(told(world, "trouble").filter(({ key }) => key.trouble?.step === "check")).toEqual([]);
});

test("a key that leaves with its domain on its way into use is given up when that comes back", async () => {
  const world = worldOf({ domains: ["a.example.jp", "b.example.jp"], negativeMs: hour });
  const { domains } = world.sign.rotate;
  await world.round();
  expect(await states(world)).toEqual(["published"]);
  Object.assign(world.sign.rotate, { domains: domains?.slice(1) });
  world.restart();
  await world.pass(3 * hour);
  Object.assign(world.sign.rotate, { domains });
  world.restart();
  await world.pass(3 * hour);
  expect((await world.keys()).map(({ domain, state }) => `${domain} ${state}`)).toEqual([
    "a.example.jp gone",
    "a.example.jp active",
    "b.example.jp active",
  ]);
});

describe("what cannot be begun", () => {
  test("is told once a day, however often it is tried", async () => {
    const world = worldOf({ mishap: (place) => (place === "zone" ? "fails" : "none") });
    await world.pass(hour);
    expect(told(world, "no-plan")).toHaveLength(1);
    await world.pass(2 * day, hour);
    expect(told(world, "no-plan")).toHaveLength(3);
  });

  test("is not tried at every look, nor is a key that cannot be taken in", async () => {
    let asked = 0;
    const world = worldOf({
      keys: [handRow("hand")],
      mishap: (place) => {
        if (place !== "zone") return "none";
        asked += 1;
        return "fails";
      },
    });
    world.putFile("/etc/keys/hand.pem", "hand");
    await world.pass(10 * minute, 5 * second);
    expect(asked).toBeLessThanOrEqual(24);
  });

  test("a key that cannot be taken in holds up no new one, whatever its selector is called", async () => {
    // Its file is not there.
    const world = worldOf({ keys: [handRow("rsa")] });
    await world.pass(hour);
    expect((await world.keys()).map(({ state, origin }) => `${origin} ${state}`)).toEqual([
      "rotation active",
    ]);
  });

  test("a zone that is busy is not asked about at every look", async () => {
    const world = worldOf({ algorithms: ["rsa2048", "ed25519"], negativeMs: hour });
    await world.round();
    const before = await world.state.revision();
    await world.pass(10 * minute, 5 * second);
    expect((await world.state.revision()) - before).toBeLessThan(120);
  });
});

function handRow(selector: string): SigningKeyConfig {
  return {
    domain: "example.jp",
    selector,
    file: `/etc/keys/${selector}.pem`,
    from: [{ domain: "example.jp" }],
    includeSubdomains: false,
    anyDomain: false,
    thirdParty: false,
    identity: "none",
  };
}

test("a rotated key that also stands in the configuration signs once", async () => {
  const first = worldOf();
  await first.pass(hour);
  const keys = await first.state.tx(listKeys);
  const { selector, file } = keys[0] as RotatedKey;
  const sign = { ...first.sign, keys: [{ ...handRow(selector), file }] };
  expect(rowsInUse(sign, keys)).toHaveLength(1);
});

test("the file of a key in use is gone: told while it is still in memory", async () => {
  const world = worldOf();
  await world.pass(hour);
  const key = await keyAt(world, 0);
  world.deleteFile(key.file);
  await world.pass(hour);
  expect(told(world, "trouble")).toMatchObject([{ lasts: true, key: { trouble: { step: "load" } } }]);
  world.putFile(key.file, key.publicKey ?? "");
  await world.pass(2 * hour);
  expect((await keyAt(world, 0)).trouble).toBeUndefined();
});
