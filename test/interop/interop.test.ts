/**
 * The cases of gRPC's interoperability tests, as grpc-js runs them without a cloud, each with its name there. Compression
 * does not exist here: the four cases of it carry their payloads as they are.
 */
import { CallError, type Metadata, type Server } from '@convoke/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Request, type Response, UnimplementedService } from '../../generated/testing/interop/index.js';
import { connectTo, type Noticed, type Peer, startServer } from './service.js';

const requestSizes = [27_182, 8, 1828, 45_904];
const responseSizes = [31_415, 9, 2653, 58_979];

const request = (size: number, responseSize = 0): Request => ({ responseSize, body: new Uint8Array(size) });
const requests = (): Request[] => requestSizes.map((size, index) => request(size, responseSizes[index]));

async function sizesOf(responses: AsyncIterable<Response>): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { body } of responses) sizes.push(body.length);
  return sizes;
}

/** Waits for what happens at the other end. */
async function eventually(isThere: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !isThere(); tries++)
    await new Promise(resolve => setTimeout(resolve, 5));
  expect(isThere()).toBe(true);
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    error => error,
  );

describe.each(['udp', 'tcp'] as const)('over %s', scheme => {
  const noticed: Noticed = { aborted: 0, ended: 0 };
  let server: Server;
  let peer: Peer;

  beforeAll(async () => {
    server = await startServer(noticed);
    peer = await connectTo(server, scheme);
  });
  afterAll(async () => {
    await peer.channel.close();
    await server.close();
  });

  test('empty_unary', async () => {
    expect(await peer.client.emptyCall()).toBeUndefined();
  });

  test('large_unary', async () => {
    const { body } = await peer.client.unaryCall(request(271_828, 314_159));
    expect(body).toHaveLength(314_159);
  });

  test('client_streaming', async () => {
    expect(await peer.client.streamingInputCall(requests())).toBe(74_922);
  });

  test('server_streaming', async () => {
    expect(await sizesOf(peer.client.streamingOutputCall(responseSizes))).toEqual(responseSizes);
  });

  test('ping_pong', async () => {
    let answer: () => void = () => {};
    async function* source() {
      for (const each of requests()) {
        const answered = new Promise<void>(resolve => {
          answer = resolve;
        });
        yield each;
        // The next ping waits for the pong.
        await answered;
      }
    }
    const sizes: number[] = [];
    for await (const { body } of peer.client.fullDuplexCall(source())) {
      sizes.push(body.length);
      answer();
    }
    expect(sizes).toEqual(responseSizes);
  });

  test('empty_stream', async () => {
    expect(await sizesOf(peer.client.fullDuplexCall([]))).toEqual([]);
  });

  test('cancel_after_begin', async () => {
    const { aborted } = noticed;
    const controller = new AbortController();
    async function* endless() {
      yield request(1);
      await new Promise(() => {});
    }
    const call = failure(peer.client.streamingInputCall(endless(), { signal: controller.signal }));
    await peer.client.emptyCall();
    controller.abort();
    expect(await call).toMatchObject({ code: 'cancelled' });
    await eventually(() => noticed.aborted > aborted);
  });

  test('cancel_after_first_response', async () => {
    const { ended } = noticed;
    const controller = new AbortController();
    async function* endless() {
      yield request(27_182, 31_415);
      await new Promise(() => {});
    }
    const received: number[] = [];
    const run = async () => {
      for await (const { body } of peer.client.fullDuplexCall(endless(), { signal: controller.signal })) {
        received.push(body.length);
        controller.abort();
      }
    };
    expect(await failure(run())).toMatchObject({ code: 'cancelled' });
    expect(received).toEqual([31_415]);
    await eventually(() => noticed.ended > ended);
  });

  test('timeout_on_sleeping_server', async () => {
    async function* sleepy() {
      yield request(27_182);
      await new Promise(() => {});
    }
    const call = sizesOf(peer.client.fullDuplexCall(sleepy(), { deadline: 30 }));
    expect(await failure(call)).toMatchObject({ code: 'deadline-exceeded' });
  });

  test('custom_metadata', async () => {
    const metadata = {
      'x-echo-initial': 'test_initial_metadata_value',
      'x-echo-trailing': Buffer.from([0xab]),
    };
    const replies: Metadata[] = [];
    const onReply = (reply: Metadata) => void replies.push(reply);
    await peer.client.unaryCall(request(271_828, 314_159), { metadata, onReply });
    await sizesOf(peer.client.fullDuplexCall([request(271_828, 314_159)], { metadata, onReply }));
    expect(replies).toEqual([metadata, metadata]);
  });

  test('status_code_and_message', async () => {
    const status = { code: 'unknown', message: 'test status message' };
    const failing = { ...request(0), status };
    const unary = await failure(peer.client.unaryCall(failing));
    const duplex = await failure(sizesOf(peer.client.fullDuplexCall([failing])));
    for (const error of [unary, duplex]) {
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({ ...status, outcome: 'executed' });
    }
  });

  test('special_status_message', async () => {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
    const error = await failure(
      peer.client.unaryCall({ ...request(0), status: { code: 'unknown', message } }),
    );
    expect(error).toMatchObject({ code: 'unknown', message });
  });

  test('unimplemented_service', async () => {
    const call = peer.channel.client(UnimplementedService).unimplementedCall();
    expect(await failure(call)).toMatchObject({ code: 'unimplemented', outcome: 'not-executed' });
  });

  test('unimplemented_method', async () => {
    const { procedures } = UnimplementedService;
    // A newer client of a service that the server does offer: the key is of no procedure that it has.
    const newer = {
      ...procedures[0]!,
      interface: 'convoke.testing.interop.TestService',
      key: [1, 2] as const,
    };
    const raw = peer.channel.client({ ...UnimplementedService, createClient: caller => caller });
    for (const shape of ['unary', 'server-stream'] as const) {
      const call =
        shape === 'unary'
          ? raw.unary({ ...newer, shape }, [], undefined)
          : sizesOf(raw.serverStream({ ...newer, shape }, [], undefined) as AsyncIterable<Response>);
      expect(await failure(call)).toMatchObject({ code: 'unimplemented', outcome: 'not-executed' });
    }
  });

  test('client_compressed_unary and server_compressed_unary: both ways as they are', async () => {
    for (const size of [271_828, 314_159]) {
      const { body } = await peer.client.cacheableUnaryCall(request(size, size));
      expect(body).toHaveLength(size);
    }
  });

  test('client_compressed_streaming', async () => {
    expect(await peer.client.streamingInputCall([request(27_182), request(45_904)])).toBe(73_086);
  });

  test('server_compressed_streaming', async () => {
    expect(await sizesOf(peer.client.streamingOutputCall([31_415, 92_653]))).toEqual([31_415, 92_653]);
  });

  test('cacheable_unary: answered by an interceptor the second time', async () => {
    let calls = 0;
    let kept: unknown;
    const cached = await connectTo(server, scheme, {
      interceptors: [
        async (call, next) => {
          if (kept !== undefined) return { kind: 'result', value: kept };
          calls++;
          const reply = await next(call);
          if (reply.kind === 'result') kept = reply.value;
          return reply;
        },
      ],
    });
    const first = await cached.client.cacheableUnaryCall(request(0, 10));
    expect(await cached.client.cacheableUnaryCall(request(0, 10))).toBe(first);
    expect(calls).toBe(1);
    await cached.channel.close();
  });

  test('per_rpc_creds: a caller is known by the metadata of one call, or by an interceptor of all', async () => {
    const { username } = await peer.client.unaryCall(request(0), { metadata: { user: 'alice' } });
    expect(username).toBe('alice');
    const signed = await connectTo(server, scheme, {
      interceptors: [
        (call, next) =>
          next({
            ...call,
            options: { ...call.options, metadata: { ...call.options.metadata, user: 'bob' } },
          }),
      ],
    });
    expect((await signed.client.unaryCall(request(0))).username).toBe('bob');
    for await (const { username: name } of signed.client.fullDuplexCall([request(0)]))
      expect(name).toBe('bob');
    await signed.channel.close();
  });
});
