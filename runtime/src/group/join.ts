/** Joins a group: composes the stack, waits for the first view and the state, and gives the member. */
import { nodePlatform } from '../platform/node.js';
import type { Platform } from '../platform/platform.js';
import { type GroupAddressDefaults, parseGroupAddress } from './address.js';
import { type ChannelReceiver, createChannelReceiver } from './channel-receiver.js';
import { type DefaultStackOptions, defaultStack, type StackPurpose } from './default-stack.js';
import { createDirectory } from './directory.js';
import { createGroupMember, type GroupMember } from './group-member.js';
import type { LayerSpec } from './layer.js';
import { createMember, drawMemberId } from './member.js';
import { GroupRelay, setRelay } from './open/relay.js';
import type { GroupPart, StatePart } from './port.js';
import { RpcDispatcher, type RpcDispatcherOptions } from './rpc/rpc-dispatcher.js';
import { composeStack } from './stack.js';
import { Top } from './top.js';

/** How to join. */
export interface JoinOptions extends DefaultStackOptions, RpcDispatcherOptions {
  /** Of the group: who joins at the same address under another name is in another group. */
  readonly name: string;
  /** What takes part in the group beside the application's own messages: group RPC, a replicated map, … */
  readonly parts?: readonly GroupPart[];
  /** What a joiner is given: the state of one point in the order of messages. */
  readonly state?: Omit<StatePart, 'name'>;
  /** The layers, from the lowest to the highest, instead of the default ones. */
  readonly stack?: (purpose: StackPurpose) => readonly LayerSpec[];
  /** Gives up to join when no view came after so many milliseconds. Default: 30,000. */
  readonly timeout?: number;
  /** Told of what is unwise about the address. Default: `process.emitWarning`. */
  readonly onWarning?: (text: string) => void;
  /** Default: Node's clock, randomness and sockets. */
  readonly platform?: Platform;
}

/**
 * Joins a group, or founds it where nobody is there.
 *
 * @param address `udp+multicast://239.255.0.1:7400?interface=127.0.0.1&ttl=0`, `udp://HOST:PORT,HOST:PORT,…` or
 *   `tcp://HOST:PORT,HOST:PORT,…`
 * @returns the member, once it is in a view and has the group's state
 * @throws TypeError when the address is none, or the layers do not fit
 * @throws Error when a socket cannot be opened, the state cannot be loaded, or the time is up
 */
export function join(address: string, options: JoinOptions): Promise<GroupMember> {
  return joinAt(address, options, undefined);
}

/** As `join`, with what holds where the address does not say it. */
export async function joinAt(
  text: string,
  options: JoinOptions,
  defaults: GroupAddressDefaults | undefined,
): Promise<GroupMember> {
  const { name, platform = nodePlatform, timeout = 30_000 } = options;
  const { address, warnings } = parseGroupAddress(text, name, defaults);
  for (const warning of warnings) (options.onWarning ?? process.emitWarning)(warning);

  const top = new Top(platform);
  const rpc = new RpcDispatcher(options);
  const relay = new GroupRelay(rpc);
  for (const part of [rpc, relay, ...(options.parts ?? [])]) part.attach(top);
  const receiver = createChannelReceiver(top);
  if (options.state !== undefined) top.addState(applicationState(options.state, receiver));
  const purpose: StackPurpose = {
    address,
    state: top.state.every(({ isEmpty }) => isEmpty) ? [] : top.state,
  };
  const stack = composeStack({
    group: name,
    platform,
    self: createMember(drawMemberId(platform.random), { host: '0.0.0.0', port: 0 }),
    directory: createDirectory(platform.clock),
    layers: options.stack?.(purpose) ?? defaultStack(purpose, options),
    up: batch => top.up(batch),
    on: event => top.on(event),
  });
  top.standOn(stack);
  const member = createGroupMember({ name, top, stack, rpc, receiver, platform });
  setRelay(member, relay);
  const inView = firstView(top, platform, timeout, name);
  // It may fail while the sockets are being opened, before anybody waits for it.
  inView.catch(() => {});
  try {
    await stack.start();
    await inView;
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return member;
}

/** What came by the channel is part of the state once the application is done with it. */
function applicationState(state: NonNullable<JoinOptions['state']>, receiver: ChannelReceiver): StatePart {
  const settle = async () => {
    await receiver.settle();
    await state.settle?.();
  };
  return { ...state, name: 'application', settle };
}

function firstView(top: Top, { clock }: Platform, timeout: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeout, () =>
      reject(
        new Error(
          `no view of the group '${name}' within ${timeout} ms: its coordinator may be out of reach, or the state be slow to load`,
        ),
      ),
    );
    const unsubscribe = top.subscribe(event => {
      if (event.type !== 'view' && event.type !== 'end') return;
      timer.cancel();
      unsubscribe();
      if (event.type === 'view') resolve();
      else reject(event.error ?? new Error(`joining the group '${name}' ended before it was in a view`));
    });
  });
}
