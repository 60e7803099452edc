/** Bytes of the heap that are in use when everything else was collected. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

export const collect = runInNewContext('gc') as () => void;

export function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
