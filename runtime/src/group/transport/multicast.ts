/** Packets by UDP: to everyone by IP multicast, to one member by unicast. */
import type { DatagramSocket, SocketAddress } from '../../platform/platform.js';
import type { MulticastAddress } from '../address.js';
import type { Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone } from '../member.js';
import { createGroupSeal, type GroupSeal, type TransportSecurity } from '../security/seal.js';
import type { TransportService } from '../services.js';
import { type Arrival, createArrival } from './arrival.js';
import { isLoopback, maxBodyOf, packetBytesAt } from './limits.js';
import { createPacking, everywhere } from './packing.js';
import { createSending, type Send, sendToAll } from './sending.js';
import { isSameFamily } from './view-places.js';

/**
 * A packet for so many others goes to each of them by itself: what is multicast comes back to its sender too. On one machine
 * it costs more to receive a long packet than to send it four times.
 */
const fewOthers = 1;
const fewOthersOfLong = 4;
const longPacketBytes = 16_384;

/**
 * The transport where multicast works. A member's packets, multicasts included, leave by one socket of its own, so that
 * each comes from the member's address.
 */
export function multicastTransport(address: MulticastAddress, { key }: TransportSecurity = {}): LayerSpec {
  return {
    name: 'multicast-transport',
    requires: [],
    provides: ['transport'],
    create: context => {
      const packetBytes = address.mtu ?? packetBytesAt(address.interface, context.platform.datagrams);
      const seal = key && createGroupSeal(key, context.group, context.self.id);
      const service: TransportService = { maxBody: maxBodyOf(packetBytes, seal?.sealing), places: [] };
      context.provide('transport', service);
      return createLayer(context, address, packetBytes, service, seal);
    },
  };
}

function createLayer(
  context: LayerContext,
  address: MulticastAddress,
  packetBytes: number,
  service: TransportService,
  seal: GroupSeal | undefined,
): Layer {
  const { directory } = context;
  const group: SocketAddress = { host: address.host, port: address.port };
  const receive = createArrival(context, seal);
  const sockets: DatagramSocket[] = [];
  let send: Send | undefined;
  /** The other members of the view. */
  let others: readonly SocketAddress[] | undefined;

  /** Each of those to whom this packet for all goes; undefined: it is multicast. */
  const eachOf = ({ length }: Buffer): readonly SocketAddress[] | undefined => {
    const few = length >= longPacketBytes && isLoopback(address.interface) ? fewOthersOfLong : fewOthers;
    return others !== undefined && others.length <= few ? others : undefined;
  };

  const packing = createPacking({
    context,
    packetBytes,
    sealing: seal?.sealing,
    emit: (packet, target, sent) => {
      if (send === undefined) return;
      if (target === everyone) {
        const places = eachOf(packet);
        if (places === undefined) send(packet, group, sent);
        else sendToAll(send, packet, places, sent);
      } else if (target === everywhere) {
        const places = service.places.filter(place => isSameFamily(place, group));
        sendToAll(send, packet, [group, ...places], sent);
      } else {
        const to = directory.get(target)?.at;
        if (to !== undefined) send(packet, to, sent);
        else {
          context.count('not-a-member');
          sent();
        }
      }
    },
  });

  return {
    down: packing.down,
    on: event => {
      if (event.type !== 'view') return;
      const { members, id } = event.view;
      directory.retain(members);
      others = members.filter(member => member.id !== context.self.id).map(({ at }) => at);
      seal?.enter(id);
    },
    start: async () => {
      const own = await openOwn(context, address, receive);
      sockets.push(own);
      context.setSelf(own.address);
      try {
        sockets.push(await openGroup(context, address, receive));
      } catch (error) {
        own.close();
        throw error;
      }
      send = createSending(own, context);
    },
    stop: () => {
      packing.flush();
      send = undefined;
      for (const socket of sockets) socket.close();
    },
  };
}

async function openOwn(
  { platform }: LayerContext,
  { interface: host, ttl }: MulticastAddress,
  onMessage: Arrival,
): Promise<DatagramSocket> {
  const socket = await platform.datagrams.open({ host, onMessage });
  socket.setMulticastInterface(host);
  socket.setMulticastTtl(ttl);
  // Other members may be on this machine.
  socket.setMulticastLoopback(true);
  return socket;
}

async function openGroup(
  { platform }: LayerContext,
  { host, port, interface: from }: MulticastAddress,
  onMessage: Arrival,
): Promise<DatagramSocket> {
  const { datagrams } = platform;
  const options = { port, reuseAddress: true, onMessage };
  // Bound to the group, a socket gets nothing of other groups at the same port. Not every system can do that.
  const socket = await datagrams.open({ ...options, host }).catch(() => datagrams.open(options));
  socket.joinGroup(host, from);
  return socket;
}
