import type { Config } from "../../config/config.ts";
import { type AnyCommand, defineCommand, type ExitCode, usageError } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { dnsOptions, openDns } from "../dns-options.ts";
import { type OptionsOfActions, refuseBeside, refuseOfOtherActions } from "../idle-options.ts";
import type { Io } from "../io.ts";
import { generateKey } from "../key/generate.ts";
import { listKeys } from "../key/list.ts";
import { type KeyValues, keyOptions, readType } from "../key/options.ts";
import { printRecords } from "../key/records.ts";
import { publishKeys, type RotationCall, retireKey, rotateKeys } from "../key/rotation-commands.ts";
import { verifyKeys } from "../key/verify.ts";
import { readConfigWithAllKeys } from "../keys-in-use.ts";
import { printable } from "../layout.ts";
import { readDomainOption, readSelectorOption, signingKeyOptions } from "../signing-key-options.ts";

const dnsNames = Object.keys(dnsOptions);
const whichKey = ["domain", "selector", "key", "passphrase"];

/** What each action takes. */
const takes: OptionsOfActions = {
  generate: ["config", ...whichKey, "type", "bits", "service", "dir", "form", "now", "json"],
  list: ["config", "json"],
  dns: ["config", ...whichKey, "service", "form", "json"],
  verify: ["config", ...whichKey, "service", "now", "json", ...dnsNames],
  rotate: ["config", "domain", "type", "json", ...dnsNames],
  publish: ["config", "domain", "json", ...dnsNames],
  retire: ["config", "domain", "selector", "compromised", "json", ...dnsNames],
};
const actions = Object.keys(takes);
const rotationActions: ReadonlySet<string> = new Set(["rotate", "publish", "retire"]);

export const key: AnyCommand = defineCommand({
  usage: [
    "sekisho key generate --domain DOMAIN [--type ed25519] [OPTION...]",
    "sekisho key dns [--domain DOMAIN] [--selector NAME] [OPTION...]",
    "sekisho key verify [--domain DOMAIN] [--selector NAME] [OPTION...]",
    "sekisho key list [--json]",
    "sekisho key rotate [DOMAIN] [--type rsa|ed25519]",
    "sekisho key publish [DOMAIN]",
    "sekisho key retire [DOMAIN] --selector NAME [--compromised]",
  ],
  about: {
    en: "generate writes a new private key, never over another, and prints its record. dns prints the records of keys that there are. verify looks whether key file, configuration and DNS agree. list shows all keys, those that rotate with their states. Without --key these act on the keys in use. rotate makes new keys of a domain now, publish tries changes in DNS that wait again or prints them, retire takes a key back as far as that is safe (see rotation.md).",
    ja: "generate は新しい秘密鍵を作り（上書きはしません）、公開するレコードを表示します。dns はすでにある鍵のレコードを表示します。verify は鍵ファイル、設定、DNS が一致しているかを調べます。list はすべての鍵の一覧で、交代する鍵はその状態も示します。--key を省くと使用中の鍵が対象です。rotate はドメインの新しい鍵をすぐに用意し、publish は待っている DNS の変更をもう一度試すか表示し、retire は安全な範囲で鍵を取り下げます（rotation.ja.md を参照）。",
  },
  options: { ...signingKeyOptions, ...keyOptions, ...configOption, ...dnsOptions },
  maxArguments: 2,
  async run(values, [action, domain], io) {
    if (action === undefined) throw usageError(io.text.usage.missingAction("key", actions));
    if (!Object.hasOwn(takes, action)) throw usageError(io.text.usage.unknownAction("key", action, actions));
    if (domain !== undefined && !rotationActions.has(action))
      throw usageError(io.text.usage.tooManyArguments(domain));
    if (domain !== undefined && values.domain !== undefined)
      throw usageError(io.text.usage.domainTwice(printable(domain)));
    refuseOfOtherActions(values, { command: "key", action, takes }, io);
    refuseBeside(values, ["form"], "json", io);
    const config =
      action === "dns" || action === "verify"
        ? await readConfigWithAllKeys(values.config, io)
        : await readConfig(values.config, io);
    switch (action) {
      case "generate":
        return generateKey(values, config, io);
      case "dns":
        return printRecords(values, config, io);
      case "verify":
        return verifyKeys(values, config, io);
      case "list":
        return listKeys(values, config, io);
      case "rotate":
        return rotation(rotateKeys, domain, values, config, io);
      case "publish":
        return rotation(publishKeys, domain, values, config, io);
      default:
        return rotation(retireKey, domain, values, config, io);
    }
  },
});

async function rotation(
  command: (call: RotationCall) => Promise<ExitCode>,
  argument: string | undefined,
  values: KeyValues,
  config: Config,
  io: Io,
): Promise<ExitCode> {
  const named = argument ?? values.domain;
  const dns = openDns(values, config.dns, io);
  try {
    return await command({
      config,
      domain: named === undefined ? undefined : readDomainOption(named, io),
      selector: values.selector === undefined ? undefined : readSelectorOption(values.selector, io),
      type: values.type === undefined ? undefined : readType(values.type, io),
      compromised: values.compromised,
      json: values.json,
      dns: dns.resolver,
      io,
    });
  } finally {
    dns.close();
  }
}
