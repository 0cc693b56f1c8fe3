import type { Config } from "../../config/config.ts";
import type { RotateConfig } from "../../config/rotate-config.ts";
import type { KeyType } from "../../core/dkim/key-material.ts";
import { keyRecordName } from "../../core/dkim/key-query.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { isRunning } from "../../daemon/control.ts";
import { SekishoError } from "../../errors.ts";
import { openRotator } from "../../keys/open-rotator.ts";
import { changeOf } from "../../keys/record-change.ts";
import type { Rotator } from "../../keys/rotate.ts";
import {
  keyId,
  listKeys,
  readKey,
  rotatedDomains,
  rowsInUse,
  saveKey,
  saveRequest,
  wantedKeys,
} from "../../keys/rotated-keys.ts";
import { advance, isIncoming, type KeyEvent, type RotatedKey, revokeDueAt } from "../../keys/rotation.ts";
import type { RotationNote } from "../../keys/rotation-journal.ts";
import { outlookOf } from "../../keys/rotation-outlook.ts";
import { changeIn, typeOf } from "../../keys/rotation-plan.ts";
import { openState } from "../../store/sqlite-state.ts";
import type { StateStore } from "../../store/state.ts";
import { type ExitCode, exitFailed, exitFindings, exitOk, usageError } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { actAsOwner } from "../keys-in-use.ts";
import { labelled, printable, wrap } from "../layout.ts";
import { keyCommandText } from "./rotation-command-text.ts";
import { changeLines, failureOfNote, noteLines, rotationJson, rotationRows } from "./rotation-lines.ts";

/** What the commands that change keys are given. */
export interface RotationCall {
  readonly config: Config;
  readonly domain: string | undefined;
  readonly selector: string | undefined;
  readonly type: KeyType | undefined;
  readonly compromised: boolean;
  readonly json: boolean;
  readonly dns: DnsResolver;
  readonly io: Io;
}

/** A store and a rotation that are open, for one command. */
interface Work extends RotationCall {
  readonly rotate: RotateConfig;
  readonly domain: string;
  readonly state: StateStore;
  readonly rotator: Rotator;
  readonly notes: RotationNote[];
}

/** `key rotate`: new keys now. */
export function rotateKeys(call: RotationCall): Promise<ExitCode> {
  return withRotation("rotate", call, async (work) => {
    const { config, domain, type, rotator, state, io } = work;
    const text = keyCommandText(io.lang);
    // Which kinds there are is known from the keys of the configuration.
    if ((await rotator.adopt()).busy) return giveUp(text.somebodyElse);
    await state.tx(async (tx) => {
      const keys = await listKeys(tx);
      for (const { algorithm, domain: of } of wantedKeys(config.sign, keys)) {
        const wanted = typeOf(algorithm);
        if (of !== domain || (type !== undefined && type !== wanted)) continue;
        const coming = keys.find((key) => key.domain === of && key.type === wanted && isIncoming(key));
        if (coming === undefined) await saveRequest(tx, { domain, type: wanted, at: Date.now() });
        else io.err(`sekisho: ${text.onItsWay(keyRecordName(coming))}`);
      }
    });
    await rotator.round(new Set([domain]));
    await tellZoneBusy(work);
    return report(work);
  });
}

async function tellZoneBusy({ state, domain, io }: Work): Promise<void> {
  const keys = await state.tx(listKeys);
  const zone = keys.find((key) => key.domain === domain)?.zone;
  const busy = zone === undefined ? undefined : changeIn(zone, keys);
  if (busy !== undefined && busy.domain !== domain)
    io.err(`sekisho: ${keyCommandText(io.lang).zoneBusy(domain, keyRecordName(busy))}`);
}

/** `key publish`: changes of records that wait are tried again now, or printed. */
export function publishKeys(call: RotationCall): Promise<ExitCode> {
  return withRotation("publish", call, async (work) => {
    const text = keyCommandText(work.io.lang);
    if ((await work.rotator.round(new Set([work.domain]))).busy) return giveUp(text.somebodyElse);
    const waiting = (await keysOf(work)).filter(({ change }) => change !== undefined);
    if (waiting.length === 0 && work.notes.length === 0)
      work.io.err(`sekisho: ${text.nothingToPublish(work.domain)}`);
    return report(work);
  });
}

/** `key retire`: a key is given up, revoked or removed, as far as that is safe. */
export function retireKey(call: RotationCall): Promise<ExitCode> {
  return withRotation("retire", call, async (work) => {
    const { selector, domain, io, rotate, state, compromised, rotator } = work;
    const text = keyCommandText(io.lang);
    if (selector === undefined) throw usageError(text.selectorMissing);
    if ((await rotator.adopt()).busy) return giveUp(text.somebodyElse);
    await state.tx(async (tx) => {
      const key = await readKey(tx, { domain, selector });
      if (key === undefined) throw notThere(work, { domain, selector });
      const now = Date.now();
      for (const event of retiringEvents(key, compromised, { rotate, now, io })) {
        const current = (await readKey(tx, key)) ?? key;
        const outcome = advance(current, event, now, rotate);
        if (outcome.kind !== "refused") await saveKey(tx, outcome.key);
      }
    });
    await rotator.round(new Set([domain]));
    return report(work);
  });
}

