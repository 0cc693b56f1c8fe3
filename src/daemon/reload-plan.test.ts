import { deserialize, serialize } from "node:v8";
import { expect, test } from "vitest";
import type { Config } from "../config/config.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import { planReload, workerCount } from "./reload-plan.ts";

async function configOf(text: string): Promise<Config> {
  const loaded = await parseConfig(`hostname: mx.example.jp\n${text}`, { file: "test" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

const unix = (extra = ""): string => `milter: { sockets: [ { listen: "unix:/run/m", ${extra} } ] }`;
const inet = (...ports: number[]): string =>
  `milter: { sockets: [ ${ports.map((port) => `{ listen: "inet:127.0.0.1:${port}" }`).join(", ")} ] }`;

test.each([
  { name: "nothing", before: inet(1), after: inet(1), opens: [], closes: [], permits: 0, web: false },
  {
    name: "another port",
    before: inet(1, 2),
    after: inet(2, 3),
    opens: [3],
    closes: [1],
    permits: 0,
    web: false,
  },
  {
    name: "a mode",
    before: unix(`mode: "0660"`),
    after: unix(`mode: "0666"`),
    opens: [],
    closes: [],
    permits: 1,
    web: false,
  },
  {
    name: "a group",
    before: unix(),
    after: unix("group: mail"),
    opens: [],
    closes: [],
    permits: 1,
    web: false,
  },
  {
    name: "what a socket does",
    before: unix("role: both"),
    after: unix("role: verify"),
    opens: [],
    closes: [],
    permits: 0,
    web: false,
  },
  {
    name: "the web port",
    before: "web: { listen: off }",
    after: "",
    opens: [],
    closes: [],
    permits: 0,
    web: true,
  },
])("$name", async ({ before, after, opens, closes, permits, web }) => {
  const plan = planReload(await configOf(before), await configOf(after));
  expect(plan.openSockets.map(({ listen }) => Number(listen.split(":")[2]))).toEqual(opens);
  expect(plan.closeSockets.map((listen) => Number(listen.split(":")[2]))).toEqual(closes);
  expect(plan.permitSockets).toHaveLength(permits);
  expect(plan.webChanged).toBe(web);
  expect(plan.needsRestart).toEqual([]);
});

test.each([
  { before: "data_dir: /a", after: "data_dir: /b", needs: "data_dir" },
  { before: "user: a", after: "user: b", needs: "user" },
  { before: "user: a", after: "", needs: "user" },
  { before: "group: a", after: "group: b", needs: "group" },
  { before: "milter: { workers: 0 }", after: "milter: { workers: 2 }", needs: "milter.workers" },
  { before: "milter: { workers: auto }", after: "milter: { workers: 0 }", needs: "milter.workers" },
])(
  "a restart is needed from $before to $after; until then the old value stays",
  async ({ before, after, needs }) => {
    const old = await configOf(before);
    const plan = planReload(old, await configOf(`${after}\nlog: { level: error }`));
    expect(plan.needsRestart).toEqual([needs]);
    expect(plan.config).toEqual({ ...old, log: { ...old.log, level: "error" } });
  },
);

test.each([
  { workers: "auto", is: 6 },
  { workers: "3", is: 3 },
  { workers: "0", is: 0 },
])("workers: $workers with six cores", async ({ workers, is }) => {
  expect(workerCount(await configOf(`milter: { workers: ${workers} }`), 6)).toBe(is);
});

test("the whole configuration can be sent to another process", async () => {
  const loaded = await loadConfig({ file: new URL("../../sekisho.example.yaml", import.meta.url).pathname });
  if (!loaded.ok) throw new Error("bad example");
  expect(deserialize(serialize(loaded.config))).toEqual(loaded.config);
});
