/** What the stage needs of a member of a group. */

import type { Implementation } from '@convoke/runtime';
import type { Host } from '@convoke/runtime/testing';
import type { GroupView } from '../../../runtime/src/group/view.js';
import type { DeliveryOrder, GroupDescription } from '../../../runtime/src/schema/group.js';

export interface GroupMember {
  readonly address: string;
  readonly view: GroupView;
  readonly writable: boolean;
  on(event: 'view', listener: (view: GroupView) => void): () => void;
  on(event: 'suspect' | 'unsuspect', listener: (address: string) => void): () => void;
  on(event: 'end', listener: (end: { readonly reason: 'left' | 'destroyed' | 'failed' }) => void): () => void;
  client<Client>(group: GroupDescription<Client, never>): Client;
  send(bytes: Uint8Array, options?: { readonly order?: DeliveryOrder; readonly safe?: boolean }): void;
  sendTo(to: string | readonly string[], bytes: Uint8Array): void;
  receive(listener: (message: { readonly from: string; readonly bytes: Uint8Array }) => void): void;
  room(): Promise<void>;
  leave(): Promise<void>;
  destroy(): Promise<void>;
  stats(): { readonly buffered: number };
}

export interface JoinOptions {
  readonly name: string;
  readonly services?: readonly Implementation[];
  readonly state?: {
    save(): AsyncIterable<Uint8Array>;
    load(pieces: AsyncIterable<Uint8Array>): Promise<void>;
  };
  readonly merge?: 'all' | 'primary';
}

/** `join` on a host's platform. */
export function joinGroup(host: Host, address: string, options: JoinOptions): Promise<GroupMember> {
  const joining = host as Host & { join(address: string, options: JoinOptions): Promise<GroupMember> };
  return joining.join(address, options);
}
