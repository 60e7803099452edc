/** Multicasts each line of its standard input, prints it after `>` when it is sent, and what it hears, its own words too. */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const [address] = process.argv.slice(2);
const group = '239.255.77.7';
const port = 7777;

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', message => console.log(String(message)));
socket.bind(port, () => {
  socket.addMembership(group, address);
  socket.setMulticastInterface(address);
  socket.setMulticastTTL(1);
  console.log('ready');
});

createInterface({ input: process.stdin })
  .on('line', line => socket.send(line, port, group, () => console.log(`> ${line}`)))
  .on('close', () => process.exit());
