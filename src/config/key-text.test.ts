import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configDocument } from "../../tools/config-document.ts";
import { configKeys, configSchema } from "./json-schema.ts";
import { keyText } from "./key-text.ts";
import { laterKeys } from "./later-keys.ts";

test("every key of the schema has its meaning, and every meaning a key", () => {
  expect(Object.keys(keyText).sort()).toEqual(
    configKeys()
      .map(({ path }) => path)
      .sort(),
  );
});

test("no key is known and still to come", () => {
  expect(configKeys().filter(({ path }) => laterKeys.has(path))).toEqual([]);
});

test.each(["en", "ja"] as const)("docs/configuration (%s) is what the schema makes", (lang) => {
  const name = lang === "en" ? "configuration.md" : "configuration.ja.md";
  expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")).toBe(configDocument(lang));
});

test("the JSON Schema is draft 2020-12, closed, and says what each key means", () => {
  expect(configSchema()).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    additionalProperties: false,
    properties: {
      dns: { additionalProperties: false, properties: { timeout: { type: "string", default: "5s" } } },
      milter: { properties: { sockets: { items: { required: ["listen"] } } } },
      hostname: { description: expect.stringContaining("Full name") },
    },
  });
});
