/** Several members of one group in a process, whose datagrams are counted. */

import { Socket } from 'node:dgram';
import { join } from '@convoke/runtime/group';
import { processorTime, serveDuties } from './processes.mjs';

const traffic = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0 };
const { send, emit } = Socket.prototype;
Socket.prototype.send = function (bytes, ...rest) {
  traffic.sent++;
  traffic.sentBytes += bytes.length;
  return send.call(this, bytes, ...rest);
};
Socket.prototype.emit = function (event, bytes, ...rest) {
  if (event === 'message') {
    traffic.received++;
    traffic.receivedBytes += bytes.length;
  }
  return emit.call(this, event, bytes, ...rest);
};

let members = [];

serveDuties({
  async join({ address, count }) {
    members = await Promise.all(Array.from({ length: count }, () => join(address, { name: 'traffic' })));
  },
  async agreed({ members: count }) {
    while (members.some(({ view }) => view.members.length !== count)) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  },
  count: () => ({ ...traffic, cpu: processorTime() }),
});
