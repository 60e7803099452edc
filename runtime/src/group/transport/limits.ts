/** How long packets are. */
import { frameOverhead, headerBytes, targetBytes } from './layout.js';
import type { Sealing } from './packet-writer.js';

/** Passes a LAN's Ethernet in one piece, with room for the headers of IP, UDP and a tunnel. */
const packetBytesOnNetworks = 1400;

/**
 * On one machine a packet costs by its number more than by its length; longer ones are lost in larger pieces when a
 * receiver is slow.
 */
const packetBytesOnLoopback = 8192;

/** The longest packet where the user does not say it. */
export function packetBytesAt(interfaceAddress: string): number {
  return interfaceAddress.startsWith('127.') || interfaceAddress === '::1'
    ? packetBytesOnLoopback
    : packetBytesOnNetworks;
}

/** The longest body that fits beside all else into a packet; vectors of causal messages may make it longer. */
export function maxBodyOf(packetBytes: number, sealing: Sealing | undefined): number {
  const sealed = sealing === undefined ? 0 : sealing.headerBytes + sealing.trailerBytes;
  return packetBytes - headerBytes - targetBytes - sealed - frameOverhead;
}
