/** Packets by UDP where there is no multicast: each goes to every member by itself. */
import type { DatagramSocket, SocketAddress } from '../../platform/platform.js';
import type { ListAddress } from '../address.js';
import { resolvePlaces } from '../discovery/list.js';
import type { Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone } from '../member.js';
import { createGroupSeal, type GroupSeal, type TransportSecurity } from '../security/seal.js';
import type { TransportService } from '../services.js';
import { createArrival } from './arrival.js';
import { maxBodyOf, packetBytesAt } from './limits.js';
import { openAtOwnPlace } from './own-place.js';
import { createPacking, everywhere } from './packing.js';
import { createSending, type Send, sendToAll } from './sending.js';
import { createViewPlaces, isSameFamily } from './view-places.js';

/** The transport of an address `udp://HOST:PORT,…`. */
export function unicastTransport(address: ListAddress, { key }: TransportSecurity = {}): LayerSpec {
  return {
    name: 'unicast-transport',
    requires: [],
    provides: ['transport'],
    create: context => {
      const hosts = address.bind === undefined ? address.places : [address.bind];
      const packetBytes =
        address.mtu ?? Math.min(...hosts.map(({ host }) => packetBytesAt(host, context.platform.datagrams)));
      const seal = key && createGroupSeal(key, context.group, context.self.id);
      const service: TransportService = { maxBody: maxBodyOf(packetBytes, seal?.sealing), places: [] };
      context.provide('transport', service);
      return createLayer(context, address, packetBytes, service, seal);
    },
  };
}

function createLayer(
  context: LayerContext,
  address: ListAddress,
  packetBytes: number,
  service: TransportService,
  seal: GroupSeal | undefined,
): Layer {
  const { directory, platform } = context;
  const receive = createArrival(context, seal);
  const places = createViewPlaces(context, service, place => isSameFamily(place, context.self.at));
  let socket: DatagramSocket | undefined;
  let send: Send | undefined;

  const destinations = (target: number): readonly SocketAddress[] => {
    if (target === everyone) return places.ofView();
    if (target === everywhere) return places.all();
    const at = directory.get(target)?.at;
    if (at === undefined) context.count('not-a-member');
    return at === undefined ? [] : [at];
  };

  const packing = createPacking({
    context,
    packetBytes,
    sealing: seal?.sealing,
    emit: (packet, target, sent) => {
      if (send !== undefined) sendToAll(send, packet, destinations(target), sent);
    },
  });

  return {
    down: packing.down,
    on: event => {
      if (event.type !== 'view') return;
      directory.retain(event.view.members);
      places.enter(event.view);
      seal?.enter(event.view.id);
    },
    start: async () => {
      service.places = await resolvePlaces(platform, address.places);
      socket = await openAtOwnPlace(address, platform, at =>
        platform.datagrams.open({ ...at, onMessage: receive }),
      );
      send = createSending(socket, context);
      context.setSelf(socket.address);
    },
    stop: () => {
      packing.flush();
      send = undefined;
      socket?.close();
    },
  };
}
