/** Gives state to those who ask: to all who wait at the same time, from one pass over the parts. */
import type { MemberId } from '../member.js';
import type { StatePart } from '../port.js';
import { compareViews, rankOf, type View, type ViewId } from '../view.js';
import type { Mark, Refusal, RequestFrame, Standing, StateFrame } from './frames.js';
import { Saving } from './parts.js';

/** How many bytes may be on their way to an asker that has not taken them. */
export const windowBytes = 8 * 1024 * 1024;
/** Pieces are cut to this length: the receiver takes a message when it is whole. */
const longestPiece = 256 * 1024;
/** Pieces shorter than this are copied behind a header; longer ones follow it as a message of their own. */
const shortPiece = 4096;

/** What a provider needs of its layer. */
export interface ProviderHost {
  send(to: MemberId, frames: readonly (StateFrame | Uint8Array)[]): void;
  /** Saving is over: deliveries go on. */
  released(): void;
}

/** What becomes of a request. */
export type Verdict =
  | 'serve'
  | 'wait'
  | { readonly reason: Refusal; readonly text: string; readonly standing: Standing };

/** Of who has a state. */
export const noStanding: Standing = { grade: 0, before: { counter: 0, creator: 0 } };

/** A request that waits. */
export interface Waiting {
  readonly from: MemberId;
  readonly frame: RequestFrame;
}

interface Asker {
  readonly id: MemberId;
  readonly request: number;
  /** How many bytes may still be sent to it. */
  room: number;
}

export class Provider {
  private readonly host: ProviderHost;
  private waiting: Waiting[] = [];
  private askers: Asker[] = [];
  private saving: Saving | undefined;

  constructor(host: ProviderHost) {
    this.host = host;
  }

  /** While it is, nothing may be delivered. */
  get isSaving(): boolean {
    return this.saving !== undefined;
  }

  get isWaitedFor(): boolean {
    return this.waiting.length > 0;
  }

  /** A member's later request replaces an earlier one. */
  request(from: MemberId, frame: RequestFrame): void {
    this.cancel(from);
    this.waiting.push({ from, frame });
  }

  cancel(from: MemberId): void {
    this.waiting = this.waiting.filter(each => each.from !== from);
    this.keepAskers(id => id !== from);
  }

  credit(from: MemberId, request: number, bytes: number): void {
    const asker = this.askers.find(each => each.id === from && each.request === request);
    if (asker === undefined) return;
    asker.room = Math.min(asker.room + bytes, windowBytes);
    if (this.hasRoom) this.saving?.resume();
  }

  /** Forgets all who are not in this view any more; who asks from a later one may be in it. */
  keepMembers(view: View): void {
    const isMember = (id: MemberId): boolean => rankOf(view, id) >= 0;
    this.waiting = this.waiting.filter(
      ({ from, frame }) => isMember(from) || compareViews(frame.at, view.id) > 0,
    );
    this.keepAskers(isMember);
  }

  /** Sorts those who wait: the ones to be served now are taken out and returned, refused ones are told. */
  take(answer: (request: Waiting) => Verdict): Waiting[] {
    const served: Waiting[] = [];
    this.waiting = this.waiting.filter(each => {
      const verdict = answer(each);
      if (verdict === 'wait') return true;
      if (verdict === 'serve') served.push(each);
      else this.host.send(each.from, [{ type: 'refuse', request: each.frame.request, ...verdict }]);
      return false;
    });
    return served;
  }

  /** Saves the parts for these askers; all have settled before. */
  save(
    askers: readonly Waiting[],
    parts: readonly StatePart[],
    all: readonly StatePart[],
    view: ViewId,
    marks: readonly Mark[],
  ): void {
    this.askers = askers.map(({ from, frame }) => ({
      id: from,
      request: frame.request,
      room: windowBytes,
    }));
    const names = parts.map(({ name }) => name);
    this.toAll(request => [{ type: 'begin', request, view, marks, parts: names }]);
    this.saving = new Saving(parts, all, {
      piece: (part, bytes) => this.piece(part, bytes),
      end: part => this.toAll(request => [{ type: 'end', request, part }]),
      done: () => {
        this.toAll(request => [{ type: 'done', request }]);
        this.release();
      },
      failed: error => {
        const refusal = {
          type: 'refuse',
          reason: 'failed',
          text: error.message,
          standing: noStanding,
        } as const;
        this.toAll(request => [{ ...refusal, request }]);
        this.release();
      },
    });
  }

  stop(): void {
    this.waiting = [];
    this.askers = [];
    this.saving?.stop();
    this.saving = undefined;
  }

  private keepAskers(isWanted: (id: MemberId) => boolean): void {
    if (this.saving === undefined) return;
    this.askers = this.askers.filter(({ id }) => isWanted(id));
    if (this.askers.length === 0) this.release();
    else if (this.hasRoom) this.saving.resume();
  }

  private get hasRoom(): boolean {
    return this.askers.every(({ room }) => room > 0);
  }

  private piece(part: number, bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at += longestPiece) {
      const piece = bytes.length <= longestPiece ? bytes : bytes.subarray(at, at + longestPiece);
      this.toAll(request =>
        piece.length < shortPiece
          ? [{ type: 'piece', request, part, bytes: piece }]
          : [{ type: 'large', request, part, length: piece.length }, piece],
      );
    }
    for (const asker of this.askers) asker.room -= bytes.length;
    return this.hasRoom;
  }

  private toAll(frames: (request: number) => readonly (StateFrame | Uint8Array)[]): void {
    for (const { id, request } of this.askers) this.host.send(id, frames(request));
  }

  private release(): void {
    this.askers = [];
    this.saving?.stop();
    this.saving = undefined;
    this.host.released();
  }
}
