import { expect, it } from 'vitest';
import { Bank, CarelessBank } from '../../../generated/bank/index.js';
import type { ModuleSchema } from '../../../runtime/src/schema/description.js';
import type { Implementation } from '../../../runtime/src/schema/implement.js';
import {
  CallShape,
  health,
  NoSuchInterface,
  Reflection,
  type ReflectionClient,
  reflection,
  Semantics,
} from '../../../runtime/src/services/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const bank = { interface: Bank.name, description: Bank, dispatcher: { interface: Bank.name, entries: [] } };

async function reflect(
  services: readonly Implementation[],
  use: (client: ReflectionClient) => Promise<void>,
): Promise<void> {
  const world = simulate();
  await world.run(async () => {
    await world.host('server').serve({ listen: 'udp://server:7000', services: [...services, reflection()] });
    const channel = await world.host('client').connect('udp://server:7000');
    await use(channel.client(Reflection));
  });
}

it('a server tells the interfaces that it offers', () =>
  reflect([bank, health()], async client => {
    const interfaces = await client.interfaces();
    const names = ['bank.v1.Bank', 'convoke.health.v1.Health', 'convoke.reflection.v1.Reflection'];
    expect(interfaces.map(({ name }) => name)).toEqual(names);
  }));

it('a server tells what procedures promise', () =>
  reflect([bank, health()], async client => {
    const [first, second] = await client.interfaces();
    expect(first!.procedures.find(({ name }) => name === 'balance')).toEqual({
      name: 'balance',
      id: 2,
      declaredBy: 'bank.v1.Bank',
      shape: CallShape.unary,
      semantics: Semantics.atLeastOnce,
      idempotent: true,
      deadline: 500,
      errors: ['bank.v1.NoSuchAccount'],
    });
    expect(first!.procedures.find(({ name }) => name === 'audit')).toMatchObject({
      semantics: Semantics.maybe,
    });
    expect(second!.procedures.find(({ name }) => name === 'watch')).toMatchObject({
      shape: CallShape.serverStream,
      semantics: Semantics.atMostOnce,
    });
  }));

it('a server tells the schema of an interface', () =>
  reflect([bank], async client => {
    const [file, ...others] = await client.schema('bank.v1.Bank');
    expect(others).toEqual([]);
    expect(file).toMatchObject({ path: 'bank.idl' });
    expect(file!.text).toContain('module bank.v1;');
    expect(file!.text).toContain('struct Money {');
  }));

it('a server does not tell of what it does not offer', () =>
  reflect([bank], async client => {
    const error = await client.schema(CarelessBank.name).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NoSuchInterface);
    expect(error).toMatchObject({ data: { name: 'bank.v1.CarelessBank' } });
  }));

it('a schema comes with all that it imports, each once, though they import each other', () => {
  const schemas: Record<string, ModuleSchema> = {};
  const schema = (path: string, ...imports: string[]) => {
    schemas[path] = { path, text: `text of ${path}`, imports: () => imports.map(other => schemas[other]!) };
    return schemas[path];
  };
  schema('money.idl', 'rates.idl');
  schema('rates.idl', 'money.idl', 'deep/deep.idl');
  schema('deep/deep.idl');
  const description = {
    ...Bank,
    bases: ['bank.v1.Named'],
    schema: schema('bank.idl', 'money.idl', 'deep/deep.idl'),
  };
  return reflect([{ ...bank, description }], async client => {
    const files = await client.schema('bank.v1.Bank');
    expect(files.map(({ path }) => path)).toEqual(['bank.idl', 'money.idl', 'deep/deep.idl', 'rates.idl']);
    expect(files[3]).toEqual({ path: 'rates.idl', text: 'text of rates.idl' });
    expect((await client.interfaces())[0]).toMatchObject({ bases: ['bank.v1.Named'] });
  });
});