/** A key that the configuration has is there, and could not be taken in. */
function notThere({ config, io }: Work, named: Pick<RotatedKey, "domain" | "selector">): SekishoError {
  const text = keyCommandText(io.lang);
  const row = config.sign.keys.find((one) => keyId(one) === keyId(named));
  return row === undefined
    ? new SekishoError("NOT_FOUND", text.noSuchKey(named.selector, named.domain))
    : new SekishoError("STORE_UNAVAILABLE", text.notTakenIn(keyRecordName(row), row.file));
}

/** @throws SekishoError when it must not be retired now. */
function retiringEvents(
  key: RotatedKey,
  compromised: boolean,
  { rotate, now, io }: { readonly rotate: RotateConfig; readonly now: number; readonly io: Io },
): readonly KeyEvent[] {
  const text = keyCommandText(io.lang);
  const name = keyRecordName(key);
  const refuse = (reason: string): SekishoError => new SekishoError("USAGE", reason);
  if (isIncoming(key)) return [{ kind: "abandon" }];
  if (key.state === "gone") throw refuse(text.isGone(name));
  if (key.state === "active") {
    if (!compromised) throw refuse(text.isActive(name, key.domain));
    return [{ kind: "compromise" }];
  }
  if (key.state === "revoked") return [{ kind: "let-go" }];
  if (compromised) return [{ kind: "compromise" }];
  const free = advance(key, { kind: "let-go" }, now, rotate);
  const due = revokeDueAt(free.kind === "refused" ? key : free.key, rotate);
  if (due === undefined || due > now) {
    const at = due === undefined ? "" : new Date(due).toISOString();
    if (free.kind === "refused") throw refuse(text.tooEarly(name, at));
  }
  return [{ kind: "let-go" }];
}

async function withRotation(
  action: string,
  call: RotationCall,
  work: (open: Work) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { config, io } = call;
  const text = keyCommandText(io.lang);
  const { rotate } = config.sign;
  if (rotate === undefined) throw usageError(text.noRotation);
  const domains = rotatedDomains(config.sign).map(({ domain }) => domain);
  const domain = call.domain ?? (domains.length === 1 ? domains[0] : undefined);
  if (domain === undefined) throw usageError(text.domainMissing(action));
  if (!domains.includes(domain)) throw usageError(text.notRotated(domain, domains));
  actAsOwner(config, io);
  const state = openState(config.dataDir);
  const notes: RotationNote[] = [];
  const tell = (note: RotationNote): void => void notes.push(note);
  const open = openRotator(config, state, { tell, dns: call.dns });
  try {
    if (open === undefined) throw usageError(text.noRotation);
    return await work({ ...call, rotate, domain, state, rotator: open.rotator, notes });
  } finally {
    open?.close();
    await state.close();
  }
}

function giveUp(reason: string): never {
  throw new SekishoError("STORE_UNAVAILABLE", reason);
}

async function keysOf({ state, domain }: Work): Promise<readonly RotatedKey[]> {
  return (await state.tx(listKeys)).filter((key) => key.domain === domain && key.state !== "gone");
}

/** What was done, what is to be done by hand, and how the keys of the domain stand. */
async function report(work: Work): Promise<ExitCode> {
  const { config, io, notes, rotate, json, state, rotator } = work;
  const runs = await isRunning(config.dataDir);
  // Nothing else signs: what is out of use is so from now on.
  if (!runs) await rotator.release(rowsInUse(config.sign, await state.tx(listKeys)));
  const keys = await keysOf(work);
  const failures = notes.flatMap((note) => failureOfNote(note, io) ?? []);
  for (const failure of failures) io.err(`sekisho: ${failure}`);
  if (json)
    io.out(
      formatJson(
        keys.map((key) => jsonOf(key, rotate)),
        io.isTty,
      ),
    );
  else {
    for (const note of notes) for (const line of noteLines(note, io)) io.out(line);
    if (rotate.publish.method === "manual")
      for (const key of keys) {
        if (key.change === undefined || key.publicKey === undefined || isServed(key, rotate)) continue;
        io.out("");
        for (const line of changeLines(changeOf(key, key.change.kind), io)) io.out(line);
      }
    for (const key of keys) for (const line of keyLines(key, rotate, io)) io.out(line);
    const text = keyCommandText(io.lang);
    if (keys.length > 0) io.out("");
    for (const line of wrap(runs ? text.takesItUp : text.nothingRuns, io.columns)) io.out(line);
  }
  const troubled = keys.some(({ trouble }) => trouble !== undefined && trouble.step !== "prove");
  if (failures.length > 0) return exitFailed;
  return troubled ? exitFindings : exitOk;
}

/** Whether every server has its record, and nothing is left to be done in DNS. */
function isServed(key: RotatedKey, rotate: RotateConfig): boolean {
  const { awaits } = outlookOf(key, rotate, rotate.publish.method);
  return awaits === "caches" || awaits === "switch";
}

function jsonOf(key: RotatedKey, rotate: RotateConfig): object {
  const { domain, selector, type, file, record } = key;
  return {
    domain,
    selector,
    name: keyRecordName(key),
    type,
    file,
    ...(record !== undefined && { record }),
    rotation: rotationJson(key, rotate),
  };
}

function keyLines(key: RotatedKey, rotate: RotateConfig, io: Io): string[] {
  const rows = rotationRows(key, rotate, io).map(([label, value]) => [label, printable(value)] as const);
  return ["", io.style.strong(printable(keyRecordName(key))), ...labelled(rows, io.columns)];
}
