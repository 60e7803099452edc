import { describe, expect, it } from 'vitest';
import { Bank, type BankService } from '../../../generated/bank/index.js';
import { implement } from '../../../runtime/src/index.js';
import type { CallContext } from '../../../runtime/src/schema/description.js';
import {
  Health,
  type HealthClient,
  type HealthImplementation,
  HealthStatus,
  health,
  NoSuchService,
} from '../../../runtime/src/services/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const { serving, notServing } = HealthStatus;
const unused = () => expect.unreachable();
const bank: BankService = {
  open: unused,
  balance: unused,
  deposit: unused,
  withdraw: unused,
  transfer: unused,
  audit: unused,
};

async function withHealth(use: (status: HealthImplementation, client: HealthClient) => Promise<void>) {
  const world = simulate();
  await world.run(async () => {
    const status = health();
    const services = [implement(Bank, bank), status];
    await world.host('server').serve({ listen: 'udp://server:7000', services });
    const channel = await world.host('client').connect('udp://server:7000');
    await use(status, channel.client(Health));
  });
}

describe('the health of a server', () => {
  it('is good from the start, for each of its services too', () =>
    withHealth(async (_, client) => {
      expect(await client.check()).toBe(serving);
      expect(await client.check('bank.v1.Bank')).toBe(serving);
      expect(await client.check('convoke.health.v1.Health')).toBe(serving);
    }));

  it('of one service is as it is set', () =>
    withHealth(async (status, client) => {
      status.set(notServing, 'bank.v1.Bank');
      expect(await client.check('bank.v1.Bank')).toBe(notServing);
      expect(await client.check()).toBe(serving);
      status.set(serving, 'bank.v1.Bank');
      expect(await client.check('bank.v1.Bank')).toBe(serving);
    }));

  it('as a whole is that of each service', () =>
    withHealth(async (status, client) => {
      status.set(notServing);
      expect(await client.check()).toBe(notServing);
      expect(await client.check('bank.v1.Bank')).toBe(notServing);
      status.set(serving);
      expect(await client.check('bank.v1.Bank')).toBe(serving);
    }));

  it('may have parts with names of its own, and knows no others', () =>
    withHealth(async (status, client) => {
      const error = await client.check('database').catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(NoSuchService);
      expect(error).toMatchObject({ data: { name: 'database' } });
      status.set(notServing, 'database');
      expect(await client.check('database')).toBe(notServing);
    }));
});

/** The server stub's stream, without a network. */
function watch(status: HealthImplementation, name?: string) {
  const controller = new AbortController();
  const { invoke } = status.dispatcher.entries.find(({ procedure }) => procedure.name === 'watch')!;
  const context = { signal: controller.signal } as CallContext;
  const stream = invoke([name], context) as AsyncGenerator<HealthStatus>;
  return { next: async () => (await stream.next()).value as HealthStatus | undefined, controller };
}

describe('who watches', () => {
  it('is told the status, and each change', async () => {
    const status = health();
    const { next } = watch(status);
    expect(await next()).toBe(serving);
    const changed = next();
    status.set(notServing);
    expect(await changed).toBe(notServing);
  });

  it('is told the latest status, when it has changed several times', async () => {
    const status = health();
    const { next } = watch(status);
    expect(await next()).toBe(serving);
    status.set(notServing);
    status.set(serving);
    const changed = next();
    status.set(notServing);
    expect(await changed).toBe(notServing);
  });

  it('is told nothing when another service changes', async () => {
    const status = health();
    status.set(serving, 'one');
    status.set(serving, 'two');
    const { next } = watch(status, 'one');
    expect(await next()).toBe(serving);
    const changed = next();
    status.set(notServing, 'two');
    status.set(notServing, 'one');
    expect(await changed).toBe(notServing);
  });

  it('is told that the server drains, as the last', async () => {
    const status = health();
    const [whole, early] = [watch(status), watch(status)];
    expect(await whole.next()).toBe(serving);
    const last = whole.next();
    status.drain?.();
    expect(await last).toBe(notServing);
    expect(await whole.next()).toBeUndefined();
    expect(await early.next()).toBe(notServing);
    status.set(serving);
    expect(await early.next()).toBeUndefined();
  });

  it('ends it by leaving', async () => {
    const { next, controller } = watch(health());
    expect(await next()).toBe(serving);
    const last = next();
    controller.abort();
    expect(await last).toBeUndefined();
  });

  it('learns that there is no such service', async () => {
    await expect(watch(health(), 'nothing').next()).rejects.toThrow(NoSuchService);
  });
});

it('who watches over a bad network is told each status until the server drains', async () => {
  const world = simulate({ seed: 3, loss: 0.3, duplicate: 0.2, reorder: 0.2, latency: [1, 20] });
  await world.run(async () => {
    const status = health();
    const server = await world.host('server').serve({ listen: 'udp://server:7000', services: [status] });
    const channel = await world.host('client').connect('udp://server:7000');
    const told: HealthStatus[] = [];
    for await (const each of channel.client(Health).watch()) {
      told.push(each);
      if (told.length === 1) status.set(notServing);
      else if (told.length === 2) status.set(serving);
      else if (told.length === 3) void server.drain();
    }
    expect(told).toEqual([serving, notServing, serving, notServing]);
  });
});
