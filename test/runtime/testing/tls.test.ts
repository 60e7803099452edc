import { simulate, simulatedAuthority } from '@convoke/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { StreamSocket } from '../../../runtime/src/platform/platform.js';
import type { TlsDialling, TlsListening } from '../../../runtime/src/platform/tls.js';

const authority = simulatedAuthority('Authority');
const stranger = simulatedAuthority('Stranger');
const dialling: TlsDialling = { ca: authority.ca, serverName: 'server', protocol: 'test/1' };

/** Connects a client to a server, each with its options, and gives the two ends or why there are none. */
async function connect(client: Partial<TlsDialling> | undefined, server: Partial<TlsListening> | undefined) {
  const world = simulate({ seed: 1 });
  return world.run(async () => {
    let far: StreamSocket | undefined;
    const listener = await world.host('server').platform.streams.listen({
      port: 7000,
      ...(server && {
        tls: {
          ...authority.issue('server'),
          ca: authority.ca,
          clientCertificates: 'none',
          protocols: ['test/1'],
          ...server,
        },
      }),
      onConnection: socket => {
        far = socket;
      },
    });
    const address = { host: world.host('server').address, port: listener.address.port };
    const { streams } = world.host('client').platform;
    const near = await streams.connect(address, client && { tls: { ...dialling, ...client } });
    await world.sleep(100);
    return { near, far: far! };
  });
}

describe('simulated TLS', () => {
  it('shows each end the certificate of the other, and gives both the same secret', async () => {
    const { near, far } = await connect(authority.issue('alice', ['URI:urn:alice']), {
      clientCertificates: 'required',
    });
    expect(far.tls?.certificate).toMatchObject({
      commonName: 'alice',
      alternativeNames: ['URI:urn:alice'],
      issuer: 'CN=Authority',
    });
    expect(near.tls?.certificate).toMatchObject({ commonName: 'server' });
    const key = near.tls!.exportKey('label', Buffer.from('context'), 32);
    expect(far.tls!.exportKey('label', Buffer.from('context'), 32)).toEqual(key);
    expect(far.tls!.exportKey('label', Buffer.from('another'), 32)).not.toEqual(key);
  });

  it('shows no certificate that was not asked for', async () => {
    const { far } = await connect(authority.issue('alice'), {});
    expect(far.tls?.certificate).toBe(undefined);
  });

  it('leaves plain connections plain', async () => {
    const { near, far } = await connect(undefined, undefined);
    expect([near.tls, far.tls]).toEqual([undefined, undefined]);
  });

  it.each<[why: string, client: Partial<TlsDialling> | undefined, server: Partial<TlsListening> | undefined]>(
    [
      ['no authority that is trusted here signed the server', {}, stranger.issue('server')],
      ["the server's certificate is not for server", {}, authority.issue('other')],
      ["the server's certificate and key do not belong together", {}, { key: authority.issue('server').key }],
      ['the server does not speak other/1 over TLS', { protocol: 'other/1' }, {}],
      ['the server requires a certificate', {}, { clientCertificates: 'required' }],
      ["trusted here signed this client's", stranger.issue('alice'), { clientCertificates: 'optional' }],
      ['the server does not speak TLS', {}, undefined],
      ['the server speaks TLS only', undefined, {}],
    ],
  )('says: %s', async (why, client, server) => {
    await expect(connect(client, server)).rejects.toThrow(why);
  });
});
