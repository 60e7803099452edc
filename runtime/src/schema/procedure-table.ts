/** All procedures of a server by the key that requests name. */
import type { DispatchEntry } from './description.js';
import type { Implementation } from './implement.js';

export interface ProcedureTable {
  find(keyHigh: number, keyLow: number): DispatchEntry | undefined;
}

/**
 * @param wrap puts around each entry what stands between it and its calls
 * @throws TypeError when two services implement the same interface
 */
export function createProcedureTable(
  services: readonly Implementation[],
  wrap: (entry: DispatchEntry) => DispatchEntry = entry => entry,
): ProcedureTable {
  /** By the key's low half; the high half tells apart the few that share it. */
  const table = new Map<number, DispatchEntry[]>();
  for (const { dispatcher } of services) {
    for (const entry of dispatcher.entries) {
      const [high, low] = entry.procedure.key;
      const bucket = table.get(low) ?? [];
      if (bucket.some(other => other.procedure.key[0] === high)) {
        throw new TypeError(
          `two services implement ${dispatcher.interface}: a server offers each interface once`,
        );
      }
      table.set(low, [...bucket, wrap(entry)]);
    }
  }
  return {
    find: (high, low) => table.get(low)?.find(({ procedure }) => procedure.key[0] === high),
  };
}
