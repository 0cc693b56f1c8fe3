import type { Config } from "../../config/config.ts";
import { publicRecord } from "../../keys/public-record.ts";
import { type ExitCode, exitOk } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { chosenRows, loadUsableKeys } from "../signing-key-options.ts";
import { distinctKeys } from "./distinct-keys.ts";
import { type KeyValues, readService } from "./options.ts";
import { inForm, jsonRecord, readForm, recordLines } from "./record-lines.ts";

/** `sekisho key dns`: the records of keys that there are. */
export async function printRecords(values: KeyValues, config: Config, io: Io): Promise<ExitCode> {
  const service = readService(values.service, io);
  const form = readForm(values.form, io);
  const { keys } = await loadUsableKeys(distinctKeys(chosenRows(values, config, io)), config, io);
  const records = keys.map(({ domain, selector, key: { privateKey } }) => {
    const record = publicRecord({ domain, selector, privateKey, service });
    if (record === undefined) throw new Error("the key record does not read back");
    return record;
  });
  if (values.json) io.out(formatJson(records.map(jsonRecord), io.isTty));
  else
    for (const [index, record] of records.entries()) {
      if (index > 0 && form === undefined) io.out("");
      for (const line of form === undefined ? recordLines(record, io) : [inForm(record, form)]) io.out(line);
    }
  return exitOk;
}
