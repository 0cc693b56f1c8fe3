import { describe, expect, test } from "vitest";
import {
  type Advance,
  advance,
  type KeyEvent,
  type KeyState,
  keyStates,
  type Observation,
  type RotatedKey,
  type RotationTimes,
  removeDueAt,
  revokeDueAt,
  rotateDueAt,
  usableAt,
} from "./rotation.ts";
import { outlookOf } from "./rotation-outlook.ts";

const second = 1000;
const minute = 60 * second;
const day = 86_400 * second;
const now = Date.UTC(2026, 10, 21);

const times: RotationTimes = {
  everyMs: 90 * day,
  jitterMs: 9 * day,
  retireAfterMs: 7 * day,
  removeAfterMs: 30 * day,
  checkEveryMs: minute,
};

const base: RotatedKey = {
  domain: "example.jp",
  selector: "s20261121a",
  type: "rsa",
  file: "/keys/example.jp/s20261121a.pem",
  origin: "rotation",
  state: "planned",
  since: now - 1,
  why: "first",
  history: [],
  zone: "example.jp",
  staleMs: 0,
  jitter: 0.5,
  nextAt: 0,
};
const written = { publicKey: "AAAA", record: "v=DKIM1; k=rsa; p=AAAA" };
const publishing = { kind: "publish", begunAt: now - 1 } as const;

/** A key in each state, on the usual way through its life. */
const samples: Readonly<Record<KeyState, RotatedKey>> = {
  planned: { ...base, change: publishing },
  generated: { ...base, ...written, state: "generated", change: publishing },
  published: {
    ...base,
    ...written,
    state: "published",
    change: { ...publishing, triedAt: now, sentAt: now },
  },
  proved: {
    ...base,
    ...written,
    state: "proved",
    change: { ...publishing, triedAt: now, sentAt: now },
    servedSince: now - minute,
    provedAt: now - second,
  },
  active: { ...base, ...written, state: "active", activeAt: now - day },
  retiring: { ...base, ...written, state: "retiring", activeAt: now - day, releasedAt: now - day },
  revoked: { ...base, ...written, state: "revoked", releasedAt: now - day, since: now - day },
  gone: { ...base, ...written, state: "gone" },
};

function seen(says: Observation["says"], more: Partial<Observation> = {}): KeyEvent {
  const observation = { says, someOurs: says === "ours", staleMs: 0, detail: says, ...more };
  return { kind: "observed", observation };
}

const events = {
  written: { kind: "written", publicKey: "BBBB", record: "v=DKIM1; p=BBBB" },
  try: { kind: "try" },
  sent: { kind: "sent" },
  "sees ours": seen("ours"),
  "sees p=": seen("revoked"),
  "sees nothing": seen("absent"),
  "sees another": seen("other"),
  "sees foreign": seen("foreign"),
  "sees some": seen("differs", { someOurs: true }),
  "cannot see": seen("unknown"),
  activate: { kind: "activate" },
  supersede: { kind: "supersede" },
  release: { kind: "release" },
  "begin revoke": { kind: "begin", change: "revoke" },
  "begin remove": { kind: "begin", change: "remove" },
  withdraw: { kind: "withdraw" },
  abandon: { kind: "abandon" },
  compromise: { kind: "compromise" },
  "let go": { kind: "let-go" },
  failed: { kind: "failed", step: "publish", reason: "refused" },
  told: { kind: "told" },
  "file deleted": { kind: "file-deleted" },
} as const satisfies Readonly<Record<string, KeyEvent>>;
type EventName = keyof typeof events;

