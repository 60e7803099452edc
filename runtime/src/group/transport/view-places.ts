/** Where a packet goes that is for more than one member, when each must be sent its own. */
import type { SocketAddress } from '../../platform/platform.js';
import type { LayerContext } from '../layer.js';
import type { TransportService } from '../services.js';
import type { View } from '../view.js';

/** The places of the others. */
export interface ViewPlaces {
  /** From now on everyone is who is in this view. */
  enter(view: View): void;
  /** Of the members of the view; before the first one, of whomever one may find. */
  ofView(): readonly SocketAddress[];
  /** Of the members, and those where others may be. */
  all(): readonly SocketAddress[];
}

/** @param reaches whether a packet to that place can leave at all */
export function createViewPlaces(
  context: LayerContext,
  service: TransportService,
  reaches: (place: SocketAddress) => boolean = () => true,
): ViewPlaces {
  let members: readonly SocketAddress[] | undefined;

  const isElsewhere = ({ host, port }: SocketAddress): boolean => {
    const { at } = context.self;
    return port !== at.port || host !== at.host;
  };

  const all = (): readonly SocketAddress[] => {
    const found = [
      ...(members ?? []),
      ...service.places.filter(place => isElsewhere(place) && reaches(place)),
    ];
    return [...new Map(found.map(each => [`${each.host} ${each.port}`, each])).values()];
  };

  return {
    enter: view => {
      members = view.members.filter(({ id }) => id !== context.self.id).map(({ at }) => at);
    },
    ofView: () => members ?? all(),
    all,
  };
}

/** A socket sends to addresses of its own family alone, while a name may have some of both. */
export function isSameFamily(one: SocketAddress, other: SocketAddress): boolean {
  return one.host.includes(':') === other.host.includes(':');
}
