/** What the sequencer multicasts: the places of messages in the total order, not the messages. */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';

/** Messages of one sender that follow each other in the total order and in its own. */
export interface OrderRun {
  /** Whose messages, by rank. */
  readonly sender: number;
  /** The number of the first. */
  readonly first: number;
  /** How many: their numbers follow each other. */
  readonly count: number;
}

export const orderRunBytes = 10;

export function writeOrder(runs: readonly OrderRun[]): Buffer {
  const writer = new ByteWriter(2 + runs.length * orderRunBytes);
  writer.list(runs, ({ sender, first, count }) => writer.u16(sender).u48(first).u16(count));
  return writer.done();
}

/** @throws MalformedBytes */
export function readOrder(body: Uint8Array): OrderRun[] {
  const reader = new ByteReader(body);
  const runs = reader.list(orderRunBytes, () => {
    const run = { sender: reader.u16(), first: reader.u48(), count: reader.u16() };
    if (run.first === 0 || run.count === 0) throw new MalformedBytes('an empty run');
    return run;
  });
  reader.end();
  return runs;
}
