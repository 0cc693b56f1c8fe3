import { describe, expect, test } from "vitest";
import { day, hour, minute, nameOf, type RotationWorld, second, worldOf } from "../../test/rotation-world.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import { listKeys, rowsInUse, saveKey, saveRequest } from "./rotated-keys.ts";
import { advance, type RotatedKey } from "./rotation.ts";
import type { RotationNote } from "./rotation-journal.ts";

async function only(world: RotationWorld): Promise<RotatedKey> {
  const [key, ...more] = await world.keys();
  if (key === undefined || more.length > 0) throw new Error(`${more.length + 1} keys`);
  return key;
}

function told(world: RotationWorld, kind: RotationNote["kind"]): number {
  return world.notes.filter((note) => note.kind === kind).length;
}

function handRow(selector: string, more: Partial<SigningKeyConfig> = {}): SigningKeyConfig {
  return {
    domain: "example.jp",
    selector,
    file: `/etc/keys/${selector}.pem`,
    from: [{ domain: "example.jp" }],
    includeSubdomains: false,
    anyDomain: false,
    thirdParty: false,
    identity: "none",
    ...more,
  };
}

test("the first key goes through every state, each with its time and reason", async () => {
  const world = worldOf({ lag: () => 20 * second });
  await world.round();
  expect(await only(world)).toMatchObject({ state: "published", selector: "s20261121a" });
  await world.pass(20 * minute);
  const key = await only(world);
  expect(key).toMatchObject({ state: "active", why: "switched", zone: "example.jp" });
  expect(key.history.map(({ state, why }) => `${state}:${why}`)).toEqual([
    "planned:first",
    "generated:written",
    "published:sent",
    "proved:proved",
  ]);
  expect(told(world, "moved")).toBe(5);
  expect(world.asked).toHaveLength(1);
});

test("it is in use only when the secondary had it and the negative TTL has run out since", async () => {
  const world = worldOf({ lag: () => 10 * minute, negativeMs: 30 * minute });
  const begin = world.now;
  await world.round();
  await world.pass(39 * minute);
  expect((await only(world)).state).toBe("published");
  await world.pass(3 * minute);
  const key = await only(world);
  expect(key.state).toBe("active");
  expect((key.activeAt ?? 0) - begin).toBeGreaterThanOrEqual(40 * minute);
});

test("new keys come by turns: the zone has one change at a time", async () => {
  const world = worldOf({ algorithms: ["rsa2048", "ed25519"], domains: ["example.jp", "news.example.jp"] });
  const begun: string[] = [];
  for (let i = 0; i < 200; i++) {
    world.now += minute;
    await world.round();
    const keys = await world.keys();
    expect(keys.filter(({ change }) => change !== undefined).length).toBeLessThanOrEqual(1);
    for (const key of keys) if (!begun.includes(nameOf(key))) begun.push(nameOf(key));
  }
  expect(begun).toEqual([
    "s20261121a._domainkey.example.jp",
    "e20261121a._domainkey.example.jp",
    "s20261121a._domainkey.news.example.jp",
    "e20261121a._domainkey.news.example.jp",
  ]);
  expect((await world.keys()).every(({ state }) => state === "active")).toBe(true);
});

describe("selectors never meet anything", () => {
  test("a record, a file, a key of the configuration", async () => {
    const world = worldOf({ keys: [handRow("s20261121c")] });
    world.putRecord("s20261121a._domainkey.example.jp", "somebody else's");
    world.putFile("/data/keys/example.jp/s20261121b.pem", "an old key");
    world.putFile("/etc/keys/s20261121c.pem", "hand");
    await world.round();
    await world.state.tx((tx) => saveRequest(tx, { domain: "example.jp", type: "rsa", at: world.now }));
    await world.round();
    const selectors = (await world.keys()).map(({ selector }) => selector);
    expect(selectors).toEqual(["s20261121c", "s20261121d"]);
    expect(world.served("primary", "s20261121a._domainkey.example.jp")).toBe("somebody else's");
  });
});

