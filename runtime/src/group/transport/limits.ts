/** How long packets are. */
import type { DatagramSockets } from '../../platform/platform.js';
import { frameOverhead, headerBytes, targetBytes } from './layout.js';
import type { Sealing } from './packet-writer.js';

/** Passes a LAN's Ethernet in one piece, with room for the headers of IP, UDP and a tunnel. */
const packetBytesOnNetworks = 1400;

/** On one machine nothing cuts a packet, and packets cost by their number: as long as they can be, with some room. */
const packetBytesOnLoopback = 61_440;

/** Addresses that only reach this machine. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

/** The longest packet where the user does not say it. */
export function packetBytesAt(
  interfaceAddress: string,
  { longest = packetBytesOnLoopback }: DatagramSockets,
): number {
  return isLoopback(interfaceAddress) ? Math.min(packetBytesOnLoopback, longest) : packetBytesOnNetworks;
}

/** The longest body that fits beside all else into a packet; vectors of causal messages may make it longer. */
export function maxBodyOf(packetBytes: number, sealing: Sealing | undefined): number {
  const sealed = sealing === undefined ? 0 : sealing.headerBytes + sealing.trailerBytes;
  return packetBytes - headerBytes - targetBytes - sealed - frameOverhead;
}
