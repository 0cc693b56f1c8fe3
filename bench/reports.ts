// Report ingestion, as the neutral harness measures its peers:
//   node bench/reports.ts MANIFEST --mode parse --cls 20 --form xml|gz|zip|eml [--secs S]
//   node bench/reports.ts MANIFEST --mode import --cls 20 --store FOLDER|URL [--batch N]
//   node bench/reports.ts MANIFEST --mode command --cls 50000 [--program dist/cli/main.js] [--runs 5]
// "parse" with form xml reads with core/reports alone, from the file by pieces; the other forms are read as an arrival, containers and
// mail and all. "import" brings each mail of the class in once: reading, transactions, sums; `base_mb` is the peak of memory before
// it began. "command" does the same by `sekisho report import`, each run in a process of its own and a new store: whole processes,
// their start and end included. One JSON line a run. The number of records and the sum of the messages are checked, of up to 200
// reports and of everything that was imported.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { ingestAll } from "../src/collect/ingest.ts";
import type { Incoming } from "../src/collect/input/arrival.ts";
import { readArrival } from "../src/collect/read-arrival.ts";
import { openAggregateReader } from "../src/core/reports/aggregate-reader.ts";
import { openReportStore } from "../src/store/reports/open.ts";

interface ManifestEntry {
  readonly cls: number;
  readonly stem: string;
  readonly xml_bytes: number;
  readonly records: number;
  readonly messages: number;
}

interface Found {
  records: number;
  messages: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: "string", default: "parse" },
    cls: { type: "string", default: "20" },
    form: { type: "string", default: "xml" },
    secs: { type: "string", default: "5" },
    store: { type: "string" },
    batch: { type: "string", default: "50" },
    program: { type: "string", default: "dist/cli/main.js" },
    runs: { type: "string", default: "5" },
  },
});
const manifest = positionals[0] ?? "";
const cls = Number(values.cls);
const reports = (JSON.parse(readFileSync(manifest, "utf8")) as readonly ManifestEntry[]).filter(
  (one) => one.cls === cls,
);
const suffixes: Readonly<Record<string, string>> = { xml: ".xml", gz: ".xml.gz", zip: ".zip", eml: ".eml" };

function fileOf({ stem }: ManifestEntry, form: string): string {
  return join(dirname(manifest), stem + (suffixes[form] ?? ""));
}

const piece = Buffer.allocUnsafe(65_536);

function parseXml(file: string): Found {
  const found = { records: 0, messages: 0 };
  const reader = openAggregateReader({
    onRecord: ({ count }) => {
      found.records += 1;
      found.messages += count;
    },
  });
  const handle = openSync(file, "r");
  for (;;) {
    const length = readSync(handle, piece);
    if (length === 0) break;
    reader.write(piece.subarray(0, length));
  }
  closeSync(handle);
  const { kind } = reader.finish();
  return kind === "read" ? found : { records: 0, messages: 0 };
}

async function parseArrival(file: string): Promise<Found> {
  const found = { records: 0, messages: 0 };
  for (const document of await readArrival(readFileSync(file), { fileName: file }))
    if (document.kind === "aggregate")
      for (const { count } of document.records) {
        found.records += 1;
        found.messages += count;
      }
  return found;
}

function parse(report: ManifestEntry): Found | Promise<Found> {
  const file = fileOf(report, values.form);
  return values.form === "xml" ? parseXml(file) : parseArrival(file);
}

/** @returns How often a second, by the wall clock and by CPU; memory. */
function figures(
  started: number,
  cpu: NodeJS.CpuUsage,
  n: number,
  records: number,
): Readonly<Record<string, number>> {
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return {
    n,
    secs: Number(seconds.toFixed(2)),
    reports_s: Number((n / seconds).toFixed(2)),
    records_s: Math.round(records / seconds),
    cpu_ms: Number(((cpuSeconds * 1000) / n).toFixed(3)),
    reports_cpu_s: Number((n / cpuSeconds).toFixed(2)),
    records_cpu_s: Math.round(records / cpuSeconds),
    rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function print(name: string, rest: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ name, cls, ...rest }));
}