describe("by hand", () => {
  const byHand = (): RotationWorld => worldOf({ method: "manual" });

  test("the record is told once, then waited for, found by looking", async () => {
    const world = byHand();
    await world.round();
    const key = await only(world);
    expect(key.state).toBe("generated");
    const [note] = world.notes.filter(({ kind }) => kind === "by-hand");
    expect(note).toMatchObject({ change: { action: "publish", name: nameOf(key), text: key.record } });
    await world.pass(2 * hour);
    expect(told(world, "by-hand")).toBe(1);
    expect(told(world, "trouble")).toBe(0);
    world.putRecord(nameOf(key), key.record);
    await world.pass(2 * minute);
    expect((await only(world)).why).toBe("seen");
    await world.pass(hour);
    expect((await only(world)).state).toBe("active");
  });

  test("it is told again after a day", async () => {
    const world = byHand();
    await world.pass(49 * hour, 30 * minute);
    expect(told(world, "by-hand")).toBe(3);
  });

  test("a wrong record is told", async () => {
    const world = byHand();
    await world.round();
    world.putRecord("s20261121a._domainkey.example.jp", "v=DKIM1; p=another");
    await world.pass(5 * minute);
    expect(await only(world)).toMatchObject({
      state: "generated",
      trouble: { step: "prove", reason: "foreign, foreign" },
    });
  });

  test("the old record is asked to be revoked and removed, and a new key goes first", async () => {
    const world = byHand();
    const publish = async (): Promise<void> => {
      for (const key of await world.keys())
        if (key.state === "generated") world.putRecord(nameOf(key), key.record);
      await world.pass(hour);
    };
    await world.round();
    await publish();
    await world.pass(91 * day, 6 * hour);
    await publish();
    await world.pass(8 * day, 6 * hour);
    const old = (await world.keys())[0];
    expect(old).toMatchObject({ state: "retiring", change: { kind: "revoke" } });
    expect(world.notes.at(-1)).toMatchObject({ kind: "by-hand", change: { action: "revoke" } });
    // Nobody does it, and the next key is due.
    await world.pass(90 * day, 6 * hour);
    const keys = await world.keys();
    expect(keys.map(({ state }) => state)).toEqual(["retiring", "active", "generated"]);
    expect(keys[0]?.change).toBeUndefined();
    await publish();
    await world.pass(day, hour);
    // Removed at once, without p=.
    if (old !== undefined) world.putRecord(nameOf(old), undefined);
    await world.pass(day, hour);
    const [first] = await world.keys();
    expect(first).toMatchObject({ state: "gone" });
    expect(first?.history.at(-1)).toMatchObject({ state: "revoked", why: "not-published" });
  });
});

describe("keys of the configuration", () => {
  function withHand(): RotationWorld {
    const world = worldOf({
      keys: [handRow("hand", { from: [{ domain: "example.jp" }, { domain: "lab.example.jp" }] })],
    });
    world.putFile("/etc/keys/hand.pem", "hand");
    world.putRecord("hand._domainkey.example.jp", "v=DKIM1; k=rsa; p=hand");
    return world;
  }

  test("one is adopted, signs until its successor does, and is then held", async () => {
    const world = withHand();
    await world.round();
    const hand = await only(world);
    expect(hand).toMatchObject({ state: "active", why: "adopted", held: true, origin: "configuration" });
    const rows = async (): Promise<readonly string[]> =>
      rowsInUse(world.sign, await world.keys()).map(({ selector }) => selector);
    expect(await rows()).toEqual(["hand"]);
    await world.pass(91 * day, 6 * hour);
    await world.pass(hour);
    expect(await rows()).toEqual(["s20270219a"]);
    await world.pass(60 * day, 6 * hour);
    expect((await world.keys())[0]).toMatchObject({ state: "retiring", selector: "hand" });
    expect(world.served("primary", "hand._domainkey.example.jp")).toContain("p=hand");
  });

  test("let go, its record is taken back and its file stays", async () => {
    const world = withHand();
    await world.round();
    await world.pass(91 * day, 6 * hour);
    await world.pass(hour);
    await world.state.tx(async (tx) => {
      const [hand] = await listKeys(tx);
      const outcome = hand && advance(hand, { kind: "let-go" }, world.now, world.sign.rotate);
      if (outcome?.kind === "kept") await saveKey(tx, outcome.key);
    });
    await world.pass(50 * day, 6 * hour);
    expect((await world.keys())[0]).toMatchObject({ state: "gone", selector: "hand" });
    expect(world.served("primary", "hand._domainkey.example.jp")).toBeUndefined();
    expect(world.hasFile("/etc/keys/hand.pem")).toBe(true);
  });

  test("the successor signs for whom it signed", async () => {
    const world = withHand();
    await world.pass(91 * day, 6 * hour);
    await world.pass(hour);
    expect(rowsInUse(world.sign, await world.keys())).toMatchObject([
      { selector: "s20270219a", from: [{ domain: "example.jp" }, { domain: "lab.example.jp" }] },
    ]);
  });
});

