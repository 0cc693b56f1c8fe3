import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { aggregateXml, mailOf, tarOf, zipOf } from "../../../test/report-files.ts";
import { countFiles, readFiles } from "./files.ts";

type Contents = Readonly<Record<string, string | Buffer>>;

function folderOf(contents: Contents): string {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, octets] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), octets);
  }
  return folder;
}

/** Places within the folder, with the octets that were read or the reason why not. */
async function read(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const one of readFiles([folder])) {
    const { via } = one.kind === "arrival" ? one.arrival : one.lost;
    const what = one.kind === "arrival" ? one.arrival.octets.toString("latin1") : `lost ${one.lost.reason}`;
    found[via.slice(folder.length + 1)] = what;
  }
  return found;
}

const xml = aggregateXml();
const fromLine = "From a@b Fri Nov 20 00:00:00 2026";
const mbox = `${fromLine}\nA: 1\n\n${fromLine}\nB: 2\n`;

test("files and folders, by their names", async () => {
  const folder = folderOf({ "b/two.xml": "2", "a.xml": "1", "b/.hidden": "x", ".git/x": "x", empty: "" });
  expect(await read(folder)).toEqual({ "a.xml": "1", "b/two.xml": "2", empty: "" });
});

test("a Maildir without what is not yet delivered, and with its folders", async () => {
  const folder = folderOf({
    "M/cur/1:2,S": "A: 1\n\n",
    "M/new/2": "B: 2\n\n",
    "M/tmp/3": "C",
    "M/dovecot.index": "x",
    "M/.Reports/cur/4": "D: 4\n\n",
    "M/.Reports/new/5": "E: 5\n\n",
  });
  expect(Object.keys(await read(folder)).sort()).toEqual([
    "M/.Reports/cur/4",
    "M/.Reports/new/5",
    "M/cur/1:2,S",
    "M/new/2",
  ]);
});

test.each<readonly [string, Contents, Readonly<Record<string, string>>]>([
  ["a mailbox", { m: mbox }, { "m#1": "A: 1\n\n", "m#2": "B: 2\n" }],
  ["a mailbox in gzip", { "m.gz": gzipSync(mbox) }, { "m.gz#1": "A: 1\n\n", "m.gz#2": "B: 2\n" }],
  [
    "tar",
    {
      t: tarOf([
        { name: "d/", type: "5" },
        { name: "d/a.xml", octets: xml },
        { name: "d/m", octets: mbox },
        { name: "._x", octets: "x" },
      ]),
    },
    { "t#d/a.xml": xml, "t#d/m#1": "A: 1\n\n", "t#d/m#2": "B: 2\n" },
  ],
  ["tar in gzip", { "t.gz": gzipSync(tarOf([{ name: "a.xml", octets: xml }])) }, { "t.gz#a.xml": xml }],
  ["tar of nothing", { t: tarOf([{ name: "d/", type: "5" }]) }, { t: "lost damaged" }],
  [
    "a ZIP of several",
    {
      z: zipOf([
        { name: "a.xml", octets: xml },
        { name: "m", octets: mbox, stored: true },
        { name: "__MACOSX/._a", octets: "x" },
      ]),
    },
    { "z#a.xml": xml, "z#m": "" },
  ],
  [
    "a ZIP of several behind other octets is read whole",
    { z: Buffer.concat([Buffer.from("junk"), zipOf([{ name: "a", octets: "1" }])]) },
    {},
  ],
])("%s", async (name, contents, places) => {
  const found = await read(folderOf(contents));
  if (name.startsWith("a ZIP of several behind")) expect(Object.keys(found)).toEqual(["z"]);
  else if (name === "a ZIP of several") {
    // What is not packed comes as the archive of itself.
    expect(Object.keys(found)).toEqual(["z#a.xml", "z#m"]);
    expect(found["z#a.xml"]).toBe(xml);
    expect(found["z#m"]).toContain(mbox);
  } else expect(found).toEqual(places);
});

