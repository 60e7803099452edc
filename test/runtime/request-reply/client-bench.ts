/** A client's half of the protocol with a test in place of the network and of the server. */
import { CallerEndpoint } from '../../../runtime/src/request-reply/caller.js';
import type { CallerOptions } from '../../../runtime/src/request-reply/caller-parts.js';
import { FrameType } from '../../../runtime/src/request-reply/frames.js';
import { channelFrame, sendWelcome } from '../../../runtime/src/request-reply/handshake-frames.js';
import { streamWindow } from '../../../runtime/src/request-reply/limits.js';
import { createPendingCall } from '../../../runtime/src/request-reply/pending-call.js';
import { writeRequest } from '../../../runtime/src/request-reply/request-frame.js';
import type { AnyProcedure } from '../../../runtime/src/schema/description.js';
import { dial } from '../../../runtime/src/transport/open.js';
import { createManualPlatform, frameOf, procedure } from './support.js';

/** Where the test answers from. */
export const server = { host: '192.0.2.7', port: 7000 };

export interface ClientBench extends ReturnType<typeof createManualPlatform> {
  readonly caller: CallerEndpoint;
  /** Begins a call; how it ends stands in `answers`. */
  readonly call: (deadline?: number, called?: AnyProcedure) => void;
  readonly answers: unknown[];
  readonly nonce: Buffer;
  /** The frame that says that what follows is for this client. */
  readonly mine: Buffer;
  readonly welcome: Buffer;
}

/** A client that has shaken hands with the test, and waits for the reply to a call. */
export async function connect(options: Partial<CallerOptions> = {}): Promise<ClientBench> {
  const manual = createManualPlatform('client');
  const clientId = Buffer.alloc(16, 5);
  const caller = new CallerEndpoint({
    platform: manual.platform,
    dial,
    address: { scheme: 'udp', ...server },
    clientId,
    messageBytes: 10_000,
    datagramBytes: 1200,
    streamWindow: streamWindow({}),
    ...options,
  });
  const answers: unknown[] = [];
  const call = (deadline = 60_000, called = procedure()): void => {
    const number = caller.takeNumber();
    caller.submit(
      createPendingCall({
        number,
        procedure: called,
        frame: writeRequest(called, number, [Buffer.from('hello')], undefined),
        deadlineAt: manual.clock.now() + deadline,
        resolve: value => answers.push(value),
        reject: error => answers.push(error),
      }),
    );
  };
  call();
  // The socket is opened in a promise.
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  manual.clock.advance(0);
  const hello = manual.frames().find(({ name }) => name === 'hello');
  if (hello === undefined) throw new Error('the client sent no hello');
  const reader = hello.body();
  reader.rawBytes(1 + 16);
  const nonce = Buffer.from(reader.rawBytes(8));
  const mine = channelFrame(clientId);
  const welcome = frameOf(link =>
    sendWelcome(link, {
      nonce,
      epoch: Buffer.alloc(8, 1),
      token: Buffer.alloc(8, 2),
      lease: 60_000,
      tcpPort: 0,
      messageBytes: 10_000,
    }),
  );
  manual.deliver(server, mine, welcome);
  return { ...manual, caller, call, answers, nonce, mine, welcome };
}

/** A reply's frame with the result `x`. */
export function reply(number: number): Buffer {
  const frame = Buffer.alloc(4 + 1 + 13 + 1 + 3);
  frame.writeUInt32BE(frame.length - 4, 0);
  frame[4] = FrameType.reply;
  frame[5] = 1;
  frame.writeBigUInt64BE(BigInt(number), 6);
  frame.set([0, 0xc4, 1, 0x78], 18);
  return frame;
}