async function measureParsing(): Promise<void> {
  let agree = 0;
  const checked = reports.slice(0, 200);
  for (const report of checked) {
    const { records, messages } = await parse(report);
    if (records === report.records && messages === report.messages) agree += 1;
  }
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const end = started + Number(values.secs) * 1000;
  let n = 0;
  while (performance.now() < end)
    for (const report of reports) {
      await parse(report);
      n += 1;
      if (performance.now() > end) break;
    }
  const differ = checked.length - agree;
  print("sekisho parse", { form: values.form, ...figures(started, cpu, n, n * cls), agree, differ });
}

async function* arrivals(): AsyncGenerator<Incoming> {
  for (const report of reports) {
    const file = fileOf(report, "eml");
    yield { kind: "arrival", arrival: { octets: readFileSync(file), via: file, receivedAt: Date.now() } };
  }
}

async function measureImport(place: string): Promise<void> {
  const isUrl = place.startsWith("postgres");
  const store = await openReportStore(isUrl ? { store: place, dataDir: "" } : { dataDir: place });
  const base = Math.round(process.resourceUsage().maxRSS / 1024);
  const pauses = monitorEventLoopDelay({ resolution: 2 });
  pauses.enable();
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await ingestAll(arrivals(), { store, batch: Number(values.batch) });
  pauses.disable();
  const measured = figures(started, cpu, reports.length, reports.length * cls);
  const { records, octets } = await store.counts();
  const messages = (await store.days({})).reduce((sum, day) => sum + day.messages, 0);
  await store.close();
  const expected = reports.reduce((sum, one) => sum + one.messages, 0);
  const right = records === reports.length * cls && messages === expected;
  print(`sekisho import ${isUrl ? "postgresql" : "sqlite"}`, {
    batch: Number(values.batch),
    ...measured,
    base_mb: base,
    longest_pause_ms: Math.round(pauses.max / 1e6),
    octets_a_record: Math.round(octets / records),
    right,
  });
}

/** Runs a command and tells how much memory and time it took. */
const measuring = `import json, resource, subprocess, sys, time
start = time.monotonic(); done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE); end = time.monotonic()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": done.returncode, "out": done.stdout.decode(), "secs": end - start, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss}))`;

interface CommandRun {
  readonly status: number;
  readonly out: string;
  readonly secs: number;
  readonly cpu: number;
  readonly rss: number;
}

function runCommand(args: readonly string[]): CommandRun {
  const { stdout } = spawnSync("python3", ["-c", measuring, process.execPath, ...args], { encoding: "utf8" });
  return JSON.parse(stdout) as CommandRun;
}

function measureCommand(): void {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-bench-"));
  const files = reports.map((report) => fileOf(report, "eml"));
  const expected = reports.reduce((sum, one) => sum + one.messages, 0);
  for (let run = 0; run < Number(values.runs); run++) {
    const config = join(folder, `${run}.yaml`);
    writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${join(folder, String(run))}\n`);
    const command = [values.program, "report", "import", "--json", "--config", config, ...files];
    const { status, out, secs, cpu, rss } = runCommand(command);
    const rows = out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Imported]));
    const messages = rows.flatMap(({ documents }) => documents).reduce((sum, one) => sum + one.messages, 0);
    print("sekisho report import", {
      secs: Number(secs.toFixed(2)),
      cpu_ms: Math.round(cpu * 1000),
      rss_mb: Math.round(rss / 1024),
      right: status === 0 && messages === expected,
    });
  }
  rmSync(folder, { recursive: true });
}

interface Imported {
  readonly documents: readonly { readonly messages: number }[];
}

if (values.mode === "command") measureCommand();
else if (values.mode === "import") await measureImport(values.store ?? "");
else await measureParsing();
