import { keyText } from "./key-text.ts";
import { type JsonSchema, jsonSchema } from "./schema.ts";

/** JSON Schema (draft 2020-12) of the configuration file, as `config schema` prints it. */
export function configSchema(): object {
  const { $schema, ...schema } = described(jsonSchema(), "") as JsonSchema & { readonly $schema?: string };
  return { $schema, title: "Sekisho", ...schema };
}

/** The schema with the English meaning of every key. */
function described(schema: JsonSchema, path: string): JsonSchema {
  const text = keyText[path]?.en;
  return {
    ...schema,
    ...(text !== undefined && { description: text }),
    ...(schema.items !== undefined && { items: described(schema.items, `${path}[]`) }),
    ...(schema.properties !== undefined && { properties: describedProperties(schema.properties, path) }),
    ...(oneOrMore(schema) !== undefined && {
      anyOf: (schema.anyOf ?? []).map((one) => described(one, one.items === undefined ? `${path}[]` : path)),
    }),
  };
}

function describedProperties(
  properties: NonNullable<JsonSchema["properties"]>,
  path: string,
): NonNullable<JsonSchema["properties"]> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      described(value, path === "" ? key : `${path}.${key}`),
    ]),
  );
}

export interface ConfigKey {
  /** E.g. `milter.sockets[].listen`. */
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key of the file, sections before what stands in them. */
export function configKeys(schema: JsonSchema = jsonSchema(), path = ""): readonly ConfigKey[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const keyPath = path === "" ? key : `${path}.${key}`;
    const items = itemsOf(value);
    const inItems = items === undefined ? [] : configKeys(items, `${keyPath}[]`);
    return [{ path: keyPath, schema: value }, ...configKeys(value, keyPath), ...inItems];
  });
}

function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return schema.items ?? oneOrMore(schema);
}

/** Of a section that may be written once or as a list: the section. */
export function oneOrMore({ anyOf = [] }: JsonSchema): JsonSchema | undefined {
  return anyOf.find(({ items }) => items?.properties !== undefined)?.items;
}
