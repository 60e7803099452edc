/** `tls:` and `udps:` over real sockets: who gets in, and as whom. */
import {
  type ClientTls,
  connect,
  implement,
  nodePlatform,
  type Principal,
  type ServeOptions,
  type ServerTls,
  serve,
} from '@convoke/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../../generated/testing/ledger/index.js';
import {
  alice,
  authority,
  bob,
  otherServer,
  renewedAlice,
  server as serverIdentity,
  stranger,
  strangerAuthority,
} from '../../certificates/index.js';
import { JudgedCalls } from '../../judge/judged-calls.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

const sleep = (milliseconds: number) =>
  new Promise<void>(resolve => void nodePlatform.clock.setTimer(milliseconds, resolve));

/** A server of the ledger, and who called it. */
async function stage(scheme: string, tls: Partial<ServerTls> = {}, options: Partial<ServeOptions> = {}) {
  const calls = new JudgedCalls();
  const callers: (Principal | undefined)[] = [];
  calls.oracle.onEffect = (_job, ctx) => {
    callers.push(ctx.peer.principal);
  };
  const server = await serve({
    listen: `${scheme}://127.0.0.1:0`,
    services: [implement(Ledger, calls.oracle.service(sleep))],
    tls: { ...serverIdentity, ca: authority, ...tls },
    ...options,
  });
  open.push(server);
  const client = async (clientTls: ClientTls = { ca: authority }, address = server.addresses[0]!) => {
    const channel = await connect(address, { tls: clientTls });
    open.push(channel);
    return channel.client(Ledger);
  };
  return { calls, callers, server, client };
}

