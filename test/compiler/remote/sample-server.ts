/** A server of a schema for which no code is generated, within this process. */
import { type CallContext, implement, type Server, serve } from '@convoke/runtime';
import { reflection } from '@convoke/runtime/services';
import {
  DynamicError,
  type DynamicService,
  describeInterface,
} from '../../../compiler/src/dynamic/description.js';
import { find, modelOf } from '../dynamic/models.js';

const money = `module sample.money;
/// An amount.
struct Money { @1 units: i64; @2 currency: Currency; }
enum Currency { @1 eur; @2 usd; }
struct Unused { @1 x: u8; }`;

const till = `module sample.till.v1;
import { Currency, Money } from "./money.idl";

/// There is no such till.
error NoSuchTill { @1 name: string; @2 known: list<string>; }
union Change { @1 paid: Money; @2 closed: timestamp; }

interface Named { @1 name(): string at-least-once idempotent deadline 5s; }

/// Where people pay.
interface Till extends Named {
  default at-most-once deadline 5s;
  /// Pays in.
  @1 pay(@1 amount: Money, @2 times: u8 where range(1..9) = 2, @3 note?: string): Money throws NoSuchTill;
  @2 changes(@1 count: u32): stream Change throws NoSuchTill;
  @3 total(@1 amounts: stream Money): Money;
  @4 echo(@1 prefix: string, @2 lines: stream string where length(..5)): stream string;
  @5 note(@1 line: string): void maybe;
  @6 broken(): void;
  @7 context(): map<string, string>;
}
interface Other { @1 other(): void; }`;

const model = modelOf({ 'money.idl': money, 'till.idl': till });
const declaration = find(model, 'interface', 'Till');
const noSuchTill = find(model, 'error', 'NoSuchTill');
const schemas = {
  money: { path: 'money.idl', text: money, imports: () => [] },
  till: { path: 'till.idl', text: till, imports: () => [schemas.money] },
};

interface Money {
  readonly units: bigint;
  readonly currency: number;
}

const notes: string[] = [];

const service = {
  name: () => 'till',
  pay(amount: Money, times: number, note: string | undefined) {
    if (note === 'lost') throw new DynamicError(noSuchTill, { name: note, known: ['a'] });
    return { ...amount, units: amount.units * BigInt(times) };
  },
  async *changes(count: number) {
    for (let i = 1; i <= count; i++) yield { kind: 'paid', value: { units: BigInt(i), currency: 1 } };
    yield { kind: 'closed', value: new Date(0) };
    if (count === 0) throw new DynamicError(noSuchTill, { name: 'zero', known: [] });
  },
  async total(amounts: AsyncIterable<Money>) {
    let units = 0n;
    for await (const amount of amounts) units += amount.units;
    return { units, currency: 1 };
  },
  async *echo(prefix: string, lines: AsyncIterable<string>) {
    for await (const line of lines) yield `${prefix}${line}`;
  },
  note: (line: string) => void notes.push(line),
  broken() {
    throw new Error('nobody is told of this');
  },
  context: ({ metadata, deadline, clock }: CallContext) =>
    new Map([
      ...Object.entries(metadata).map(([name, value]) => [name, String(value)] as const),
      ['hasDeadline', String(deadline - clock.now() > 60_000)] as const,
    ]),
};

/**
 * Offers the till, and reflection unless told otherwise.
 *
 * @param text what the server says its schema is
 */
export function serveTill(listen: string, withReflection = true, text = till): Promise<Server> {
  const description = describeInterface(declaration, { ...schemas.till, text });
  const implementation = implement(description, service as unknown as DynamicService);
  const services = withReflection ? [implementation, reflection()] : [implementation];
  return serve({ listen, services, onError: () => {} });
}
