/** The stack that `join` composes where it is given none: all layers that the contract's promises need. */
import type { SocketAddress } from '../platform/platform.js';
import type { GroupAddress } from './address.js';
import { connectionDetection } from './detection/connections.js';
import { boundedDetection } from './detection/heartbeat.js';
import { listDiscovery } from './discovery/list.js';
import { multicastDiscovery } from './discovery/multicast.js';
import { type FlowOptions, flowControl } from './flow-control.js';
import { type FragmentationOptions, fragmentation } from './fragmentation.js';
import type { LayerSpec } from './layer.js';
import { type MembershipOptions, membership } from './membership/membership.js';
import { ordering } from './order/order.js';
import type { StatePart } from './port.js';
import { reliableMulticast } from './reliable/multicast.js';
import { reliableUnicast } from './reliable/unicast.js';

import { stateTransfer } from './state-transfer.js';
import { multicastTransport } from './transport/multicast.js';
import { tcpTransport } from './transport/tcp.js';
import { unicastTransport } from './transport/unicast.js';

/** What a stack is composed for. */
export interface StackPurpose {
  /** Where the group is. */
  readonly address: GroupAddress;
  /** What a joiner is to be given, in this order. Filled until the stack is composed. */
  readonly state: readonly StatePart[];
}

/** What `defaultStack` may be told. */
export interface DefaultStackOptions {
  /**
   * A secret that all members share, of at least 16 random bytes: packets are sealed by keys that follow from it, others in
   * each view, and packets that were not are dropped. Default: none; whoever can send to the address can take part.
   */
  readonly key?: Uint8Array;
  /** How much a member may have sent that not all have taken. */
  readonly flow?: FlowOptions;
  /** How long messages may be. */
  readonly fragmentation?: FragmentationOptions;
  /** Watches members. Default: `boundedDetection()`. */
  readonly detection?: LayerSpec;
  /** Finds members. Default: by what the address says. */
  readonly discovery?: LayerSpec;
  /** How views are agreed on and merged. */
  readonly membership?: MembershipOptions;
}

/** From the lowest layer to the highest. */
export function defaultStack(
  { address, state }: StackPurpose,
  options: DefaultStackOptions = {},
): LayerSpec[] {
  return [
    transportFor(address, options),
    options.discovery ?? discoveryFor(address),
    options.detection ?? boundedDetection(),
    connectionDetection(),
    reliableUnicast(),
    reliableMulticast(),
    membership(options.membership),
    fragmentation(options.fragmentation),
    ordering(),
    flowControl(options.flow),
    stateTransfer(state),
  ];
}

function transportFor(address: GroupAddress, { key }: DefaultStackOptions): LayerSpec {
  if (address.scheme === 'udp+multicast') return multicastTransport(address, { key });
  return address.scheme === 'tcp' ? tcpTransport(address, { key }) : unicastTransport(address, { key });
}

function discoveryFor(address: GroupAddress): LayerSpec {
  return address.scheme === 'udp+multicast'
    ? multicastDiscovery()
    : listDiscovery(address.places.map(placeText));
}

function placeText({ host, port }: SocketAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
