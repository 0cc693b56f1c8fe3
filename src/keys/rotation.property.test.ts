import fc from "fast-check";
import { expect, test } from "vitest";
import { day, type Mishap, nameOf, RotationWorld, second } from "../../test/rotation-world.ts";
import type { RotatedKey } from "./rotation.ts";

const domains = ["example.jp", "news.example.jp"];
const hour = 3600 * second;

/** Mail that was signed, and when. */
interface SignedMail {
  readonly at: number;
  readonly key: RotatedKey;
}

const queueLifetime = 5 * day;

/** What must hold at every moment. */
class Invariants {
  readonly #world: RotationWorld;
  readonly #mail: SignedMail[] = [];
  readonly #signing = new Set<string>();
  moments = 0;
  switches = 0;

  constructor(world: RotationWorld) {
    this.#world = world;
  }

  async look(): Promise<void> {
    const { now } = this.#world;
    const keys = await this.#world.keys();
    this.moments += 1;
    this.#oneChangeAtATime(keys);
    this.#alwaysOneInUse(keys);
    for (const key of keys.filter(({ state }) => state === "active")) this.#mail.push({ at: now, key });
    while (this.#mail[0] !== undefined && this.#mail[0].at < now - queueLifetime) this.#mail.shift();
    const signers = new Map(this.#mail.map(({ key }) => [nameOf(key), key]));
    for (const key of signers.values()) {
      expect(this.#world.verifies(key), `${nameOf(key)} at ${new Date(now).toISOString()}`).toBe(true);
      expect(this.#world.hasFile(key.file)).toBe(true);
    }
  }

  #oneChangeAtATime(keys: readonly RotatedKey[]): void {
    expect(keys.filter(({ change }) => change !== undefined).length).toBeLessThanOrEqual(1);
  }

  /** Once a domain has signed it never stops. */
  #alwaysOneInUse(keys: readonly RotatedKey[]): void {
    for (const domain of domains)
      for (const type of ["rsa", "ed25519"] as const) {
        const active = keys.filter(
          (key) => key.domain === domain && key.type === type && key.state === "active",
        );
        const name = `${domain} ${type}`;
        if (this.#signing.has(name)) expect(active).toHaveLength(1);
        if (active.length > 0) this.#signing.add(name);
        this.switches = keys.filter(({ activeAt }) => activeAt !== undefined).length;
      }
  }
}

const mishaps: readonly Mishap[] = ["none", "fails", "killed-before", "killed-after", "answer-lost"];

test("whatever fails and whenever it is killed: mail goes on being signed and verified, one change at a time", async () => {
  let switches = 0;
  await fc.assert(
    fc.asyncProperty(
      // Every so often something goes wrong; what and where is chance, too.
      fc.infiniteStream(fc.integer({ min: 0, max: 100 })),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 0, max: 2 * 3600 }),
      fc.constantFrom(60, 900, 7200),
      async (chances, badness, maxLag, negative) => {
        const chance = (): number => chances.next().value;
        const world = new RotationWorld({
          domains,
          algorithms: ["rsa2048", "ed25519"],
          everyMs: 20 * day,
          negativeMs: negative * second,
          mishap: () => (chance() < badness ? (mishaps[chance() % mishaps.length] ?? "none") : "none"),
          lag: () => Math.round((chance() / 100) * maxLag) * second,
        });
        const invariants = new Invariants(world);
        // Closely around the first changes, then for months.
        for (let i = 0; i < 150; i++) {
          world.now += (1 + chance()) * 6 * second;
          await world.round();
          await invariants.look();
        }
        for (let i = 0; i < 500; i++) {
          world.now += (1 + chance()) * 5 * 60 * second;
          await world.round();
          await invariants.look();
        }
        switches += invariants.switches;
        await world.state.close();
      },
    ),
    { numRuns: 6 },
  );
  expect(switches).toBeGreaterThan(20);
}, 120_000);

test("in the end every old key is gone, with its record and its file", async () => {
  const world = new RotationWorld({ domains, algorithms: ["rsa2048", "ed25519"], lag: () => 30 * second });
  await world.pass(2 * hour);
  const first = await world.keys();
  expect(first.map(({ state }) => state)).toEqual(["active", "active", "active", "active"]);
  await world.pass(91 * day, hour);
  await world.pass(40 * day, hour);
  for (const { selector, domain } of first) {
    const key = (await world.keys()).find((one) => one.selector === selector && one.domain === domain);
    expect(key).toMatchObject({ state: "gone", why: "removed", fileDeletedAt: expect.any(Number) });
    expect(key?.history.map(({ state }) => state)).toEqual([
      "planned",
      "generated",
      "published",
      "proved",
      "active",
      "retiring",
      "revoked",
    ]);
    for (const server of ["primary", "secondary"] as const)
      expect(world.served(server, nameOf({ domain, selector }))).toBeUndefined();
    expect(world.hasFile(key?.file ?? "")).toBe(false);
  }
  await world.state.close();
});

test("however the clock is set while it runs: mail goes on being signed and verified", async () => {
  let settings = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.integer({ min: 0, max: 100 })),
      fc.constantFrom(60, 900, 7200),
      async (chances, negative) => {
        const chance = (): number => chances.next().value;
        const world = new RotationWorld({
          domains,
          algorithms: ["rsa2048", "ed25519"],
          everyMs: 20 * day,
          negativeMs: negative * second,
          mishap: () => (chance() < 5 ? "fails" : "none"),
          lag: () => chance() * 20 * second,
        });
        const invariants = new Invariants(world);
        for (let i = 0; i < 400; i++) {
          world.now += (1 + chance()) * (i < 150 ? 6 : 300) * second;
          if (chance() < 10) {
            world.clockError = (chance() - 50) * (chance() < 50 ? hour : 30 * day);
            settings += 1;
          }
          await world.round();
          await invariants.look();
        }
        expect(invariants.switches).toBeGreaterThan(4);
        await world.state.close();
      },
    ),
    { numRuns: 6 },
  );
  expect(settings).toBeGreaterThan(50);
}, 120_000);
