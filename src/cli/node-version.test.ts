import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeFault } from "./node-version.ts";

const program = "/usr/bin/node";

test("the Node.js that the package asks for is the oldest that is taken", () => {
  const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    engines: { node: string };
  };
  const oldest = Number(engines.node.replace(/^>=/, ""));
  expect(nodeFault({ version: `${oldest}.0.0`, program, env: {} })).toBeUndefined();
  expect(nodeFault({ version: `${oldest - 1}.11.1`, program, env: {} })).toContain(
    `Node.js ${oldest} or newer`,
  );
  expect(nodeFault({ version: "100.0.0", program, env: {} })).toBeUndefined();
});

test.each([
  [{}, "Node.js 24 or newer is needed, and /usr/bin/node is 20.20.2"],
  [{ LANG: "ja_JP.UTF-8" }, "Node.js 24 以降が必要ですが、/usr/bin/node は 20.20.2 です"],
])("an older one is named, where it lies and in what language: %j", (env, sentence) => {
  expect(nodeFault({ version: "20.20.2", program, env })).toBe(sentence);
});
