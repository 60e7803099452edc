/** The way from an endpoint to one receiver, and what is under way on it. */
import type { Timer } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import type { EndpointError } from './errors.js';

export interface Path {
  readonly link: Link;
  /** By which its synchronous sends are known to the receiver. */
  readonly id: Buffer;
  /** Under which addresses it is known. */
  readonly names: Set<string>;
  /** Over datagrams: which endpoint receives there, as far as is known. */
  receiver: Buffer | undefined;
  /** Synchronous sends that have no end yet, by number, the lowest first. */
  readonly unfinished: Map<number, Rendezvous>;
  /** Asynchronous sends that wait until the link has handed over what it got. */
  leaving: Waiting[];
  /** Why nothing can be sent by it any more. */
  gone: EndpointError | undefined;
}

/** A promise that was given away. */
export interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A synchronous send: its sender waits until the receiver has taken the message. */
export interface Rendezvous extends Waiting {
  readonly number: number;
  readonly address: string;
  readonly frame: Buffer;
  /** When its sender gives up, by the clock. */
  readonly end: number;
  path: Path | undefined;
  /** The endpoint to which the first copy was sent. No other one gets a copy. */
  receiver: Buffer | undefined;
  copies: number;
  /** How long it waits for an answer before it sends the next copy. */
  patience: number;
  timer: Timer | undefined;
  /** When the timer should call back. */
  due: number;
}

export function isIdle(path: Path): boolean {
  return path.unfinished.size === 0 && path.leaving.length === 0;
}

/** Sends a frame. Resolves when it was handed to the socket, and the socket has room for more. */
export function handOver(path: Path, frame: Buffer): Promise<void> {
  if (path.gone !== undefined) return Promise.reject(path.gone);
  return new Promise((resolve, reject) => {
    path.link.send(frame, 0, frame.length);
    if (path.leaving.push({ resolve, reject }) === 1) resolveWhenLeft(path);
  });
}

/** A full link is asked again when it has room. */
export function resolveWhenLeft(path: Path): void {
  path.link.whenFlushed(() => {
    if (path.link.full) return;
    const { leaving } = path;
    path.leaving = [];
    for (const { resolve } of leaving) resolve();
  });
}
