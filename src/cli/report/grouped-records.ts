import type { RecordGroups, RecordSource } from "../../collect/classify/group-records.ts";
import type { GroupName } from "../../collect/classify/source.ts";
import type { StoredRecord } from "../../store/reports/port.ts";

/** Records that are put into groups together: what is held in memory. */
export const together = 1_000;

/** The groups of the sources of some records. */
export function groupsOf(
  records: readonly StoredRecord[],
  groups: RecordGroups,
): Promise<readonly GroupName[]> {
  return groups.of(
    records.map(
      ({ domain, record: { sourceIp } }): RecordSource => ({
        domain,
        ...(sourceIp !== undefined && { ip: sourceIp }),
      }),
    ),
  );
}

/** Records as they come, many at a time. */
export async function* inBatches(
  records: AsyncIterable<StoredRecord>,
): AsyncIterable<readonly StoredRecord[]> {
  let batch: StoredRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < together) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
