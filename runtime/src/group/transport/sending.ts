/** One socket's datagrams, and those that wait because the system does not take them fast enough. */
import type { DatagramSocket, SocketAddress } from '../../platform/platform.js';
import type { LayerContext } from '../layer.js';

/** Bytes that the system may have to take before packets wait here. */
const fullAt = 1024 * 1024;

/** Bytes that wait here before packets are dropped, which the reliable layers send again. */
const mostWaiting = 4 * 1024 * 1024;

interface Waiting {
  readonly packet: Buffer;
  readonly to: SocketAddress;
  readonly sent: Sent;
}

/** Called when the bytes of a packet may be written again, with an error where the system did not take it. */
export type Sent = (error?: Error | null) => void;

/** Sends one packet. */
export type Send = (packet: Buffer, to: SocketAddress, sent: Sent) => void;

export function createSending(socket: DatagramSocket, context: Pick<LayerContext, 'count'>): Send {
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let full = false;

  const drain = (): void => {
    full = false;
    const first = waiting;
    waiting = [];
    waitingBytes = 0;
    for (const { packet, to, sent } of first) send(packet, to, sent);
  };

  const send: Send = (packet, to, sent) => {
    if (full) {
      if (waitingBytes + packet.length > mostWaiting) {
        context.count('overflow');
        sent();
        return;
      }
      waiting.push({ packet, to, sent });
      waitingBytes += packet.length;
    } else if (socket.unsent < fullAt) {
      socket.send(packet, to, sent);
    } else {
      full = true;
      // Datagrams leave in the order of sending: when this one has, so have those before it.
      socket.send(packet, to, error => {
        sent(error);
        drain();
      });
    }
  };
  return send;
}

/** Sends one packet to several places. */
export function sendToAll(send: Send, packet: Buffer, places: readonly SocketAddress[], sent: Sent): void {
  let under = places.length;
  if (under === 0) sent();
  let failure: Error | null = null;
  const one: Sent = error => {
    failure ??= error ?? null;
    if (--under === 0) sent(failure);
  };
  for (const to of places) send(packet, to, one);
}