test("a tar in gzip that is damaged: what came before, and a word", async () => {
  const members = Array.from({ length: 50 }, (_, n) => ({
    name: `${n}`,
    octets: Buffer.from(`${n * 7919}`.repeat(300)),
  }));
  const octets = gzipSync(tarOf(members));
  octets.fill(0xff, Math.floor(octets.length / 2));
  const found = await read(folderOf({ "t.gz": octets }));
  expect(found["t.gz#0"]).toBe("0".repeat(300));
  expect(found["t.gz"]).toBe("lost damaged");
});

test("a damaged file of a ZIP comes as it is", async () => {
  const octets = zipOf([
    { name: "a", octets: xml },
    { name: "b", octets: xml.repeat(5) },
  ]);
  octets.fill(0xff, 60, 90);
  const found = await read(folderOf({ z: octets }));
  expect(found["z#a"]?.startsWith("PK\x03\x04")).toBe(true);
  expect(found["z#b"]).toBe(xml.repeat(5));
});

test("a ZIP of one is one", async () => {
  const zip = zipOf([{ name: "a.xml", octets: xml }]);
  expect(await read(folderOf({ "a.zip": zip }))).toEqual({ "a.zip": zip.toString("latin1") });
});

test("names of files are told, those in mailboxes have none", async () => {
  const folder = folderOf({
    "r!d!1!2.xml": xml,
    m: mbox,
    t: tarOf([{ name: "x/s!d!1!2.xml", octets: xml }]),
  });
  const names: (string | undefined)[] = [];
  const within: (string | undefined)[] = [];
  for await (const one of readFiles([folder]))
    if (one.kind === "arrival") {
      names.push(one.arrival.fileName);
      within.push(one.arrival.within?.slice(folder.length + 1));
    }
  expect(names).toEqual([undefined, undefined, "r!d!1!2.xml", "s!d!1!2.xml"]);
  expect(within).toEqual(["m", "m", undefined, "t"]);
});

test("what cannot be read is told, and the rest is read", async () => {
  const folder = folderOf({ "a.xml": "1" });
  symlinkSync("nowhere", join(folder, "link"));
  symlinkSync(folder, join(folder, "round"));
  expect(await read(folder)).toEqual({ "a.xml": "1", link: "lost ENOENT" });
  expect(await read(join(folder, "none"))).toEqual({ "": "lost ENOENT" });
});

test("what is appended while a file is read belongs to the next reading: only half of it may be there", async () => {
  const message = (text: string): string => `${fromLine}\nSubject: ${text}\n\n${"x".repeat(300_000)}\n\n`;
  const file = join(folderOf({ box: message("1") + message("2") }), "box");
  const subjects: string[] = [];
  for await (const one of readFiles([file])) {
    if (one.kind === "arrival") subjects.push(one.arrival.octets.toString("latin1", 0, 10));
    if (subjects.length === 1) appendFileSync(file, message("3").slice(0, 1_000));
  }
  expect(subjects).toEqual(["Subject: 1", "Subject: 2"]);
  // Nor is what came between looking and reading.
  const vias: string[] = [];
  for await (const one of readFiles([file], undefined, message("1").length))
    if (one.kind === "arrival") vias.push(one.arrival.via);
  expect(vias).toEqual([`${file}#1`]);
});

test("how far it has come", async () => {
  const folder = folderOf({
    "a.xml": "123",
    z: zipOf([
      { name: "a", octets: "1" },
      { name: "b", octets: "2" },
    ]),
    m: mbox,
  });
  const all = await countFiles([folder]);
  const done = { files: 0, octets: 0 };
  let before = 0;
  for await (const one of readFiles([folder], done)) {
    expect(one.kind).toBe("arrival");
    expect(done.octets).toBeGreaterThanOrEqual(before);
    before = done.octets;
  }
  expect(done).toEqual(all);
  expect(all.files).toBe(3);
});

test("a mail is one, whatever is in it", async () => {
  const mail = mailOf([
    {
      type: "application/zip",
      octets: zipOf([
        { name: "a", octets: xml },
        { name: "b", octets: xml },
      ]),
    },
  ]);
  expect(Object.keys(await read(folderOf({ "1.eml": mail })))).toEqual(["1.eml"]);
});

