import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import type { Io } from "../io.ts";
import { displayWidth } from "../layout.ts";
import { Progress } from "./progress.ts";

function terminal(lang: "ja" | "en", isTty = true): { readonly io: Io; readonly written: string[] } {
  const written: string[] = [];
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString("utf8"));
      done();
    },
  });
  return { io: { ...testIo(lang, { isTty, columns: 40 }), stdout }, written };
}

const start = "\r\u001b[K";

test("rate and time left, by octets", () => {
  const { io, written } = terminal("en");
  const progress = new Progress(io, { files: 1_000, octets: 4_000 }, 0);
  progress.update({ files: 1, octets: 4 }, 1, 500);
  progress.update({ files: 250, octets: 1_000 }, 400, 20_000);
  expect(written).toEqual([`${start}1 of 1,000 files, 2/s`, `${start}250 of 1,000 files, 20/s, 1:00 left`]);
});

test.each([
  [3_600_000, "3:00:00"],
  [1_500, "0:05"],
])("after %i ms of a quarter: %s", (elapsed, left) => {
  const { io, written } = terminal("en");
  new Progress(io, { files: 4, octets: 400 }, 0).update({ files: 1, octets: 100 }, 1, elapsed);
  expect(written.join("")).toContain(`${left} left`);
});

test("not more often than can be read, and cleared for other lines", () => {
  const { io, written } = terminal("ja");
  const progress = new Progress(io, { files: 10, octets: 10 }, 0);
  for (let ms = 1_000; ms < 1_400; ms += 10) progress.update({ files: 1, octets: 1 }, 1, ms);
  expect(written).toHaveLength(2);
  for (const line of written) expect(displayWidth(line.slice(start.length))).toBeLessThan(40);
  progress.clear();
  progress.clear();
  expect(written.slice(2)).toEqual([start]);
});

test("nothing where there is no terminal", () => {
  const { io, written } = terminal("en", false);
  const progress = new Progress(io, { files: 10, octets: 10 }, 0);
  progress.update({ files: 1, octets: 1 }, 1, 5_000);
  progress.clear();
  expect(written).toEqual([]);
});
