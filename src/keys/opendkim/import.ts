import { posix } from "node:path";
import { nearest } from "../../config/nearest.ts";
import { formatAuthorPattern } from "../../config/sign-schema.ts";
import { isWithin, toAsciiDomain } from "../../core/domain-name.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { KeyFileReading } from "../key-file.ts";
import { readConf, type Setting, shownValue, type TextReader } from "./conf.ts";
import { readDataSet } from "./data-set.ts";
import { checkKeyRecord } from "./key-records.ts";
import { type KeyRow, maxPathLength, readKeyTable } from "./key-table.ts";
import { isNeedless, reasonAgainst } from "./options.ts";
import {
  importAuthservId,
  importDns,
  importMilter,
  importNetworks,
  importStyle,
  importVerify,
  Settings,
  signs,
} from "./sections.ts";
import { CoverIndex, readSigningTable, type SigningRow } from "./signing-table.ts";

/** One entry of `sign.keys` as the file has it; what has its default is left out. */
export interface ImportedKey {
  readonly domain: string;
  readonly selector: string;
  readonly file: string;
  readonly from?: readonly string[];
  readonly include_subdomains?: true;
  readonly third_party?: true;
  readonly identity?: "domain" | "address";
}

export interface OpendkimImport {
  /** The sections of our file, for a YAML writer. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly keys: readonly ImportedKey[];
  /** Everything that is wrong in OpenDKIM's files, or not the same here. */
  readonly findings: readonly Finding[];
}

export interface OpendkimReaders {
  readonly text: TextReader;
  readonly key: (file: string) => Promise<KeyFileReading>;
}

/** Turns an opendkim.conf with its tables into our configuration. Reads only; never rejects unless a reader does. */
export async function importOpendkim(file: string, read: OpendkimReaders): Promise<OpendkimImport> {
  const conf = readConf(posix.resolve(file), read.text);
  const settings = new Settings(conf.settings, posix.resolve(file), read.text);
  const keys = importKeys(settings, read.text);
  // Where keys cannot be read, it may well sign.
  const isUnread = settings.findings.some(({ severity }) => severity === "error");
  if (!signs(settings) || (keys.length === 0 && !isUnread))
    settings.findings.push(finding("opendkim.no-signing", file, { file, line: 0 }));
  const sections = {
    authserv_id: importAuthservId(settings),
    networks: importNetworks(settings),
    dns: importDns(settings),
    milter: importMilter(settings),
    verify: importVerify(settings),
    sign: { keys, ...importStyle(settings) },
  };
  const findings = [...conf.findings, ...settings.findings, ...leftOver(conf.settings, settings)];
  const owned = new Set<string>();
  for (const key of keys) {
    const reading = await read.key(key.file);
    findings.push(
      ...reading.findings.filter((found) => !isAboutOwner(found)),
      ...(owned.has(key.file) ? [] : checkOwner(key, reading.findings)),
      ...checkKeyRecord({ ...key, path: key.file }, reading.key, read.text),
    );
    owned.add(key.file);
  }
  const config = Object.fromEntries(Object.entries(sections).filter(([, section]) => section !== undefined));
  return { config, keys, findings: withoutRepeats(findings) };
}

/** OpenDKIM's keys are its own user's: to take them away would end its signing before ours has begun. */
function checkOwner({ domain, selector, file: key }: ImportedKey, found: readonly Finding[]): Finding[] {
  const copy = `/etc/sekisho/keys/${domain}/${selector}.pem`;
  return found.some(isAboutOwner) ? [finding("opendkim.key-owner", key, { key, copy })] : [];
}

function isAboutOwner({ id }: Finding): boolean {
  return id === "key.file-owner" || id === "key.folder-owner";
}

function leftOver(given: readonly Setting[], settings: Settings): Finding[] {
  const found: Finding[] = [];
  for (const setting of given) {
    const { option, file, line } = setting;
    const why = reasonAgainst(option);
    const params = { file, line, option, value: shownValue(setting) };
    if (why !== undefined) found.push(finding("opendkim.option-not-carried", option, { ...params, why }));
  }
  const senders = settings.get("SenderHeaders");
  if (senders !== undefined && senders.value.toLowerCase() !== "from")
    found.push(finding("opendkim.option-not-carried", senders.option, { ...senders, why: "only-from" }));
  const algorithm = settings.get("SignatureAlgorithm");
  if (algorithm?.value.toLowerCase() === "rsa-sha1")
    found.push(finding("opendkim.sha1", algorithm.value, { file: algorithm.file, line: algorithm.line }));
  const needless = given.filter(({ option }) => isNeedless(option));
  const [first] = needless;
  if (first !== undefined) {
    const options = [...new Set(needless.map(({ option }) => option))];
    found.push(finding("opendkim.options-needless", first.file, { file: first.file, line: 0, options }));
  }
  return found;
}

