/** A number that the members of a group count together. */
import { encodeDynamic } from '../../marshalling/dynamic.js';
import { MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import { type BlockPort, blockName, openBlock } from './block-port.js';
import { hasLeft, Operations } from './operations.js';
import { readRecords, writeRecords } from './records.js';
import { decodeList, wholeNumber } from './values.js';

/** How a counter is made. */
export interface DistributedCounterOptions {
  /** Where a new group begins to count. Default: 0. */
  readonly initial?: bigint;
  /** Uniform agreement: counted nowhere before a majority of the view has it. Default: true. */
  readonly safe?: boolean;
}

const add = 0;
const compareAndSet = 1;

interface Outcome {
  readonly value: bigint;
  readonly wasSet: boolean;
}

/** All operations are totally ordered. After a merge all members have the value of the leading side. */
export class DistributedCounter implements GroupPart {
  /** Which counter of its group it is. */
  readonly name: string;
  private readonly safe: boolean;
  private readonly operations = new Operations<Outcome>();
  private count: bigint;
  private block: BlockPort | undefined;

  /**
   * Makes it; it takes part once it is handed to `join`.
   *
   * @param name the same at all members, and of no other block of the group
   */
  constructor(name: string, { initial = 0n, safe = true }: DistributedCounterOptions = {}) {
    this.name = name;
    this.count = initial;
    this.safe = safe;
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    this.block = openBlock(port, 'counter', this.name, (from, body) => this.take(from, body));
    port.subscribe(event => {
      if (event.type === 'view') this.operations.retain(event.view);
      else if (event.type === 'end') this.operations.fail(hasLeft(this.title));
    });
    port.addState({
      name: blockName('counter', this.name),
      save: () => writeRecords([this.record()]),
      load: async pieces => {
        for await (const record of readRecords(pieces)) {
          const [count, operations] = decodeList(record, 2);
          this.count = integer(count);
          this.operations.load(port.self.id, operations, outcomeOf);
        }
      },
    });
  }

  /** As far as this member knows: what others have counted may be on its way. */
  get value(): bigint {
    return this.count;
  }

  /** The value after all that was counted before, at whatever member. */
  get(): Promise<bigint> {
    return this.add(0n);
  }

  /** @returns the value after this */
  async add(by = 1n): Promise<bigint> {
    return (await this.send([add, `${by}`])).value;
  }

  /** Sets the value where it is the expected one. @returns whether it was */
  async compareAndSet(expected: bigint, value: bigint): Promise<boolean> {
    return (await this.send([compareAndSet, `${expected}`, `${value}`])).wasSet;
  }

  private get title(): string {
    return `the counter '${this.name}'`;
  }

  private send(operation: readonly unknown[]): Promise<Outcome> {
    return this.operations.begin(this.block?.port, this.title, number =>
      this.block!.multicast(encodeDynamic([number, ...operation]), { order: Order.total, safe: this.safe }),
    );
  }

  private take(from: MemberId, body: Uint8Array): void {
    const [number, operation, first, second] = decodeList(body, 3);
    const count = wholeNumber(number);
    let wasSet = true;
    if (operation === add) this.count += integer(first);
    else if (operation === compareAndSet) {
      const [expected, value] = [integer(first), integer(second)];
      wasSet = this.count === expected;
      if (wasSet) this.count = value;
    } else throw new MalformedBytes('no operation of a counter');
    const outcome = { value: this.count, wasSet };
    this.operations.done(from === this.block!.port.self.id, from, count, outcome);
  }

  private record(): Uint8Array {
    const operations = this.operations.save(({ value, wasSet }) => [`${value}`, wasSet]);
    return encodeDynamic([`${this.count}`, operations]);
  }
}

function integer(text: unknown): bigint {
  if (typeof text !== 'string' || !/^-?\d{1,1000}$/.test(text)) throw new MalformedBytes('no integer');
  return BigInt(text);
}

function outcomeOf(result: unknown): Outcome {
  if (!Array.isArray(result)) throw new MalformedBytes('no outcome');
  return { value: integer(result[0]), wasSet: result[1] === true };
}
