import { describe, expect, it } from 'vitest';
import { parseTarget, resolveTarget } from '../../../../runtime/src/client/balancing/target.js';
import type { NameService } from '../../../../runtime/src/index.js';

describe('a target', () => {
  it.each(['udp://127.0.0.1:7000', 'tcp://[::1]:7000', 'unix:shop.sock', 'memory:shop'])(
    '%s is an address',
    text => expect(parseTarget(text).kind).toBe('address'),
  );

  it('may be a name', () => {
    expect(parseTarget('tcp://bank.example:7000')).toEqual({
      kind: 'host',
      scheme: 'tcp',
      host: 'bank.example',
      port: 7000,
    });
  });

  it('may be the name of a service', () => {
    expect(parseTarget('srv+udp://_ledger._udp.example.com')).toEqual({
      kind: 'service',
      scheme: 'udp',
      name: '_ledger._udp.example.com',
    });
  });

  it.each(['srv+unix://a', 'srv+udp://a:1', 'srv+udp://', 'srv://a', ''])("is not '%s'", text =>
    expect(() => parseTarget(text)).toThrow(TypeError),
  );
});

const unknown = async () => {
  throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
};

describe('resolving', () => {
  const names: NameService = {
    lookup: async host => (host === 'two.example' ? ['192.0.2.1', '2001:db8::1'] : ['192.0.2.9']),
    services: async () => [
      { host: 'two.example', port: 1, priority: 5, weight: 10 },
      { host: 'one.example', port: 2, priority: 7, weight: 0 },
    ],
  };

  it('a name gives a server for each of its addresses, in their order', async () => {
    const found = await resolveTarget(parseTarget('tcp://two.example:7000'), names);
    expect(found.map(({ address }) => address)).toEqual([
      { scheme: 'tcp', host: '192.0.2.1', port: 7000 },
      { scheme: 'tcp', host: '2001:db8::1', port: 7000 },
    ]);
    expect(found.some(({ anyOrder }) => anyOrder)).toBe(false);
  });

  it('SRV records give their ports and priorities, and share their weights', async () => {
    const found = await resolveTarget(parseTarget('srv+udp://_a._udp.example'), names);
    expect(found.map(({ address, priority, weight }) => [address, priority, weight])).toEqual([
      [{ scheme: 'udp', host: '192.0.2.1', port: 1 }, 5, 5],
      [{ scheme: 'udp', host: '2001:db8::1', port: 1 }, 5, 5],
      [{ scheme: 'udp', host: '192.0.2.9', port: 2 }, 7, 0],
    ]);
  });

  it('a record of "." says that there is no such service', async () => {
    const none: NameService = {
      ...names,
      services: async () => [{ host: '.', port: 0, priority: 0, weight: 0 }],
    };
    await expect(resolveTarget(parseTarget('srv+udp://_a._udp.example'), none)).rejects.toThrow(
      /does not offer this service/,
    );
  });

  it('rejects with what the system says', async () => {
    const none: NameService = { lookup: unknown, services: unknown };
    for (const text of ['udp://a.example:1', 'srv+udp://a.example'])
      await expect(resolveTarget(parseTarget(text), none)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