test("a pipe that is named is read, one in a folder is not waited for, a device is told of", async () => {
  const folder = folderOf({ "a.xml": "1" });
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(await read(folder)).toEqual({ "a.xml": "1" });
  const writing = writeFile(pipe, mbox);
  const found: string[] = [];
  for await (const one of readFiles([pipe, "/dev/null"]))
    found.push(one.kind === "arrival" ? one.arrival.octets.toString() : `lost ${one.lost.reason}`);
  await writing;
  expect(found).toEqual(["A: 1\n\n", "B: 2\n", "lost not-a-file"]);
});

test("names that are no UTF-8, of files and folders, are read, and shown as they look", async () => {
  const folder = folderOf({});
  const report = Buffer.from([0x83, 0x8c, 0x83, 0x7c, 0x81, 0x5b, 0x83, 0x67]);
  const inner = Buffer.concat([Buffer.from(`${folder}/`), report]);
  mkdirSync(inner);
  for (const name of [Buffer.from("a.xml"), report])
    writeFileSync(Buffer.concat([inner, Buffer.from("/"), name]), "1");
  const zip = zipOf([
    { name: "x", octets: xml },
    { name: "y", octets: xml },
  ]);
  writeFileSync(Buffer.concat([inner, Buffer.from("/z"), report]), zip);
  expect(await read(folder)).toEqual({
    "レポート/a.xml": "1",
    "レポート/レポート": "1",
    "レポート/zレポート#x": xml,
    "レポート/zレポート#y": xml,
  });
  expect(await countFiles([folder])).toEqual({ files: 3, octets: 2 + zip.length });
});

test.each<readonly [string, Buffer]>([
  ["a mailbox", Buffer.from(mbox.repeat(20_000))],
  ["a mailbox in gzip", gzipSync(`${mbox}\n${fromLine}\n${randomBytes(1_500_000).toString("hex")}`)],
  ["a tar", tarOf(Array.from({ length: 2_000 }, (_, n) => ({ name: `${n}`, octets: xml })))],
])("%s of which nobody wants more is closed", async (_, octets) => {
  const folder = folderOf({ file: octets });
  const isOpen = (): boolean =>
    readdirSync("/proc/self/fd").some((fd) => linkOf(`/proc/self/fd/${fd}`) === join(folder, "file"));
  let wasOpen = false;
  for await (const one of readFiles([folder])) {
    expect(one.kind).toBe("arrival");
    wasOpen = isOpen();
    break;
  }
  expect(wasOpen).toBe(true);
  await expect.poll(isOpen).toBe(false);
});

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const central = Buffer.from("PK\x01\x02", "latin1");

test.each<readonly [string, (zip: Buffer, entry: number) => void]>([
  ["a size that is too small", (zip, entry) => zip.writeUInt32LE(3, entry + 20)],
  ["no size", (zip, entry) => zip.writeUInt32LE(0, entry + 20)],
  ["a size beyond the file", (zip, entry) => zip.writeUInt32LE(0xffff_fff0, entry + 20)],
])("a ZIP of several whose directory has %s", async (_, change) => {
  const zip = zipOf([
    { name: "a", octets: xml },
    { name: "b", octets: xml.repeat(3) },
  ]);
  for (let at = zip.indexOf(central); at >= 0; at = zip.indexOf(central, at + 4)) change(zip, at);
  expect(await read(folderOf({ z: zip }))).toEqual({ "z#a": xml, "z#b": xml.repeat(3) });
});

test("a ZIP of several whose directory leads nowhere is read whole", async () => {
  const zip = zipOf([
    { name: "a", octets: xml },
    { name: "b", octets: xml.repeat(3) },
  ]);
  const second = zip.indexOf(central, zip.indexOf(central) + 4);
  zip.writeUInt32LE(7, second + 42);
  const found = await read(folderOf({ z: zip }));
  expect(found["z"]).toBe(zip.toString("latin1"));
});