/** Where an event leads; "=" keeps the state, "-" is refused. In the order of `keyStates`. */
const table: Readonly<Record<EventName, readonly (KeyState | "=" | "-")[]>> = {
  //              planned      generated    published    proved       active      retiring   revoked  gone
  written: ["generated", "-", "-", "-", "-", "-", "-", "-"],
  try: ["=", "=", "=", "=", "-", "-", "-", "-"],
  sent: ["-", "published", "=", "=", "-", "-", "-", "-"],
  "sees ours": ["-", "published", "proved", "=", "=", "=", "=", "-"],
  "sees p=": ["-", "=", "=", "published", "=", "=", "=", "-"],
  "sees nothing": ["-", "=", "=", "published", "=", "=", "=", "-"],
  "sees another": ["-", "=", "=", "published", "=", "=", "=", "-"],
  "sees foreign": ["-", "=", "=", "published", "=", "=", "=", "-"],
  "sees some": ["-", "published", "=", "published", "=", "=", "=", "-"],
  "cannot see": ["-", "=", "=", "=", "=", "=", "=", "-"],
  activate: ["-", "-", "-", "active", "-", "-", "-", "-"],
  supersede: ["-", "-", "-", "-", "retiring", "-", "-", "-"],
  release: ["-", "-", "-", "-", "-", "=", "-", "-"],
  "begin revoke": ["-", "-", "-", "-", "-", "-", "-", "-"],
  "begin remove": ["-", "-", "-", "-", "-", "-", "-", "-"],
  withdraw: ["-", "-", "-", "-", "-", "-", "-", "-"],
  abandon: ["gone", "gone", "retiring", "retiring", "-", "-", "-", "-"],
  compromise: ["=", "=", "=", "=", "=", "=", "-", "-"],
  "let go": ["-", "-", "-", "-", "-", "-", "=", "-"],
  failed: ["=", "=", "=", "=", "=", "=", "=", "="],
  told: ["=", "=", "=", "=", "=", "=", "=", "="],
  "file deleted": ["-", "-", "-", "-", "-", "-", "-", "="],
};

function outcomeOf(advanced: Advance): string {
  if (advanced.kind === "refused") return "-";
  return advanced.kind === "kept" ? "=" : advanced.key.state;
}

describe.each(Object.keys(table) as EventName[])("%s", (name) => {
  test.each(keyStates.map((state, index) => [state, table[name][index]] as const))(
    "%s: %s",
    (state, expected) => {
      const advanced = advance(samples[state], events[name], now, times);
      expect(outcomeOf(advanced)).toBe(expected);
      if (advanced.kind === "kept") expect(advanced.key.state).toBe(state);
      if (advanced.kind !== "moved") return;
      expect(advanced.key).toMatchObject({ since: now, history: [{ state, at: samples[state].since }] });
      expect(advanced.key.trouble !== undefined).toBe(advanced.key.why === "proof-lost");
    },
  );
});

test("the table has every state and every event", () => {
  for (const row of Object.values(table)) expect(row).toHaveLength(keyStates.length);
  expect(Object.keys(table)).toEqual(Object.keys(events));
});

/** Each event in turn; throws when one is refused. */
function through(key: RotatedKey, ...steps: readonly (readonly [KeyEvent, number])[]): RotatedKey {
  let current = key;
  for (const [event, at] of steps) {
    const advanced = advance(current, event, at, times);
    if (advanced.kind === "refused") throw new Error(`${event.kind} refused in ${current.state}`);
    current = advanced.key;
  }
  return current;
}

