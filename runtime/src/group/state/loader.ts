/** Gets a state: asks one member after the other until one has given it whole, and loads it. */
import type { MemberId } from '../member.js';
import type { StatePart } from '../port.js';
import type { ViewId } from '../view.js';
import { Credit } from './credit.js';
import type { Standing, StateFrame } from './frames.js';
import { Marks } from './held.js';
import { Loading } from './parts.js';

/** What who asks needs of its layer. */
export interface AskerHost {
  /** Sends a request, and gives its number. */
  request(to: MemberId, forMerge: boolean): number;
  send(to: MemberId, frame: StateFrame): void;
}

export interface LoaderHost extends AskerHost {
  /** All parts are loaded. */
  loaded(): void;
  /** Everybody was asked, and refused. */
  exhausted(): void;
  /** It is of no use to ask anybody else. */
  failed(error: Error): void;
}

/** Which point of the message order a state is of. */
export interface Snapshot {
  readonly view: ViewId;
  readonly marks: Marks;
}

export class Loader {
  /** What is loaded, or being loaded. */
  snapshot: Snapshot | undefined;
  /** Whether all of the snapshot has arrived: it will be loaded, whoever dies. */
  isComplete = false;
  /** Whether a part may have lost what it held before. */
  isTouched = false;
  /** How saving failed at the latest member where it did. */
  saveError: Error | undefined;
  private readonly parts: readonly StatePart[];
  private readonly host: LoaderHost;
  /** Who refused, and how far it is. */
  readonly refused = new Map<MemberId, Standing>();
  private candidates: readonly MemberId[] = [];
  private asked: { readonly id: MemberId; readonly request: number; readonly round: number } | undefined;
  /** Counts views: a refusal counts for nothing in a later one, since who refused may have got the state meanwhile. */
  private round = 0;
  private credit: Credit | undefined;
  private loading: Loading | undefined;
  private partsAreLoaded = false;

  constructor(parts: readonly StatePart[], host: LoaderHost) {
    this.parts = parts;
    this.host = host;
  }

  /** Whether the parts are loaded, from the whole of the snapshot. */
  get isLoaded(): boolean {
    return this.isComplete && this.partsAreLoaded;
  }

  /** Whom to ask, the best one first. Goes on to another member when the one that was asked is not among them. */
  ask(candidates: readonly MemberId[]): void {
    this.candidates = candidates;
    this.round++;
    this.refused.clear();
    if (this.isComplete) return;
    if (this.asked !== undefined) {
      if (candidates.includes(this.asked.id)) return;
      this.abandon('the member that gave its state has left the view');
    }
    this.next();
  }

  /** Asks everybody again, unless somebody was found meanwhile. */
  again(): void {
    if (this.asked !== undefined) return;
    this.refused.clear();
    this.saveError = undefined;
    this.next();
  }

  /** What was loaded is of a point that is no part of this member's history: another state is needed. */
  discard(): void {
    this.abandon('the state is that of a view which did not come about here');
    this.next();
  }

  /** @returns whether it was an answer to this one's request */
  take(from: MemberId, frame: StateFrame): boolean {
    if (this.asked?.id !== from || this.asked.request !== frame.request) return false;
    switch (frame.type) {
      case 'refuse':
        this.refuse(from, frame);
        break;
      case 'begin':
        this.begin(from, frame.request, frame.view, new Marks(frame.marks), frame.parts);
        break;
      case 'piece':
        this.loading?.piece(frame.part, frame.bytes);
        break;
      case 'end':
        this.loading?.end(frame.part);
        break;
      case 'done':
        this.isComplete = true;
        this.check();
        break;
    }
    return true;
  }

  /** Ends everything. */
  stop(error: Error): void {
    this.loading?.abort(error);
    this.asked = undefined;
  }

  private next(): void {
    const id = this.candidates.find(candidate => !this.refused.has(candidate));
    if (id === undefined) this.host.exhausted();
    else this.asked = { id, request: this.host.request(id, false), round: this.round };
  }

  private refuse(from: MemberId, { reason, text, standing }: StateFrame & { type: 'refuse' }): void {
    if (reason === 'parts') {
      this.fitsNot([]);
      return;
    }
    if (reason === 'failed') this.saveError = new Error(`no member could save the group's state: ${text}`);
    if (this.asked?.round === this.round) this.refused.set(from, standing);
    this.abandon('the member that gave its state could not go on');
    this.next();
  }

  private begin(from: MemberId, request: number, view: ViewId, marks: Marks, names: readonly string[]): void {
    if (this.parts.map(({ name }) => name).join() !== names.join()) {
      this.fitsNot(names);
      return;
    }
    this.snapshot = { view, marks };
    this.isTouched = true;
    this.credit = new Credit(bytes => this.host.send(from, { type: 'credit', request, bytes }));
    const { credit } = this;
    this.loading = new Loading(this.parts, this.loading?.finished, {
      consumed: bytes => credit.consumed(bytes),
      done: () => {
        this.partsAreLoaded = true;
        this.check();
      },
      failed: error =>
        this.host.failed(new Error(`the state could not be loaded: ${error.message}`, { cause: error })),
    });
  }

  private fitsNot(names: readonly string[]): void {
    const mine = this.parts.map(({ name }) => name);
    this.host.failed(new Error(differentParts(mine, names)));
  }

  private check(): void {
    if (this.isLoaded) this.host.loaded();
  }

  private abandon(why: string): void {
    const { asked } = this;
    if (asked !== undefined && !this.isComplete && this.candidates.includes(asked.id)) {
      this.host.send(asked.id, { type: 'cancel', request: asked.request });
    }
    this.asked = undefined;
    this.loading?.abort(new Error(why));
    this.snapshot = undefined;
    this.partsAreLoaded = false;
    this.isComplete = false;
  }
}

export function differentParts(mine: readonly string[], theirs: readonly string[]): string {
  const list = (names: readonly string[]): string => names.map(name => `'${name}'`).join(', ') || 'none';
  return (
    `the parts of the group's state differ: ${list(mine)} here, ${list(theirs)} at the member that was asked; ` +
    'join with the same parts at all members'
  );
}