describe("what goes wrong", () => {
  test("a publisher that fails leaves the old key in use, and is told at once and daily", async () => {
    let broken = false;
    const world = worldOf({ mishap: (place) => (broken && place === "publish" ? "fails" : "none") });
    await world.pass(hour);
    broken = true;
    await world.pass(91 * day, 6 * hour);
    await world.pass(3 * day, hour);
    const [old, next] = await world.keys();
    expect(old?.state).toBe("active");
    expect(next).toMatchObject({ state: "generated", trouble: { step: "publish" } });
    const troubles = world.notes.filter((note) => note.kind === "trouble");
    expect(troubles.length).toBeGreaterThanOrEqual(3);
    expect(troubles.length).toBeLessThanOrEqual(6);
    expect(troubles.every((note) => note.lasts)).toBe(true);
    broken = false;
    await world.pass(3 * hour);
    expect((await world.keys()).map(({ state }) => state)).toEqual(["retiring", "active"]);
  });

  test("a secondary that never follows: told as a matter of waiting, after a day as trouble", async () => {
    const world = worldOf({ lag: () => 1000 * day });
    await world.pass(hour);
    const troubles = (): readonly RotationNote[] => world.notes.filter(({ kind }) => kind === "trouble");
    expect(troubles()).toMatchObject([{ lasts: false }]);
    await world.pass(2 * day, hour);
    expect(troubles().slice(1)).toMatchObject([{ lasts: true }, { lasts: true }]);
    expect((await only(world)).state).toBe("published");
  });

  test("a record that vanishes from the primary is asked for again", async () => {
    const world = worldOf();
    await world.round();
    world.putRecord("s20261121a._domainkey.example.jp", undefined);
    await world.pass(30 * minute);
    expect(world.asked.length).toBeGreaterThan(1);
    expect((await only(world)).state).toBe("active");
  });

  test("a foreign record at the name is never replaced", async () => {
    let busy = true;
    const world = worldOf({ mishap: (place) => (busy && place === "publish" ? "fails" : "none") });
    await world.round();
    world.putRecord("s20261121a._domainkey.example.jp", "foreign");
    busy = false;
    await world.pass(day, 10 * minute);
    expect(world.served("primary", "s20261121a._domainkey.example.jp")).toBe("foreign");
    expect(await only(world)).toMatchObject({ state: "generated", trouble: { step: "publish" } });
  });

  test("a key whose file cannot be loaded does not come into use", async () => {
    let broken = false;
    const world = worldOf({ mishap: (place) => (broken && place === "load" ? "fails" : "none") });
    await world.pass(hour);
    broken = true;
    await world.pass(91 * day, 6 * hour);
    await world.pass(hour);
    expect((await world.keys()).map(({ state }) => state)).toEqual(["active", "proved"]);
    broken = false;
    await world.pass(2 * hour);
    expect((await world.keys()).map(({ state }) => state)).toEqual(["retiring", "active"]);
  });

  test("a zone that cannot be found begins no change", async () => {
    let broken = true;
    const world = worldOf({ mishap: (place) => (broken && place === "zone" ? "fails" : "none") });
    await world.pass(10 * minute);
    expect(await world.keys()).toEqual([]);
    expect(world.notes[0]).toMatchObject({
      kind: "no-plan",
      problem: { name: "example.jp", fault: "servfail" },
    });
    expect(world.notes.length).toBeLessThanOrEqual(10);
    broken = false;
    await world.pass(hour);
    expect((await only(world)).state).toBe("active");
  });

  test("two processes: one at a time", async () => {
    const world = worldOf();
    const rounds = await Promise.allSettled([world.round(), world.round(), world.round()]);
    expect(rounds.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
    expect(await world.keys()).toHaveLength(1);
    expect(world.asked).toHaveLength(1);
  });
});

describe("asked for", () => {
  test("a new key before its time", async () => {
    const world = worldOf();
    await world.pass(hour);
    await world.state.tx((tx) => saveRequest(tx, { domain: "example.jp", type: "rsa", at: world.now }));
    await world.pass(hour);
    const keys = await world.keys();
    expect(keys.map(({ state, selector }) => [selector, state])).toEqual([
      ["s20261121a", "retiring"],
      ["s20261121b", "active"],
    ]);
    expect(keys[1]?.history[0]?.why).toBe("asked");
    await world.pass(hour);
    expect(await world.keys()).toHaveLength(2);
  });

  test("a compromised key: its successor at once, then p= without waiting", async () => {
    const world = worldOf();
    await world.pass(hour);
    await world.state.tx(async (tx) => {
      const [key] = await listKeys(tx);
      const outcome = key && advance(key, { kind: "compromise" }, world.now, world.sign.rotate);
      if (outcome?.kind === "kept") await saveKey(tx, outcome.key);
    });
    await world.pass(30 * minute);
    const [old, next] = await world.keys();
    expect(old).toMatchObject({ state: "revoked", why: "revoked" });
    expect(next).toMatchObject({ state: "active" });
    expect(world.served("secondary", nameOf(old as RotatedKey))).toBe("v=DKIM1; k=rsa; p=");
  });

  test("a kind that is no longer wanted: given up or taken out of use, while another signs", async () => {
    const world = worldOf({ algorithms: ["rsa2048", "ed25519"] });
    await world.pass(2 * hour);
    const smaller = { ...world.sign, rotate: { ...world.sign.rotate, algorithms: ["rsa2048" as const] } };
    Object.assign(world.sign, smaller);
    world.restart();
    await world.pass(10 * minute);
    expect((await world.keys()).map(({ type, state }) => [type, state])).toEqual([
      ["ed25519", "retiring"],
      ["rsa", "active"],
    ]);
  });
});