describe("a record that is taken back", () => {
  const revoking: RotatedKey = { ...samples.retiring, change: { kind: "revoke", begunAt: now } };
  const removing: RotatedKey = { ...samples.revoked, change: { kind: "remove", begunAt: now } };

  test.each([
    ["sees p=", "revoked", "revoked"],
    ["sees nothing", "revoked", "not-published"],
    ["sees foreign", "revoked", "not-published"],
    ["sees another", "retiring", "superseded"],
    ["sees ours", "retiring", "superseded"],
    ["sees some", "retiring", "superseded"],
    ["cannot see", "retiring", "superseded"],
  ] as const)("revoke, %s: %s", (name, state, why) => {
    const key = through({ ...revoking, why: "superseded" }, [events[name], now]);
    expect(key).toMatchObject({ state, why });
    expect(key.change === undefined).toBe(state === "revoked");
    expect(key.trouble === undefined).toBe(state === "revoked");
  });

  test.each([
    ["sees nothing", "gone"],
    ["sees foreign", "gone"],
    ["sees another", "revoked"],
    ["sees p=", "revoked"],
    ["sees ours", "revoked"],
    ["cannot see", "revoked"],
  ] as const)("remove, %s: %s", (name, state) => {
    expect(through(removing, [events[name], now]).state).toBe(state);
  });

  test("not before the mail of its time is delivered", () => {
    const due = (samples.retiring.releasedAt ?? 0) + 7 * day;
    expect(revokeDueAt(samples.retiring, times)).toBe(due);
    expect(advance(samples.retiring, events["begin revoke"], due - 1, times).kind).toBe("refused");
    expect(through(samples.retiring, [events["begin revoke"], due])).toMatchObject({
      change: { kind: "revoke", begunAt: due },
    });
  });

  test("the time counts from the last process that let go of it", () => {
    const { releasedAt: _, ...unreleased } = samples.retiring;
    expect(revokeDueAt(unreleased, times)).toBeUndefined();
    expect(through(unreleased, [events.release, now + day], [events.release, now + 2 * day]).releasedAt).toBe(
      now + day,
    );
  });

  test("at once when others may have it, or when it never signed", () => {
    expect(revokeDueAt({ ...samples.retiring, compromised: true }, times)).toBe(now - day);
    expect(revokeDueAt({ ...samples.retiring, neverSigned: true }, times)).toBe(now - day);
  });

  test("a key of the configuration is held until the operator lets it go", () => {
    const held: RotatedKey = { ...samples.retiring, held: true };
    expect(revokeDueAt(held, times)).toBeUndefined();
    expect(revokeDueAt(through(held, [events["let go"], now]), times)).toBe(now + 6 * day);
    expect(revokeDueAt({ ...held, compromised: true }, times)).toBe(now - day);
  });

  test("a revoked record is removed after its time, or when the operator says so", () => {
    expect(removeDueAt(samples.revoked, times)).toBe(now + 29 * day);
    expect(removeDueAt(through(samples.revoked, [events["let go"], now]), times)).toBe(now - day);
    expect(removeDueAt({ ...samples.revoked, neverSigned: true }, times)).toBe(now - day);
    expect(removeDueAt(samples.active, times)).toBeUndefined();
  });

  test("a change that nobody has tried gives way to a more urgent one", () => {
    expect(through(revoking, [events.withdraw, now]).change).toBeUndefined();
    const tried = through(revoking, [events.try, now]);
    expect(advance(tried, events.withdraw, now, times).kind).toBe("refused");
    const sent = through(tried, [events.sent, now]);
    const given = (key: RotatedKey, says: Observation["says"], at: number): boolean => {
      const observation = { says, someOurs: says === "ours", staleMs: 0, detail: says };
      return advance(key, { kind: "withdraw", seen: observation }, at, times).kind === "kept";
    };
    expect(
      (["ours", "other", "differs", "unknown"] as const).filter((says) => given(tried, says, now)),
    ).toEqual(["ours", "other"]);
    expect(given(sent, "ours", now + day - 1)).toBe(false);
    expect(given(sent, "ours", now + day)).toBe(true);
    expect(given(through(removing, [events.try, now]), "revoked", now)).toBe(true);
    expect(advance(tried, events["begin revoke"], now + 30 * day, times).kind).toBe("refused");
  });
});

describe("RFC 2308 §5: a key waits until no cache can hold that its record is not there", () => {
  const waiting = (staleMs: number): KeyEvent => seen("ours", { staleMs });

  test("as long as the negative TTL after the last server had it", () => {
    const key = through(samples.published, [waiting(3600 * second), now]);
    expect(key).toMatchObject({ state: "published", servedSince: now });
    expect(usableAt(key)).toBe(now + 3600 * second);
    expect(through(key, [waiting(3600 * second), now + 3599 * second]).state).toBe("published");
    expect(through(key, [waiting(3600 * second), now + 3600 * second])).toMatchObject({
      state: "proved",
      provedAt: now + 3600 * second,
    });
  });

  test("the longest TTL that was seen counts, also one that has been lowered", () => {
    const key = through(
      samples.published,
      [seen("differs", { someOurs: true, staleMs: 3600 * second }), now],
      [waiting(60 * second), now],
    );
    expect(usableAt(key)).toBe(now + 3600 * second);
  });

  test("a server that has it no longer begins the wait anew", () => {
    const key = through(
      samples.published,
      [waiting(minute), now],
      [seen("differs", { someOurs: true, staleMs: minute }), now + 30 * second],
      [waiting(minute), now + 50 * second],
    );
    expect(usableAt(key)).toBe(now + 110 * second);
  });

  test("a server that does not answer proves nothing, and takes nothing back", () => {
    const key = through(samples.published, [waiting(minute), now], [events["cannot see"], now + 70 * second]);
    expect(key).toMatchObject({ state: "published", servedSince: now, trouble: { step: "prove" } });
    expect(through(key, [waiting(minute), now + 80 * second]).state).toBe("proved");
  });

  test("it comes into use only with a proof that is fresh", () => {
    const { proved } = samples;
    expect(advance(proved, events.activate, now + minute, times).kind).toBe("refused");
    const seenAgain = through(proved, [events["sees ours"], now + minute]);
    expect(through(seenAgain, [events.activate, now + minute])).toMatchObject({
      state: "active",
      activeAt: now + minute,
    });
    expect(through(seenAgain, [events.activate, now + minute]).change).toBeUndefined();
  });

  test("a proof that is lost is told", () => {
    expect(through(samples.proved, [events["sees nothing"], now])).toMatchObject({
      state: "published",
      why: "proof-lost",
      trouble: { step: "prove", reason: "absent" },
    });
  });
});

