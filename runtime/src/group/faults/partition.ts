/** A layer that cuts members off from each other, and joins them again, at run time. */
import type { LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberAddress, type MemberId } from '../member.js';

/** A layer whose cuts are set from outside. One may be part of the stacks of several members of one process. */
export interface Partition extends LayerSpec {
  /** Cuts members of different groups off from each other; those that are in none reach all. Replaces earlier cuts. */
  split(...groups: readonly (readonly MemberAddress[])[]): void;
  /** Undoes all cuts. */
  heal(): void;
}

/**
 * Drops what comes from members of another group, and what goes to one of them. What is sent to all is dropped where it
 * arrives: to cut two members off, both need the layer.
 */
export function partition(): Partition {
  let groups = new Map<MemberAddress, number>();

  const separates = ({ self, directory }: LayerContext, id: MemberId): boolean => {
    if (groups.size === 0) return false;
    const own = groups.get(self.address);
    const other = groups.get(directory.get(id)?.address ?? '');
    return own !== undefined && other !== undefined && own !== other;
  };

  return {
    name: 'partition',
    requires: [],
    provides: [],
    split: (...sides) => {
      groups = new Map(sides.flatMap((side, index) => side.map(address => [address, index] as const)));
    },
    heal: () => {
      groups = new Map();
    },
    create: context => {
      const isCut = (id: MemberId): boolean => {
        const cut = id !== everyone && separates(context, id);
        if (cut) context.count('fault');
        return cut;
      };
      return {
        up: batch => {
          const left = batch.filter(({ from }) => !isCut(from));
          if (left.length > 0) context.up(left);
        },
        down: batch => {
          const left = batch.filter(({ target }) => !isCut(target));
          if (left.length > 0) context.down(left);
        },
      };
    },
  };
}
