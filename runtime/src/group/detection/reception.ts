/** Where others connect to watch this member. */
import type { StreamListener, StreamSocket } from '../../platform/platform.js';
import type { LayerContext } from '../layer.js';
import { goodbye, greeting, listenTo } from './greeting.js';

/**
 * How many connections are accepted beyond those of neighbours: others look after obituaries. More are closed at once, which
 * proves nothing to who made them.
 */
const spareConnections = 64;

/** Accepts and greets those that watch. */
export interface Reception {
  /** 0: nobody can connect. */
  readonly port: number;
  /** For how many neighbours there is room. */
  neighbours: number;
  /** Says goodbye, so that nobody takes it for this member's death. */
  close(): void;
}

/** Does not reject: a member to whom nobody can connect is watched by its silence alone. */
export async function openReception(context: LayerContext): Promise<Reception> {
  const { self, platform } = context;
  const guests = new Set<StreamSocket>();
  let closed = false;
  let listener: StreamListener | undefined;

  const drop = (socket: StreamSocket): void => {
    guests.delete(socket);
    socket.destroy();
  };

  const accept = (socket: StreamSocket): void => {
    if (closed || guests.size >= reception.neighbours + spareConnections) {
      context.count('flood');
      socket.destroy();
      return;
    }
    guests.add(socket);
    const { hear } = listenTo(
      () => {},
      () => {},
    );
    socket.onData = chunk => {
      if (hear(chunk)) return;
      context.count('malformed');
      drop(socket);
    };
    socket.onClose = () => void guests.delete(socket);
    socket.write(greeting(self.id));
  };

  const reception = {
    port: 0,
    neighbours: 0,
    close: () => {
      closed = true;
      listener?.close();
      for (const guest of guests) {
        guest.onClose = () => {};
        guest.onData = () => {};
        guest.write(goodbye());
        guest.end();
      }
      guests.clear();
    },
  };
  try {
    listener = await platform.streams.listen({ host: self.at.host, onConnection: accept });
    reception.port = listener.address.port;
  } catch {
    // The port stays 0, which is what the others are told.
  }
  return reception;
}