describe("given up before it signs", () => {
  test("what nobody was asked to publish is gone at once", () => {
    expect(through(samples.generated, [events.abandon, now])).toMatchObject({
      state: "gone",
      neverSigned: true,
    });
  });
  test("what may be published is taken back without waiting", () => {
    const key = through(samples.generated, [events.try, now], [events.abandon, now]);
    expect(key).toMatchObject({ state: "retiring", why: "abandoned" });
    expect(key.change).toBeUndefined();
    expect(revokeDueAt(key, times)).toBe(now);
  });
});

describe("when a key is old", () => {
  test("a part of the jitter is added, by the chance of the key", () => {
    expect(rotateDueAt(samples.active, times)).toBe(now - day + 90 * day + 4.5 * day);
  });
  test("every: off, unless it is compromised", () => {
    const { everyMs: _, ...never } = times;
    expect(rotateDueAt(samples.active, never)).toBeUndefined();
    expect(rotateDueAt(through(samples.active, [events.compromise, now]), never)).toBe(samples.active.since);
  });
});

describe("what fails is tried less and less often, what waits evenly", () => {
  test.each([
    ["publish", [60, 120, 240]],
    ["prove", [60, 60, 60]],
    ["check", [720, 720, 720]],
  ] as const)("%s: after %j seconds", (step, waits) => {
    let key = samples.generated;
    for (const [index, wait] of waits.entries()) {
      key = through(key, [{ kind: "failed", step, reason: "no" }, now]);
      expect(key.nextAt - now).toBe(wait * second);
      expect(key.trouble).toMatchObject({ step, times: index + 1, since: now });
    }
  });
  test("at least once an hour", () => {
    let key = samples.generated;
    for (let i = 0; i < 30; i++) key = through(key, [events.failed, now]);
    expect(key.nextAt - now).toBe(3600 * second);
  });
  test("another step begins to count anew", () => {
    const key = through(samples.generated, [events.failed, now], [events.failed, now]);
    const other = through(key, [{ kind: "failed", step: "write", reason: "no" }, now + 5]);
    expect(other.trouble).toEqual({ step: "write", reason: "no", since: now + 5, times: 1 });
  });
});

test("the history is bounded", () => {
  let key = samples.published;
  for (let i = 0; i < 100; i++) key = through(key, [seen("ours"), now + i], [seen("absent"), now + i]);
  expect(key.history.length).toBeLessThanOrEqual(30);
});

test.each([
  ["planned", "nsupdate", "file"],
  ["generated", "manual", "publish-by-hand"],
  ["generated", "hook", "publish"],
  ["published", "nsupdate", "servers"],
  ["proved", "nsupdate", "switch"],
  ["active", "nsupdate", "age"],
  ["retiring", "nsupdate", "queues"],
  ["revoked", "nsupdate", "removal"],
  ["gone", "nsupdate", "nothing"],
] as const)("%s with %s waits for %s", (state, method, awaits) => {
  expect(outlookOf(samples[state], times, method).awaits).toBe(awaits);
});

test.each([
  [
    { ...samples.published, servedSince: now, staleMs: minute },
    { awaits: "caches", at: now + minute },
  ],
  [{ ...samples.retiring, held: true }, { awaits: "operator" }],
  [{ ...samples.retiring, releasedAt: undefined }, { awaits: "workers" }],
  [{ ...samples.retiring, releasedAt: now, neverSigned: true }, { awaits: "turn" }],
  [{ ...samples.retiring, releasedAt: now, compromised: true }, { awaits: "turn" }],
  [{ ...samples.revoked, neverSigned: true }, { awaits: "turn" }],
  [{ ...samples.revoked, hurried: true }, { awaits: "turn" }],
  [{ ...samples.retiring, change: { kind: "revoke", begunAt: now } }, { awaits: "revoke-by-hand" }],
  [{ ...samples.revoked, change: { kind: "remove", begunAt: now } }, { awaits: "remove-by-hand" }],
] as const)("outlook %#", (key, outlook) => {
  expect(outlookOf(key as RotatedKey, times, "manual")).toEqual(outlook);
});
