import { expect, test } from "vitest";
import { checkLayers } from "./check-layers.ts";

function violations(path: string, text: string): string[] {
  return checkLayers([{ path, text }]).map(({ line, message }) => `${line}: ${message}`);
}

test.each([
  { path: "core/spf/verify.ts", text: 'import { a } from "../dns/resolver.ts";' },
  {
    path: "core/dns/client.ts",
    text: 'import { createSocket } from "node:dgram";\nimport t from "node:timers/promises";',
  },
  { path: "core/message/address.ts", text: 'import { toAsciiDomain } from "../domain-name.ts";' },
  {
    path: "core/dmarc/evaluate.ts",
    text: 'import type { SpfResult } from "../results.ts";\nimport { x } from "../spf/x.ts";',
  },
  { path: "core/results.ts", text: 'import type { DnsType } from "./dns/resolver.ts";' },
  {
    path: "core/authenticate.ts",
    text: 'import { a } from "./dkim/verify.ts";\nimport { b } from "./dmarc/evaluate.ts";',
  },
  { path: "store/record.ts", text: 'import type { Origin } from "../trust/classify-client.ts";' },
  { path: "store/record.ts", text: 'import { type Origin, type B } from "../trust/classify-client.ts";' },
  {
    path: "filter/session.ts",
    text: 'import { x } from "../store/record.ts";\nimport { y } from "../store/spool-files.ts";',
  },
  { path: "log.ts", text: 'import pino from "pino";\nimport type { Config } from "./config/config.ts";' },
  {
    path: "web/ui/App.tsx",
    text: 'import type { Answer } from "../api.ts";\nimport { en } from "../../findings/en.ts";',
  },
  { path: "cli/main.ts", text: 'const { run } = await import("../daemon/run.ts");' },
  {
    path: "core/ip.ts",
    text: '/** import { a } from "../cli/main.ts"; */\n// import "../cli/x.ts"\n/*\nimport "../cli/y.ts";\n*/',
  },
])("$path may: $text", ({ path, text }) => {
  expect(violations(path, text)).toEqual([]);
});

test.each([
  {
    path: "core/spf/verify.ts",
    text: '\nimport { log } from "../../log.ts";',
    is: "2: core may not import log: ../../log.ts",
  },
  {
    path: "core/dns/client.ts",
    text: 'import { readFileSync } from "node:fs";',
    is: "1: core may not import node:fs",
  },
  { path: "core/dns/client.ts", text: 'import { z } from "zod";', is: "1: core may import no package: zod" },
  {
    path: "milter/server.ts",
    text: 'import { parseIp } from "../core/ip.ts";',
    is: "1: milter may not import core: ../core/ip.ts",
  },
  {
    path: "milter/server.ts",
    text: 'import type { A } from "../core/ip.ts";',
    is: "1: milter may not import even types of core: ../core/ip.ts",
  },
  {
    path: "core/spf/verify.ts",
    text: 'import { a } from "../dkim/verify.ts";',
    is: "1: core/spf may not import core/dkim, which stands above or beside it",
  },
  {
    path: "core/dns/client.ts",
    text: 'import { a } from "../spf/verify.ts";',
    is: "1: core/dns may not import core/spf, which stands above or beside it",
  },
  {
    path: "core/results.ts",
    text: 'import { a } from "./dns/resolver.ts";',
    is: "1: core/results may import types only: core/dns",
  },
  {
    path: "core/rumour/x.ts",
    text: 'import { a } from "../ip.ts";',
    is: "1: core/rumour has no place in the order inside core",
  },
  {
    path: "store/sqlite.ts",
    text: 'import { classifyClient } from "../trust/classify-client.ts";',
    is: "1: store may not import trust: ../trust/classify-client.ts",
  },
  {
    path: "store/sqlite.ts",
    text: 'import { type A, b } from "../trust/classify-client.ts";',
    is: "1: store may not import trust: ../trust/classify-client.ts",
  },
  {
    path: "filter/session.ts",
    text: 'import { open } from "../store/sqlite.ts";',
    is: "1: filter may not import store: ../store/sqlite.ts",
  },
  {
    path: "filter/session.ts",
    text: 'const x = 1;\nexport {\n  a,\n  b,\n} from "../cli/main.ts";',
    is: "5: filter may not import cli: ../cli/main.ts",
  },
  {
    path: "filter/session.ts",
    text: 'export * from "../web/server.ts";',
    is: "1: filter may not import web: ../web/server.ts",
  },
  {
    path: "filter/session.ts",
    text: 'import "../daemon/run.ts";',
    is: "1: filter may not import daemon: ../daemon/run.ts",
  },
  {
    path: "filter/session.ts",
    text: 'import def, { type A } from "../daemon/run.ts";',
    is: "1: filter may not import daemon: ../daemon/run.ts",
  },
  {
    path: "filter/session.ts",
    text: 'import * as all from "../daemon/run.ts";',
    is: "1: filter may not import daemon: ../daemon/run.ts",
  },
  {
    path: "filter/session.ts",
    text: '  const x = await import("../daemon/run.ts");',
    is: "1: filter may not import daemon: ../daemon/run.ts",
  },
  {
    path: "filter/session.ts",
    text: 'type X = import("../daemon/run.ts").X;',
    is: "1: filter may not import daemon: ../daemon/run.ts",
  },
  { path: "filter/session.ts", text: "await import(name);", is: "1: a dynamic import must name a literal" },
  {
    path: "filter/session.ts",
    text: 'import { x } from "../../tools/x.ts";',
    is: "1: filter imports from outside src: ../../tools/x.ts",
  },
  {
    path: "gossip/x.ts",
    text: 'import { x } from "../core/ip.ts";',
    is: "1: gossip stands in no row of the import table",
  },
  {
    path: "web/ui/App.tsx",
    text: 'import { api } from "../api.ts";',
    is: "1: web/ui may not import web: ../api.ts",
  },
  {
    path: "web/ui/App.tsx",
    text: 'import { readFile } from "node:fs/promises";',
    is: "1: web/ui may not import node:fs/promises",
  },
  {
    path: "daemon/run.ts",
    text: 'import { main } from "../cli/main.ts";',
    is: "1: daemon may not import cli: ../cli/main.ts",
  },
  {
    path: "findings/en.ts",
    text: 'import { parseIp } from "../core/ip.ts";',
    is: "1: findings may not import core: ../core/ip.ts",
  },
  { path: "errors.ts", text: 'import pino from "./log.ts";', is: "1: errors may not import log: ./log.ts" },
])("$path may not: $is", ({ path, text, is }) => {
  expect(violations(path, text)).toEqual([is]);
});
