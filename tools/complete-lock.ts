// Adds to package-lock.json the optional packages of other platforms. npm leaves them out where the registry in use
// does not serve them, and then `npm ci` on a fresh machine refuses the lock file. Run it after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dev?: boolean;
  readonly optional?: boolean;
}

const systems = "android darwin linux win32 freebsd openbsd netbsd sunos aix openharmony wasi".split(" ");
const processors = "arm64 x64 ia32 arm riscv64 ppc64 s390x loong64 mips64el wasm32".split(" ");
const libraries: Readonly<Record<string, string>> = {
  musl: "musl",
  musleabihf: "musl",
  gnu: "glibc",
  gnueabihf: "glibc",
};

/** What npm writes for such a package, read off its name: `@biomejs/cli-linux-x64-musl`. */
function platformEntry(name: string, version: string): Entry | undefined {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  const libc = words.flatMap((word) => libraries[word] ?? []);
  if (os.length === 0 && cpu.length === 0) return undefined;
  return {
    version: version.replace(/^[\^~]/, ""),
    ...(cpu.length > 0 && { cpu }),
    dev: true,
    ...(libc.length > 0 && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

/** The packages of a lock file with those that are missing. */
function completed(packages: Readonly<Record<string, Entry>>): Record<string, Entry> {
  const all: Record<string, Entry> = { ...packages };
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (`${path}/node_modules/${name}` in all || `node_modules/${name}` in all) continue;
      const missing = platformEntry(name, version);
      if (missing !== undefined) all[`node_modules/${name}`] = missing;
    }
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
const before = Object.keys(lock.packages).length;
lock.packages = completed(lock.packages);
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${Object.keys(lock.packages).length - before} packages of other platforms added`);
