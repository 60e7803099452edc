/** Packets by TCP, for wide areas: a connection to each member. */
import type { SocketAddress, StreamListener } from '../../platform/platform.js';
import type { ListAddress } from '../address.js';
import { resolvePlaces } from '../discovery/list.js';
import type { Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone } from '../member.js';
import { createGroupSeal, type GroupSeal, type TransportSecurity } from '../security/seal.js';
import type { TransportService } from '../services.js';
import { createArrival } from './arrival.js';
import { framed } from './connection.js';
import { createConnections } from './connections.js';
import { groupKeyOf } from './layout.js';
import { maxBodyOf } from './limits.js';
import { openAtOwnPlace } from './own-place.js';
import { createPacking, everywhere } from './packing.js';
import { createViewPlaces } from './view-places.js';

/** No network cuts a packet here, so that it may be long: it costs by its number. */
const packetBytesOnConnections = 16_384;

/** The transport of an address `tcp://HOST:PORT,…`. */
export function tcpTransport(address: ListAddress, { key }: TransportSecurity = {}): LayerSpec {
  return {
    name: 'tcp-transport',
    requires: [],
    provides: ['transport'],
    create: context => {
      const packetBytes = address.mtu ?? packetBytesOnConnections;
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
  const places = createViewPlaces(context, service);
  const connections = createConnections(context, groupKeyOf(context.group), seal !== undefined, receive);
  let listener: StreamListener | undefined;

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
      if (listener === undefined) return;
      const to = destinations(target);
      if (to.length > 0) {
        const bytes = framed(packet);
        for (const each of to) connections.send(bytes, each);
      }
      sent();
    },
  });

  return {
    down: packing.down,
    on: event => {
      if (event.type !== 'view') return;
      const { members } = event.view;
      directory.retain(members);
      places.enter(event.view);
      seal?.enter(event.view.id);
      connections.retain(members.map(({ at }) => at));
    },
    start: async () => {
      service.places = await resolvePlaces(platform, address.places);
      listener = await openAtOwnPlace(address, platform, at =>
        platform.streams.listen({ ...at, onConnection: connections.accept }),
      );
      context.setSelf(listener.address);
    },
    stop: () => {
      packing.flush();
      listener?.close();
      listener = undefined;
      connections.close();
    },
  };
}
