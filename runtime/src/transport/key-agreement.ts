/**
 * How the two ends of sealed UDP get a key: over a TLS 1.3 connection to the same port, which ends when both have it. The
 * server sends `CVU` and the protocol's version, and the id under which it will know the key; the key itself both derive
 * from the connection (RFC 8446, section 7.5) and nobody sends.
 */
import type { Clock, SocketAddress, StreamSocket } from '../platform/platform.js';
import { protocolVersion } from './packet.js';
import { createSeal, keyIdBytes, type Seal, type Side, secretBytes } from './seal.js';
import { dialSecured, type SecuredDialOptions, SecuredProtocol } from './tls.js';

const exporterLabel = 'EXPORTER-convoke-udps';
const magic = Buffer.from([0x43, 0x56, 0x55, protocolVersion]);
const messageBytes = magic.length + keyIdBytes;

function sealFrom({ tls }: StreamSocket, id: Uint8Array, side: Side): Seal {
  if (tls === undefined) throw new Error('keys come of a connection that TLS secures');
  return createSeal(tls.exportKey(exporterLabel, id, secretBytes), id, side);
}

/** Gets a key from the server at this address. Rejects where it cannot be reached, or they do not trust each other. */
export function obtainKey(address: SocketAddress, options: SecuredDialOptions): Promise<Seal> {
  let gathered = Buffer.alloc(0);
  return dialSecured(address, SecuredProtocol.keys, options, (chunk, socket) => {
    gathered = Buffer.concat([gathered, chunk.subarray(0, messageBytes)]);
    if (gathered.length < messageBytes) return undefined;
    if (!gathered.subarray(0, magic.length).equals(magic))
      throw new Error(`the server does not seal datagrams as version ${protocolVersion} does`);
    const seal = sealFrom(socket, gathered.subarray(magic.length, messageBytes), 'client');
    socket.onClose = () => {};
    socket.end();
    return seal;
  });
}

/** Milliseconds within which a client that has its key must let the connection go. */
const patience = 10_000;

/** Gives a client a key under this id. */
export function grantKey(socket: StreamSocket, id: Uint8Array, clock: Clock): Seal {
  const seal = sealFrom(socket, id, 'server');
  const timer = clock.setTimer(patience, () => socket.destroy());
  timer.unref();
  socket.onClose = () => timer.cancel();
  socket.write(Buffer.concat([magic, id]));
  socket.end();
  return seal;
}
