/** After a merge, at the member that leads: gets from each other side what is merged, and merges it. */
import type { MemberId } from '../member.js';
import type { StatePart } from '../port.js';
import { Credit } from './credit.js';
import type { StateFrame } from './frames.js';
import { type AskerHost, differentParts } from './loader.js';
import { mergeParts } from './parts.js';

export interface GathererHost extends AskerHost {
  merged(): void;
  /** This member has the merged state already: somebody else led before. */
  isReady(id: MemberId): void;
  failed(error: Error): void;
}

/** What one side brings. */
interface Side {
  candidates: MemberId[];
  request: number;
  /** By part. Kept until everything is there, so that a death half-way leaves nothing half merged. */
  pieces: Uint8Array[][];
  credit: Credit | undefined;
  isComplete: boolean;
}

export class Gatherer {
  /** Whether parts are being merged: from then on nothing else can be asked for. */
  isMerging = false;
  private readonly parts: readonly StatePart[];
  private readonly all: readonly StatePart[];
  private readonly host: GathererHost;
  private sides: Side[] = [];
  private isStopped = false;

  /** @param parts those of `all` that can be merged */
  constructor(parts: readonly StatePart[], all: readonly StatePart[], host: GathererHost) {
    this.parts = parts;
    this.all = all;
    this.host = host;
  }

  /** @param sides of each the members that are left, the first is asked first */
  start(sides: readonly (readonly MemberId[])[]): void {
    this.sides = sides
      .filter(side => side.length > 0)
      .map(side => ({
        candidates: [...side],
        request: 0,
        pieces: [],
        credit: undefined,
        isComplete: false,
      }));
    for (const side of [...this.sides]) this.ask(side);
    this.check();
  }

  /** Members have left: what they had not given whole is asked of another one of their side. */
  keepOnly(isMember: (id: MemberId) => boolean): void {
    for (const side of [...this.sides]) {
      if (side.isComplete) continue;
      const [asked] = side.candidates;
      side.candidates = side.candidates.filter(isMember);
      if (side.candidates[0] !== asked) this.ask(side);
    }
    this.check();
  }

  /** @returns whether it was an answer to one of these requests */
  take(from: MemberId, frame: StateFrame): boolean {
    const side = this.sides.find(each => each.candidates[0] === from && each.request === frame.request);
    if (side === undefined) return false;
    switch (frame.type) {
      case 'refuse':
        if (frame.reason === 'ready') this.host.isReady(from);
        else this.askNext(side);
        break;
      case 'begin':
        this.begin(side, from, frame.parts);
        break;
      case 'piece':
        side.pieces[frame.part]?.push(frame.bytes);
        side.credit?.consumed(frame.bytes.length);
        break;
      case 'done':
        side.isComplete = true;
        this.check();
        break;
    }
    return true;
  }

  stop(): void {
    this.isStopped = true;
  }

  private ask(side: Side): void {
    const [id] = side.candidates;
    side.pieces = [];
    // A side of which nobody is left brings nothing.
    if (id === undefined) this.sides = this.sides.filter(each => each !== side);
    else side.request = this.host.request(id, true);
  }

  private askNext(side: Side): void {
    side.candidates.shift();
    this.ask(side);
    this.check();
  }

  private begin(side: Side, from: MemberId, names: readonly string[]): void {
    const mine = this.parts.map(({ name }) => name);
    if (mine.join() !== names.join()) {
      this.host.failed(new Error(differentParts(mine, names)));
      return;
    }
    const { request } = side;
    side.pieces = mine.map(() => []);
    side.credit = new Credit(bytes => this.host.send(from, { type: 'credit', request, bytes }));
  }

  private check(): void {
    if (this.isMerging || this.isStopped || this.sides.some(({ isComplete }) => !isComplete)) return;
    this.isMerging = true;
    const brought = this.sides.map(({ pieces }) => pieces);
    mergeParts(this.parts, this.all, brought).then(
      () => this.isStopped || this.host.merged(),
      error =>
        this.isStopped ||
        this.host.failed(new Error(`the states could not be merged: ${error.message}`, { cause: error })),
    );
  }
}
