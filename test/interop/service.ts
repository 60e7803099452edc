/** The service of the interoperability tests, and a client of it over each transport. */
import {
  type CallContext,
  CallError,
  type CallErrorCode,
  type Channel,
  type ConnectOptions,
  connect,
  implement,
  type Server,
  serve,
} from '@convoke/runtime';
import {
  type EchoStatus,
  type Request,
  type Response,
  TestService,
  type TestServiceClient,
} from '../../generated/testing/interop/index.js';

/** Names of metadata that the service sends back. */
export const echoed = ['x-echo-initial', 'x-echo-trailing'] as const;

/** What the service noticed. */
export interface Noticed {
  aborted: number;
  ended: number;
}

function echo(ctx: CallContext): void {
  const found = Object.entries(ctx.metadata).filter(([name]) => (echoed as readonly string[]).includes(name));
  if (found.length > 0) ctx.replyMetadata = Object.fromEntries(found);
}

function failAsAsked(status: EchoStatus | undefined): void {
  if (status !== undefined)
    throw new CallError(status.code as CallErrorCode, status.message, { outcome: 'executed' });
}

function respond({ responseSize, status }: Request, ctx: CallContext): Response {
  echo(ctx);
  failAsAsked(status);
  const { user } = ctx.metadata;
  return { body: new Uint8Array(responseSize), ...(user === undefined ? {} : { username: String(user) }) };
}

export async function startServer(noticed: Noticed = { aborted: 0, ended: 0 }): Promise<Server> {
  return serve({
    listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
    services: [
      implement(TestService, {
        emptyCall() {},
        unaryCall: respond,
        cacheableUnaryCall: respond,
        async streamingInputCall(requests, ctx) {
          ctx.signal.addEventListener('abort', () => noticed.aborted++);
          let size = 0;
          for await (const { body } of requests) size += body?.length ?? 0;
          return size;
        },
        *streamingOutputCall(sizes) {
          for (const size of sizes) yield { body: new Uint8Array(size) };
        },
        async *fullDuplexCall(requests, ctx) {
          ctx.signal.addEventListener('abort', () => noticed.aborted++);
          try {
            for await (const request of requests) yield respond(request, ctx);
          } finally {
            noticed.ended++;
          }
        },
      }),
    ],
    onError: () => {},
  });
}

export interface Peer {
  readonly channel: Channel;
  readonly client: TestServiceClient;
}

export async function connectTo(
  server: Server,
  scheme: 'udp' | 'tcp',
  options: ConnectOptions = {},
): Promise<Peer> {
  const address = server.addresses.find(each => each.startsWith(scheme))!;
  const channel = await connect(address, options);
  return { channel, client: channel.client(TestService) };
}
