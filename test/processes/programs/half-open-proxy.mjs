/**
 * A TCP proxy that makes connections half open (RFC 9293, §3.5.1): when the server's end goes, nobody tells the client. What
 * the client sends after that is answered by a reset, as by a machine that has failed and come back.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { localhost } from '../../../examples/dist/wire/datagram-relay.js';

/** `onReset` is called when a client has found its connection half open. */
export async function proxyHalfOpen(serverPort, onReset) {
  const options = { noDelay: true, allowHalfOpen: true };
  const front = createServer(options, client => {
    const server = connect({ port: serverPort, host: localhost, ...options });
    let gone = false;
    // Both errors and ends are kept from the client.
    const lose = () => {
      gone = true;
    };
    server.on('error', lose);
    server.on('end', lose);
    server.on('data', chunk => void client.write(chunk));
    client.on('error', () => {});
    client.on('close', () => server.destroy());
    client.on('data', chunk => {
      if (!gone) {
        server.write(chunk);
        return;
      }
      onReset();
      client.resetAndDestroy();
    });
  });
  front.listen(0, localhost);
  await once(front, 'listening');
  return front.address().port;
}
