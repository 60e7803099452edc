/** Opens a channel from a web page. */
import type { Channel } from '../client/channel.js';
import { type ChannelOptions, openChannel } from '../client/open-channel.js';
import { browserPlatform } from '../platform/browser.js';
import { type Address, parseAddress, type WebAddress } from '../transport/address.js';
import type { Dial } from '../transport/transport.js';
import { dialWebSocket } from '../transport/ws.js';

/** A page's channel has no limit for datagrams, of which it sends none. */
export type ConnectOptions = Omit<ChannelOptions, 'datagramBytes'>;

const dial: Dial = async (address, options) => {
  if (!isWebAddress(address)) throw new TypeError(`a page has no ${address.scheme}: transport`);
  return dialWebSocket(address, options);
};

/**
 * Makes a channel to the server at `address`, such as `wss://api.example.org/calls`. Nothing is sent before the first
 * call, so this does not fail when the server is away: calls do.
 *
 * @throws TypeError when the address is none that a page can reach, RangeError when a limit is out of bounds
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<Channel> {
  const parsed = parseAddress(address);
  if (!isWebAddress(parsed)) {
    throw new TypeError(
      `'${address}' is out of a page's reach: write ws://HOST:PORT/PATH or wss://HOST:PORT/PATH`,
    );
  }
  return openChannel(parsed, { platform: browserPlatform, dial }, options);
}

function isWebAddress(address: Address): address is WebAddress {
  return address.scheme === 'ws' || address.scheme === 'wss';
}
