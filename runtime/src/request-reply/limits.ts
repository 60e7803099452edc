/** What a server or a channel takes at the most. Bytes, entries, milliseconds. */
import { metadataLimits } from '../marshalling/limits.js';

import type { StreamWindow } from './stream-receiver.js';

/** What a server takes and keeps at the most. Bytes, entries, and milliseconds. */
export interface ServerLimits {
  /** The longest request or reply. */
  readonly messageBytes: number;
  /** How long a silent client's session and history live. */
  readonly lease: number;
  /** The longest metadata of a request or a reply. */
  readonly metadataBytes: number;
  /** Clients with a session at the same time. */
  readonly sessions: number;
  /** Keys of sealed UDP: one for each client, and two while it renews its own. */
  readonly datagramKeys: number;
  /** Replies and refusals that one client has not acknowledged. */
  readonly historyEntriesPerClient: number;
  /** Bytes of these. */
  readonly historyBytesPerClient: number;
  /** The same of all clients together. */
  readonly historyEntries: number;
  /** Bytes of these. */
  readonly historyBytes: number;
  /** A longer reply is sent but not kept: a duplicate is told that the call was executed, not its result. */
  readonly keptReplyBytes: number;
  /** Procedures that run at the same time; further calls wait in a queue. */
  readonly runningCalls: number;
  /** Calls that wait for a running one to end; those beyond are refused. */
  readonly queuedCalls: number;
  /** Bytes of requests of which a part is missing. */
  readonly halfOpenBytesPerClient: number;
  /** The same of all clients together. */
  readonly halfOpenBytes: number;
  /** Calls with streams that have not ended. */
  readonly streamsPerClient: number;
  /** The same of all clients together. */
  readonly streams: number;
  /** How far a stream's sender may be ahead of its consumer: 64 items and 64 KiB at least. */
  readonly streamItems: number;
  /** The same in bytes. */
  readonly streamBytes: number;
}

const mebibyte = 1 << 20;

export const defaultMessageBytes = 32 * mebibyte;

/** How far a stream's sender may be ahead of its consumer. */
export const defaultStreamWindow = { streamItems: 1024, streamBytes: mebibyte / 4 };

export const defaultServerLimits: ServerLimits = {
  messageBytes: defaultMessageBytes,
  lease: 60_000,
  metadataBytes: metadataLimits.size,
  sessions: 100_000,
  datagramKeys: 100_000,
  historyEntriesPerClient: 65_536,
  historyBytesPerClient: 64 * mebibyte,
  historyEntries: 1_048_576,
  historyBytes: 512 * mebibyte,
  keptReplyBytes: defaultMessageBytes,
  runningCalls: 10_000,
  queuedCalls: 10_000,
  halfOpenBytesPerClient: 2 * defaultMessageBytes,
  halfOpenBytes: 256 * mebibyte,
  streamsPerClient: 1024,
  streams: 16_384,
  ...defaultStreamWindow,
};

/** These two are told to clients, in 32 bits each. */
const toldLimits: readonly string[] = ['messageBytes', 'lease'] satisfies (keyof ServerLimits)[];

const longest32 = 0xffff_ffff;

function checkTold(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0 && value <= longest32) return;
  throw new RangeError(`the limit '${name}' must be a whole number from 1 to ${longest32}, not ${value}`);
}

function checkPositive(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0) return;
  throw new RangeError(`the limit '${name}' must be above 0, not ${value}`);
}

/** What a channel takes and sends at the most. */
export interface ChannelLimits {
  /** The longest request that is sent and the longest reply that is taken. */
  readonly messageBytes: number;
  /** Requests and replies of more bytes go over TCP, where a server that is called over UDP takes connections too. */
  readonly promotionBytes: number;
  /** Calls that were sent, or wait for a session, at the same time; further calls wait in a queue. */
  readonly callsInFlight: number;
  /** Calls that wait in it; those beyond fail at once. */
  readonly queuedCalls: number;
}

export const defaultChannelLimits: ChannelLimits = {
  messageBytes: defaultMessageBytes,
  promotionBytes: 65_536,
  callsInFlight: 4096,
  queuedCalls: 65_536,
};

/** @throws RangeError when a limit is not a positive number, or cannot be told to a server */
export function channelLimits(
  given: { readonly [Name in keyof ChannelLimits]?: number | undefined },
): ChannelLimits {
  const limit = (name: keyof ChannelLimits): number => {
    const value = given[name] ?? defaultChannelLimits[name];
    checkPositive(name, value);
    return value;
  };
  const { messageBytes = defaultMessageBytes } = given;
  checkTold('messageBytes', messageBytes);
  return {
    messageBytes,
    promotionBytes: limit('promotionBytes'),
    callsInFlight: limit('callsInFlight'),
    queuedCalls: limit('queuedCalls'),
  };
}

/** The longest metadata that a client sends and takes. @throws RangeError when it is no number of bytes */
export function checkedMetadataBytes(given: number = metadataLimits.size): number {
  checkTold('metadataBytes', given);
  return given;
}

/** How far senders may be ahead of this side's consumers. @throws RangeError when it is no number above 0 */
export function streamWindow({
  streamItems = defaultStreamWindow.streamItems,
  streamBytes = defaultStreamWindow.streamBytes,
}: {
  readonly streamItems?: number;
  readonly streamBytes?: number;
}): StreamWindow {
  for (const [name, value] of Object.entries({ streamItems, streamBytes })) {
    if (!(value > 0)) throw new RangeError(`'${name}' must be above 0, not ${value}`);
  }
  return { items: streamItems, bytes: streamBytes };
}

/** @throws RangeError when a limit is unknown or not a positive number */
export function serverLimits(given: Partial<ServerLimits> | undefined): ServerLimits {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!(name in defaultServerLimits)) throw new RangeError(`'${name}' is not a limit of a server`);
    checkPositive(name, value);
    if (toldLimits.includes(name)) checkTold(name, value);
  }
  return { ...defaultServerLimits, ...given };
}