describe.each(['tls', 'udps', 'wss'])('%s:', scheme => {
  it('shows a procedure who calls', async () => {
    const { calls, callers, client, server } = await stage(scheme);
    expect(server.addresses[0]).toMatch(new RegExp(`^${scheme}://127.0.0.1:\\d+$`));
    const asAlice = await client({ ca: authority, ...alice });
    await calls.succeed(asAlice, 'once');
    await calls.succeed(asAlice, 'atLeastOnce');
    await calls.call(asAlice, 'perhaps');
    await calls.succeed(await client({ ca: authority, ...bob }), 'once', { padding: 50_000 });
    expect(callers).toHaveLength(4);
    expect(callers[0]).toEqual({
      name: 'spiffe://example.org/alice',
      certificate: {
        commonName: 'Alice',
        alternativeNames: ['URI:spiffe://example.org/alice', 'DNS:alice.example.org'],
        issuer: 'O=Convoke tests\nCN=Test authority',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(callers[1]).toEqual(callers[0]);
    expect(callers[2]).toEqual(callers[0]);
    expect(callers[3]).toMatchObject({ name: 'bob' });
    calls.oracle.verify();
  });

  it('lets everybody in where certificates of clients are not asked for', async () => {
    const { calls, callers, client } = await stage(scheme, { clientCertificates: 'none' });
    await calls.succeed(await client(), 'once');
    await calls.succeed(await client({ ca: authority, ...alice }), 'once');
    expect(callers).toEqual([undefined, undefined]);
  });

  it('tells apart who shows a certificate and who does not, where it is optional', async () => {
    const { calls, callers, client } = await stage(scheme, { clientCertificates: 'optional' });
    await calls.succeed(await client(), 'once');
    await calls.succeed(await client({ ca: authority, ...bob }), 'once');
    expect(callers.map(caller => caller?.name)).toEqual([undefined, 'bob']);
    const error = await calls.fail(await client({ ca: authority, ...stranger }), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
  });

  it('gives a principal the name that the application chooses', async () => {
    const { calls, callers, client, server } = await stage(scheme, {
      principal: ({ commonName, fingerprint }) => {
        if (commonName === 'bob') throw new Error('bob is no customer any more');
        return `customer ${fingerprint.length}`;
      },
    });
    await calls.succeed(await client({ ca: authority, ...alice }), 'once');
    expect(callers[0]?.name).toBe('customer 64');
    const error = await calls.fail(await client({ ca: authority, ...bob }), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    expect(error.message).toContain("it may not take this client's certificate");
    expect(server.stats().unauthenticated).toBe(1);
  });

  it.each<[why: string, server: Partial<ServerTls>, client: ClientTls, message: string]>([
    [
      'whose authority the client does not trust',
      {},
      { ...alice, ca: strangerAuthority },
      'name one by tls.ca',
    ],
    ['whose authority is none that Node.js trusts', {}, alice, 'name one by tls.ca'],
    ['that is for another host', otherServer, { ca: authority, ...alice }, 'does not match'],
    ['that is not for the name that the client expects', {}, { ca: authority, serverName: 'bank' }, 'bank'],
  ])('refuses a server with a certificate %s', async (_why, serverTls, clientTls, message) => {
    const { calls, client } = await stage(scheme, serverTls);
    const error = await calls.fail(await client(clientTls), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed', attempts: 0 });
    expect(error.message).toContain(message);
  });

  it.each<[who: string, client: ClientTls, message: string]>([
    ['without a certificate', { ca: authority }, 'the server requires a certificate of its clients'],
    [
      'whose authority the server does not trust',
      { ca: authority, ...stranger },
      "it may not take this client's certificate",
    ],
  ])('refuses a client %s, which learns of it', async (_who, clientTls, message) => {
    const { calls, callers, client } = await stage(scheme);
    const error = await calls.fail(await client(clientTls), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed', attempts: 0 });
    expect(error.message).toContain(message);
    expect(callers).toEqual([]);
  });

  it('takes a server for the name that the client expects instead of the host', async () => {
    const { calls, client } = await stage(scheme, otherServer);
    await calls.succeed(
      await client({ ca: authority, ...alice, serverName: 'elsewhere.example.org' }),
      'once',
    );
  });

  it('needs a key and a certificate on the one side, and both or neither on the other', async () => {
    const listen = `${scheme}://127.0.0.1:0`;
    await expect(serve({ listen, services: [] })).rejects.toThrow(/needs the option 'tls'/);
    await expect(
      serve({ listen, services: [], tls: { ...serverIdentity, clientCertificates: 'required' } }),
    ).rejects.toThrow("tls.clientCertificates: 'required' needs tls.ca");
    await expect(serve({ listen, services: [], tls: { key: 'none', cert: 'none' } })).rejects.toThrow(
      /key and certificate for TLS cannot be used/,
    );
    const { key } = alice;
    await expect(connect(`${scheme}://127.0.0.1:1`, { tls: { key } })).rejects.toThrow(
      'tls.key and tls.cert belong together',
    );
  });

  it('does not talk to who speaks neither TLS nor this protocol over it', async () => {
    const { server } = await stage(scheme);
    const port = Number(/\d+$/.exec(server.addresses[0]!)![0]);
    const plain = await connect(`tcp://127.0.0.1:${port}`);
    open.push(plain);
    await expect(
      plain.client(Ledger).once({ key: 'plain', work: 0, padding: 0, ending: 1 }, { deadline: 500 }),
    ).rejects.toMatchObject({ outcome: 'not-executed' });
    const other = nodePlatform.streams.connect(
      { host: '127.0.0.1', port },
      { tls: { ca: authority, serverName: '127.0.0.1', protocol: 'h2', ...alice } },
    );
    await expect(other).rejects.toThrow('the server does not speak this protocol over TLS');
  });

  it('shows later clients the certificate that it was given meanwhile', async () => {
    const { calls, client, server } = await stage(scheme);
    const before = await client({ ca: authority, ...alice });
    await calls.succeed(before, 'once');
    expect(() => server.renewCertificate({ key: 'none', cert: 'none' })).toThrow(TypeError);
    server.renewCertificate(otherServer);
    await calls.succeed(before, 'once');
    const named = { ca: authority, ...alice, serverName: 'elsewhere.example.org' };
    await calls.succeed(await client(named), 'once');
    const error = await calls.fail(await client({ ca: authority, ...alice }), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
    // Clients are asked for their certificates as before.
    expect(await calls.fail(await client({ ...named, ...stranger }), 'once')).toMatchObject({
      outcome: 'not-executed',
    });
  });

  it('gives the same name to who shows a renewed certificate', async () => {
    const { calls, callers, client } = await stage(scheme);
    await calls.succeed(await client({ ca: authority, ...alice }), 'once');
    await calls.succeed(await client({ ca: authority, ...renewedAlice }), 'once');
    const [before, after] = callers;
    expect(after?.name).toBe(before?.name);
    expect(after?.certificate.fingerprint).not.toBe(before?.certificate.fingerprint);
  });
});

describe('udps:', () => {
  it('takes frames over TLS at the same port', async () => {
    const { calls, callers, client, server } = await stage('udps');
    const address = server.addresses[0]!.replace('udps', 'tls');
    await calls.succeed(await client({ ca: authority, ...alice }, address), 'once');
    expect(callers[0]?.name).toBe('spiffe://example.org/alice');
  });

  it('refuses further clients when it has as many keys as it may', async () => {
    const { calls, client } = await stage('udps', {}, { limits: { datagramKeys: 1 } });
    await calls.succeed(await client({ ca: authority, ...alice }), 'once');
    const error = await calls.fail(await client({ ca: authority, ...bob }), 'once');
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-executed' });
  });
});

describe('a server without secured addresses', () => {
  it('has no certificate to renew', async () => {
    const server = await serve({ listen: 'memory:plain', services: [] });
    open.push(server);
    expect(() => server.renewCertificate(serverIdentity)).toThrow(
      'the server listens at no address that TLS secures',
    );
  });
});