function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((one) => {
    const text = JSON.stringify(one);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

function importKeys(settings: Settings, read: TextReader): ImportedKey[] {
  const keyTable = settings.get("KeyTable");
  const signingTable = settings.get("SigningTable");
  if (keyTable === undefined) return importSingleKey(settings);
  const keySet = readDataSet(keyTable, settings.folder, read);
  const keys = readKeyTable(keySet);
  settings.findings.push(...keySet.findings, ...keys.findings);
  const signingSet = signingTable && readDataSet(signingTable, settings.folder, read);
  const signing = signingSet && readSigningTable(signingSet);
  settings.findings.push(...(signingSet?.findings ?? []), ...(signing?.findings ?? []));
  const rows = signing?.rows ?? [];
  const isUnread = (name: string): boolean => keySet.findings.length > 0 || keys.unread.has(name);
  return new TableImport(keys.rows, isUnread, settings).convert(rows, settings.boolean("MultipleSignatures"));
}

/** Domain, Selector and KeyFile: one key for one or more domains. */
function importSingleKey(settings: Settings): ImportedKey[] {
  const [file, selector] = [settings.get("KeyFile"), settings.get("Selector")];
  if (file === undefined || selector === undefined) return [];
  const s = toAsciiDomain(selector.value);
  if (s === undefined) {
    settings.bad(selector);
    return [];
  }
  const subdomains = settings.boolean("SubDomains");
  const path = posix.resolve(settings.folder, file.value);
  if (path.length > maxPathLength) {
    settings.bad(file);
    return [];
  }
  const setting = settings.get("Domain");
  const good = settings.list("Domain").flatMap((text) => {
    const domain = toAsciiDomain(text);
    if (domain?.includes(".") === true) return [domain];
    if (setting !== undefined) settings.bad({ ...setting, value: text });
    return [];
  });
  return [...new Set(good)].map((domain) => {
    return { domain, selector: s, file: path, ...(subdomains && { include_subdomains: true as const }) };
  });
}

/** A row of the SigningTable with the key that it leads to. */
interface Assignment {
  readonly row: SigningRow;
  readonly domain: string;
  readonly selector: string;
  readonly path: string;
}

/** Key names among which a misspelt one is looked for. */
const maxGuesses = 200;

class TableImport {
  readonly #keys: ReadonlyMap<string, KeyRow>;
  readonly #bySelector: ReadonlyMap<string, readonly KeyRow[]>;
  readonly #isUnread: (name: string) => boolean;
  readonly #settings: Settings;
  readonly #used = new Set<KeyRow>();

  /** @param isUnread Whether the KeyTable has, or may have, a row of that name that is not among `keys`. */
  constructor(keys: readonly KeyRow[], isUnread: (name: string) => boolean, settings: Settings) {
    this.#isUnread = isUnread;
    this.#keys = new Map(keys.map((key) => [key.name, key]));
    this.#bySelector = Map.groupBy(keys, ({ selector, domain }) => `${selector} ${domain}`);
    this.#settings = settings;
  }

  convert(rows: readonly SigningRow[], multiple: boolean): ImportedKey[] {
    const reached = multiple ? withCoveringKeys(rows) : this.#reachable(rows);
    const assignments = reached.flatMap((row) => this.#assign(row) ?? []);
    return this.#withoutSecondFiles([...this.#group(assignments), ...this.#unused()]);
  }

  /** A selector has one key: of entries that name two files for it only those with the first are taken. */
  #withoutSecondFiles(entries: readonly ImportedKey[]): ImportedKey[] {
    const files = new Map<string, string>();
    return entries.filter(({ domain, selector, file }) => {
      const name = `${selector} ${domain}`;
      const first = files.get(name) ?? file;
      files.set(name, first);
      if (first === file) return true;
      const place = this.#settings.get("KeyTable");
      const params = {
        file: place?.file ?? "",
        line: place?.line ?? 0,
        domain,
        selector,
        key: file,
        first,
      };
      this.#note(finding("opendkim.selector-twice", file, params));
      return false;
    });
  }

  /** Without MultipleSignatures only the first row that fits counts. */
  #reachable(rows: readonly SigningRow[]): SigningRow[] {
    const above = new CoverIndex();
    return rows.filter((row) => {
      const [by] = above.covering(row);
      above.add(row);
      const { file, line, pattern } = row;
      if (by !== undefined && by.keyName !== row.keyName)
        this.#note(finding("opendkim.row-shadowed", pattern, { file, line, pattern, by: by.pattern }));
      return by === undefined;
    });
  }

  #assign(row: SigningRow): Assignment | undefined {
    const key = this.#keys.get(row.keyName) ?? this.#dangling(row);
    if (key === undefined) return undefined;
    this.#used.add(key);
    const { domain } = row.author;
    if (key.domain === "%" && row.subdomains) {
      this.#note(
        finding("opendkim.key-any-domain", key.name, { file: key.file, line: key.line, name: key.name }),
      );
      return undefined;
    }
    return {
      row,
      domain: key.domain === "%" ? domain : key.domain,
      selector: key.selector,
      path: posix.resolve(this.#settings.folder, key.path.replaceAll("%", domain)),
    };
  }

  #dangling({ pattern, keyName, file, line }: SigningRow): KeyRow | undefined {
    // What is wrong with its row has been told.
    if (this.#isUnread(keyName)) return undefined;
    const [selector, domain] = keyName.toLowerCase().split("._domainkey.");
    const alike = this.#bySelector.get(`${selector} ${domain}`) ?? [];
    const taken = alike.length === 1 ? alike[0] : undefined;
    const meant = nearest(keyName, [...this.#keys.keys()].slice(0, maxGuesses));
    const params = { file, line, pattern, name: keyName, taken: taken?.name, meant };
    this.#note(finding("opendkim.row-dangling", pattern, params));
    return taken;
  }

  /** One entry for each key, identity and reach. */
  #group(assignments: readonly Assignment[]): ImportedKey[] {
    const domainText = (one: Assignment): string => `${this.#keyText(one)}\n${one.row.author.domain}`;
    const withSubdomains = new Set(assignments.filter(({ row }) => row.subdomains).map(domainText));
    const groups = new Map<string, Assignment[]>();
    for (const one of assignments) {
      const { subdomains, author } = one.row;
      // include_subdomains is for the domain itself, too.
      if (!subdomains && author.localPart === undefined && withSubdomains.has(domainText(one))) continue;
      const name = `${this.#keyText(one)}\n${subdomains}`;
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [one]);
      else group.push(one);
    }
    return [...groups.values()].map((group) => this.#entry(group));
  }

  #keyText(one: Assignment): string {
    return [one.domain, one.selector, one.path, this.#identityOf(one)].join("\n");
  }

  #entry(group: readonly Assignment[]): ImportedKey {
    const { domain, selector, path, row } = group[0] as Assignment;
    const from = [...new Set(group.map((one) => formatAuthorPattern(one.row.author)))];
    const strangers = group.filter((one) => !isRelated(one.row.author.domain, domain));
    for (const {
      row: { file, line, author },
    } of strangers)
      this.#note(
        finding("opendkim.row-alignment", author.domain, {
          file,
          line,
          from: formatAuthorPattern(author),
          domain,
        }),
      );
    const identity = this.#identityOf(group[0] as Assignment);
    return {
      domain,
      selector,
      file: path,
      ...(from.length === 1 && from[0] === domain ? {} : { from }),
      ...(row.subdomains && { include_subdomains: true as const }),
      ...(strangers.length > 0 && { third_party: true as const }),
      ...(identity !== "none" && { identity }),
    };
  }

  #identityOf({ row, domain: d }: Assignment): "none" | "domain" | "address" {
    const { identity, author, pattern, file, line } = row;
    if (identity === undefined || identity === `@${d}`) return "none";
    const text = identity.toLowerCase();
    if (text === "@%" || text === "%" || (text === `@${author.domain}` && !row.subdomains)) return "domain";
    if (text === formatAuthorPattern(author)) return "address";
    this.#note(finding("opendkim.row-identity", pattern, { file, line, pattern, identity }));
    return "none";
  }

  #unused(): ImportedKey[] {
    return [...this.#keys.values()].flatMap((key) => {
      if (this.#used.has(key)) return [];
      const { name, file, line, domain, selector, path } = key;
      if (domain === "%" || path.includes("%")) {
        this.#note(finding("opendkim.key-any-domain", name, { file, line, name }));
        return [];
      }
      this.#note(finding("opendkim.key-unused", name, { file, line, name }));
      return [{ domain, selector, file: posix.resolve(this.#settings.folder, path), from: [] }];
    });
  }

  #note(found: Finding): void {
    this.#settings.findings.push(found);
  }
}

/** With MultipleSignatures all rows that fit count; ours takes the most exact, which therefore gets their keys too. */
function withCoveringKeys(rows: readonly SigningRow[]): SigningRow[] {
  const index = new CoverIndex();
  for (const row of rows) index.add(row);
  return rows.flatMap((row) => {
    const { author, subdomains, belowOnly, pattern } = row;
    const others = index.covering(row).filter((other) => other.keyName !== row.keyName);
    return [row, ...others.map((other) => ({ ...other, author, subdomains, belowOnly, pattern }))];
  });
}

function isRelated(from: string, domain: string): boolean {
  return isWithin(from, domain) || isWithin(domain, from);
}
