/** Runs what applications wrote about state, one part after the other: the one place in a stack with promises. */
import type { StatePart } from '../port.js';

/** Who takes what is saved. */
export interface SaveSink {
  /** @returns false when no more should be saved before `Saving.resume` */
  piece(part: number, bytes: Uint8Array): boolean;
  end(part: number): void;
  done(): void;
  failed(error: Error): void;
}

/** Saves the parts. What they give belongs to the sink: it is not copied. */
export class Saving {
  private readonly parts: readonly StatePart[];
  private readonly sink: SaveSink;
  private stopped = false;
  private waiting: (() => void) | undefined;

  /** @param parts those to be saved, of `all` that must have settled */
  constructor(parts: readonly StatePart[], all: readonly StatePart[], sink: SaveSink) {
    this.parts = parts;
    this.sink = sink;
    this.run(all).then(
      () => this.stopped || sink.done(),
      error => this.stopped || sink.failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** There is room again. */
  resume(): void {
    this.waiting?.();
    this.waiting = undefined;
  }

  /** The sink is told nothing any more, and the part that is being saved is left at its next piece. */
  stop(): void {
    this.stopped = true;
    this.resume();
  }

  private async run(all: readonly StatePart[]): Promise<void> {
    await settleAll(all);
    for (const [index, part] of this.parts.entries()) {
      if (this.stopped) return;
      for await (const piece of part.save()) {
        if (this.stopped) return;
        if (!(piece instanceof Uint8Array)) {
          throw new TypeError(`save() of '${part.name}' gave something that is no Uint8Array`);
        }
        if (!this.sink.piece(index, piece)) await this.room();
        if (this.stopped) return;
      }
      this.sink.end(index);
    }
  }

  private room(): Promise<void> {
    return new Promise(resolve => {
      this.waiting = resolve;
    });
  }
}

/** Who wants to know how far loading is. */
export interface LoadListener {
  /** So many bytes more were taken, or are not wanted. */
  consumed(bytes: number): void;
  /** All parts are loaded. */
  done(): void;
  failed(error: Error): void;
}

/** Loads the parts from what arrives. */
export class Loading {
  /** Resolves when nothing of the application's runs any more: another one may begin then. */
  readonly finished: Promise<void>;
  private readonly sources: readonly PieceSource[];
  private aborted = false;

  constructor(parts: readonly StatePart[], previous: Promise<void> | undefined, listener: LoadListener) {
    this.sources = parts.map(() => new PieceSource(bytes => listener.consumed(bytes)));
    this.finished = this.run(parts, previous).then(
      () => {
        if (!this.aborted) listener.done();
      },
      error => {
        if (!this.aborted) listener.failed(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  piece(part: number, bytes: Uint8Array): void {
    this.sources[part]?.push(bytes);
  }

  end(part: number): void {
    this.sources[part]?.end(undefined);
  }

  /** What is being loaded ends with this error, and the listener is not told. */
  abort(error: Error): void {
    this.aborted = true;
    for (const source of this.sources) source.end(error);
  }

  private async run(parts: readonly StatePart[], previous: Promise<void> | undefined): Promise<void> {
    await previous;
    await settleAll(parts);
    for (const [index, part] of parts.entries()) {
      if (this.aborted) return;
      await part.load(this.sources[index]!);
      this.sources[index]!.drop();
    }
  }
}

/**
 * Merges into each part what each side brought: by side, by part, pieces.
 *
 * @param parts those to be merged, of `all` that must have settled
 */
export async function mergeParts(
  parts: readonly StatePart[],
  all: readonly StatePart[],
  brought: readonly (readonly (readonly Uint8Array[])[])[],
): Promise<void> {
  await settleAll(all);
  for (const side of brought) {
    for (const [index, part] of parts.entries()) await part.merge!(piecesOf(side[index] ?? []));
  }
}

async function* piecesOf(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function settleAll(parts: readonly StatePart[]): Promise<void> {
  for (const part of parts) await part.settle?.();
}

/** Pieces between who pushes and the one who pulls. */
class PieceSource implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  private readonly onConsumed: (bytes: number) => void;
  private pieces: Uint8Array[] = [];
  private taken = 0;
  private ended = false;
  private dropped = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  constructor(onConsumed: (bytes: number) => void) {
    this.onConsumed = onConsumed;
  }

  push(bytes: Uint8Array): void {
    if (this.ended) return;
    if (this.dropped) {
      this.onConsumed(bytes.length);
      return;
    }
    this.pieces.push(bytes);
    this.signal();
  }

  end(error: Error | undefined): void {
    if (error !== undefined) this.error ??= error;
    this.ended = true;
    this.signal();
  }

  /** Nothing more is wanted. */
  drop(): void {
    this.dropped = true;
    const left = this.pieces.slice(this.taken);
    this.pieces = [];
    this.taken = 0;
    this.onConsumed(left.reduce((sum, { length }) => sum + length, 0));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.error !== undefined) throw this.error;
      const piece = this.pieces[this.taken];
      if (piece !== undefined) {
        if (++this.taken === this.pieces.length) {
          this.pieces = [];
          this.taken = 0;
        }
        this.onConsumed(piece.length);
        return { done: false, value: piece };
      }
      if (this.ended || this.dropped) return { done: true, value: undefined };
      await new Promise<void>(resolve => {
        this.wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.drop();
    return { done: true, value: undefined };
  }

  private signal(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
