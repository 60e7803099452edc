import { connect as connectByNode } from 'node:tls';
import { nodePlatform } from '@convoke/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { alternativeNamesOf } from '../../../runtime/src/platform/node-tls.js';
import type { StreamListener, StreamSocket } from '../../../runtime/src/platform/platform.js';
import type { TlsListening } from '../../../runtime/src/platform/tls.js';
import { alice, authority, server } from '../../certificates/index.js';

const { streams } = nodePlatform;
const localhost = '127.0.0.1';
const dialling = { ca: authority, serverName: localhost, protocol: 'test/1' };

let listener: StreamListener | undefined;
afterEach(() => listener?.close());

/** Listens, and gives the next connection that is accepted. */
async function listen(tls: Partial<TlsListening> = {}) {
  let accepted: (socket: StreamSocket) => void = () => {};
  const next = new Promise<StreamSocket>(resolve => {
    accepted = resolve;
  });
  listener = await streams.listen({
    host: localhost,
    tls: { ...server, clientCertificates: 'none', protocols: ['other/1', 'test/1'], ...tls },
    onConnection: socket => accepted(socket),
  });
  return { address: listener.address, next };
}

describe('TLS on Node.js', () => {
  it('gives both ends the same bytes for a label and a context, and others for another', async () => {
    const { address, next } = await listen();
    const near = await streams.connect(address, { tls: dialling });
    const far = await next;
    const context = Buffer.from('context');
    const exported = (socket: StreamSocket, label: string, about: Uint8Array) =>
      Buffer.from(socket.tls!.exportKey(label, about, 32)).toString('hex');
    const key = exported(near, 'EXPORTER-test', context);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(exported(far, 'EXPORTER-test', context)).toBe(key);
    expect(exported(near, 'EXPORTER-other', context)).not.toBe(key);
    expect(exported(near, 'EXPORTER-test', Buffer.from('another'))).not.toBe(key);
    near.destroy();
    far.destroy();
  });

  it('carries bytes either way, and tells what is spoken and who is there', async () => {
    const { address, next } = await listen({ ca: authority, clientCertificates: 'required' });
    const near = await streams.connect(address, { tls: { ...dialling, ...alice } });
    const far = await next;
    const answer = new Promise<string>(resolve => {
      near.onData = chunk => resolve(chunk.toString());
    });
    far.onData = chunk => far.write(Buffer.from(`${chunk} to you`));
    near.write(Buffer.from('hello'));
    expect(await answer).toBe('hello to you');
    expect(near.tls).toMatchObject({ protocol: 'test/1', certificate: { commonName: 'Test server' } });
    expect(far.tls).toMatchObject({ protocol: 'test/1', certificate: { commonName: 'Alice' } });
    expect(far.remote).toEqual(near.local);
    const gone = new Promise<unknown>(resolve => {
      far.onClose = resolve;
    });
    near.end();
    expect(await gone).toBe(null);
  });

  it('speaks nothing older than TLS 1.3', async () => {
    const { address } = await listen();
    const refusal = new Promise<Error>((resolve, reject) => {
      const socket = connectByNode(
        { ...address, ca: authority, maxVersion: 'TLSv1.2', ALPNProtocols: ['test/1'] },
        () => reject(new Error('a handshake of TLS 1.2 came to its end')),
      );
      socket.once('error', resolve);
    });
    expect(((await refusal) as NodeJS.ErrnoException).code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('hands over no client that does not say what it speaks', async () => {
    const { address, next } = await listen();
    const closed = new Promise<void>(resolve => {
      connectByNode({ ...address, ca: authority })
        .once('close', () => resolve())
        .resume();
    });
    await closed;
    const near = await streams.connect(address, { tls: dialling });
    expect((await next).remote).toEqual(near.local);
    near.destroy();
  });

  it('gives up a server that does not speak TLS', async () => {
    listener = await streams.listen({
      host: localhost,
      onConnection: socket => {
        socket.onData = () => socket.write(Buffer.from('this is no TLS at all'));
      },
    });
    await expect(streams.connect(listener.address, { tls: dialling })).rejects.toThrow(
      'the server does not speak TLS',
    );
  });
});

describe('the alternative names of a certificate', () => {
  it.each([
    ['', []],
    [
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
      ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'],
    ],
    ['URI:spiffe://example.org/bank, DNS:a.example', ['URI:spiffe://example.org/bank', 'DNS:a.example']],
    // A name that would pass for two stands in quotation marks (CVE-2021-44532).
    ['DNS:"evil.example, DNS:good.example", DNS:b', ['DNS:evil.example, DNS:good.example', 'DNS:b']],
    [String.raw`URI:"a\", DNS:good.example\\"`, [String.raw`URI:a", DNS:good.example\ `.trim()]],
  ])('in %s are told apart', (text, names) => {
    expect(alternativeNamesOf(text)).toEqual(names);
  });
});
