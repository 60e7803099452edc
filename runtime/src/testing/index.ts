/**
 * A world of hosts and the network between them, simulated in virtual time and repeatable from a seed: for tests of
 * services and their clients.
 *
 * @packageDocumentation
 */
export type { Injection } from './datagrams.js';
export type { Faults } from './faults.js';
export type { Host, HostOptions } from './host.js';
export type { Names } from './names.js';
export type { Nat, NatOptions } from './nat.js';
export type {
  Copy,
  Fate,
  Interceptor,
  Packet,
  PacketListener,
  Protocol,
  Remove,
  StreamProtocol,
  Verdict,
} from './packet.js';
export { type SimulatedAuthority, simulatedAuthority } from './tls.js';
export type { Router, Subnet } from './topology.js';
export { type SimulationOptions, simulate, type World } from './world.js';
