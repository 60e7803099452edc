import { describe, expect, it } from 'vitest';
import { Ledger as Group } from '../../../generated/ledger/index.js';
import { Ending, Ledger, type LedgerService } from '../../../generated/testing/ledger/index.js';
import { implement } from '../../../runtime/src/index.js';
import { simulate } from '../../../runtime/src/testing/index.js';

const receipt = () => ({ key: 'a', execution: 1, padding: new Uint8Array() });
const service: LedgerService = { once: receipt, atLeastOnce: receipt, perhaps: receipt, note() {} };
const services = [implement(Ledger, service)];
const job = { key: 'a', work: 0, padding: 0, ending: Ending.receipt };

describe('a server', () => {
  it('refuses a group, and says where groups are made', async () => {
    const get = (): never => {
      throw new Error('is never called');
    };
    const accounts = { open: get, balance: get, deposit: get, withdraw: get, transfer: get, audit: get };
    const member = implement(Group, accounts);
    expect(member).toMatchObject({ interface: 'ledger.v1.Accounts', description: Group });
    const serving = simulate()
      .host('server')
      .serve({ listen: 'udp://server:0', services: [member] });
    await expect(serving).rejects.toThrow(
      "ledger.v1.Ledger is a group, whose members are made by `join` of '@convoke/runtime/group': " +
        'to serve it from here alone, implement ledger.v1.Accounts',
    );
  });

  it('refuses a service that lacks procedures of a group', () => {
    // @ts-expect-error all procedures but one are missing
    expect(() => implement(Group, { open() {} })).toThrow(
      "the service for ledger.v1.Accounts has no procedure 'balance'",
    );
  });

  it('says where it listens, with the ports that were free', () => {
    const world = simulate();
    return world.run(async () => {
      const host = world.host('server');
      const server = await host.serve({ listen: ['udp://server:0', 'tcp://server:7000'], services });
      expect(server.addresses[0]).toMatch(/^udp:\/\/[\d.]+:[1-9]\d*$/);
      expect(server.addresses[1]).toBe(`tcp://${host.address}:7000`);
      await server.close();
    });
  });

  it('is reached at each of its addresses', () => {
    const world = simulate();
    return world.run(async () => {
      const server = await world.host('server').serve({
        listen: ['udp://server:0', 'tcp://server:0', 'ws://server:0/calls', 'memory:serve-test'],
        services,
      });
      for (const address of server.addresses) {
        const channel = await world.host('client').connect(address);
        expect(await channel.client(Ledger).once(job)).toMatchObject({ key: 'a' });
        await channel.close();
      }
      await server.close();
    });
  });

  it('lets go of the ports that it took when one of them is taken by another', () => {
    const world = simulate();
    return world.run(async () => {
      const host = world.host('server');
      const other = await host.serve({ listen: 'tcp://server:7001', services });
      const both = { listen: ['udp://server:7000', 'tcp://server:7001'], services };
      await expect(host.serve(both)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await other.close();
      await (await host.serve(both)).close();
    });
  });

  it('may be closed twice, and by the end of its block', () => {
    const world = simulate();
    return world.run(async () => {
      const server = await world.host('server').serve({ listen: 'udp://server:7000', services });
      await server.close();
      await server[Symbol.asyncDispose]();
    });
  });

  it('names what is wrong with its options', async () => {
    const host = simulate().host('server');
    await expect(host.serve({ listen: 'http://server', services })).rejects.toThrow(
      "'http://server' is not an address",
    );
    await expect(
      host.serve({ listen: 'udp://server:0', services: [...services, ...services] }),
    ).rejects.toThrow('two services implement convoke.testing.Ledger');
    await expect(host.serve({ listen: 'udp://server:0', services, limits: { lease: -1 } })).rejects.toThrow(
      "the limit 'lease' must be above 0",
    );
  });
});

describe('a service', () => {
  it('has all procedures of its interface', () => {
    const { note: _, ...incomplete } = service;
    expect(() => implement(Ledger, incomplete as LedgerService)).toThrow(
      "the service for convoke.testing.Ledger has no procedure 'note'",
    );
  });

  it('is `this` in its procedures', () => {
    const world = simulate();
    class Counting implements LedgerService {
      count = 0;
      once() {
        this.count++;
        return receipt();
      }
      atLeastOnce = receipt;
      perhaps = receipt;
      note() {}
    }
    const counting = new Counting();
    return world.run(async () => {
      await world
        .host('server')
        .serve({ listen: 'udp://server:7000', services: [implement(Ledger, counting)] });
      const channel = await world.host('client').connect('udp://server:7000');
      await channel.client(Ledger).once(job);
      expect(counting.count).toBe(1);
    });
  });
});
