/** The paths from an endpoint to others: opened when they are used, and kept. */

import type { Random } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import { closedError, EndpointError } from './errors.js';
import { idBytes } from './frames.js';
import { isIdle, type Path } from './path.js';
import { type Port, parsePortAddress } from './port.js';

/** Beyond this, the oldest path on which nothing is under way makes room for a new one. */
const maxPaths = 4096;

export class Routes {
  private readonly port: Port;
  private readonly random: Random;
  private readonly byName = new Map<string, Promise<Path>>();
  private readonly byLink = new Map<Link, Path>();
  private closed = false;

  constructor(port: Port, random: Random) {
    this.port = port;
    this.random = random;
  }

  /** The path to an address. Those who ask for the same one get it in the order in which they asked. */
  to(address: string): Promise<Path> {
    const known = this.byName.get(address);
    if (known !== undefined) return known;
    const opening = this.open(address);
    this.byName.set(address, opening);
    opening.catch(() => this.byName.delete(address));
    return opening;
  }

  /** The path that was opened with this link. */
  of(link: Link): Path | undefined {
    return this.byLink.get(link);
  }

  /** Forgets a path that is gone; sends that are leaving by it reject. */
  forget(path: Path, error: EndpointError): void {
    path.gone = error;
    this.byLink.delete(path.link);
    for (const name of path.names) this.byName.delete(name);
    for (const { reject } of path.leaving.splice(0)) reject(error);
  }

  /** Sends what is queued, and lets all paths go. */
  close(): void {
    this.closed = true;
    for (const path of this.byLink.values()) {
      path.link.close();
      this.forget(path, closedError('unknown'));
    }
  }

  private async open(address: string): Promise<Path> {
    const link = await this.linkTo(address);
    if (this.closed) {
      link.close();
      throw closedError('no');
    }
    // Two names of one receiver are one path over UDP.
    const path = this.byLink.get(link) ?? this.keep(link);
    path.names.add(address);
    return path;
  }

  private async linkTo(address: string): Promise<Link> {
    const parsed = parsePortAddress(address);
    const { scheme } = this.port;
    if (parsed.scheme !== scheme) {
      throw new TypeError(
        `an endpoint at ${this.port.address} sends over ${scheme} only: open another one for ${address}`,
      );
    }
    return this.port.linkTo(parsed).catch((cause: NodeJS.ErrnoException) => {
      throw new EndpointError(`${address} cannot be reached (${cause.message}): is its endpoint open?`, {
        code: cause.code ?? 'EHOSTUNREACH',
        taken: 'no',
        cause,
      });
    });
  }

  private keep(link: Link): Path {
    if (this.byLink.size >= maxPaths) this.makeRoom();
    const path: Path = {
      link,
      id: Buffer.from(this.random.bytes(idBytes)),
      names: new Set(),
      receiver: undefined,
      unfinished: new Map(),
      leaving: [],
      gone: undefined,
    };
    this.byLink.set(link, path);
    return path;
  }

  private makeRoom(): void {
    for (const path of this.byLink.values()) {
      if (!isIdle(path)) continue;
      path.link.close();
      this.forget(path, closedError('unknown'));
      return;
    }
  }
}
