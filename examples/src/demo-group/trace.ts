/** What all members told, and what can be read from it. */
import type { Happening, LineOrder } from './happenings.js';

export interface Traced {
  /** Whom it happened to. */
  readonly member: string;
  readonly happening: Happening;
}

/** A view at one member, with what it delivered in it. */
export interface Stay {
  readonly id: string;
  readonly at: number;
  readonly members: readonly string[];
  readonly primary: boolean;
  readonly delivered: string[];
  /** Those of them that came in total order. */
  readonly ordered: string[];
}

/** A line that was sent, and where it arrived when. */
export interface Flight {
  readonly text: string;
  readonly order: LineOrder;
  readonly from: string;
  readonly sentAt: number;
  readonly arrivals: { readonly member: string; readonly at: number }[];
}

/** Milliseconds after which what is waited for does not come any more. */
const patience = 15_000;

export class Trace {
  readonly all: Traced[] = [];
  /** By the address that the group knows them by. */
  private readonly names = new Map<string, string>();
  private readonly watchers = new Set<() => void>();

  note(member: string, happening: Happening): void {
    this.all.push({ member, happening });
    for (const watch of [...this.watchers]) watch();
  }

  /** From now on the member of this address goes by its name. */
  name(address: string, name: string): void {
    this.names.set(address, name);
    for (const watch of [...this.watchers]) watch();
  }

  nameOf(address: string): string {
    return this.names.get(address) ?? '?';
  }

  /** Waits until it is so. @throws when it does not become so */
  until(what: string, isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!isSo()) return;
        clearTimeout(timer);
        this.watchers.delete(watch);
        resolve();
      };
      const timer = setTimeout(() => {
        this.watchers.delete(watch);
        reject(new Error(`waited ${patience / 1000} s in vain until ${what}`));
      }, patience);
      this.watchers.add(watch);
      watch();
    });
  }

  /** The views that a member was in, in their order. */
  staysOf(member: string): Stay[] {
    const stays: Stay[] = [];
    for (const { member: told, happening } of this.all) {
      if (told !== member) continue;
      if (happening.type === 'view') stays.push({ ...happening, delivered: [], ordered: [] });
      else if (happening.type === 'delivered') {
        stays.at(-1)?.delivered.push(happening.text);
        if (happening.order === 'total') stays.at(-1)?.ordered.push(happening.text);
      }
    }
    return stays;
  }

  /** The view that a member is in. */
  viewOf(member: string): Stay | undefined {
    return this.staysOf(member).at(-1);
  }

  /** Whether each of these is in a view of exactly these. */
  areTogether(members: readonly string[]): boolean {
    const wanted = [...members].sort().join();
    return members.every(member => {
      const names = this.viewOf(member)?.members.map(address => this.nameOf(address));
      return names?.sort().join() === wanted;
    });
  }

  /** What a member delivered since then, of the lines that were sent in this order. */
  deliveredBy(member: string, since: number, order: LineOrder): string[] {
    return this.all.flatMap(({ member: told, happening: each }) =>
      told === member && each.type === 'delivered' && each.order === order && each.at >= since
        ? [each.text]
        : [],
    );
  }

  /** What a member has sent, each line once. */
  sentBy(member: string, order: LineOrder): string[] {
    const texts = this.all.flatMap(({ member: told, happening }) =>
      told === member && happening.type === 'sent' && happening.order === order ? [happening.text] : [],
    );
    return [...new Set(texts)];
  }

  /** The lines that were sent in a span of time. A line that was said twice has two flights. */
  flights(from: number, to: number): Flight[] {
    const flights: Flight[] = [];
    for (const { member, happening } of this.all) {
      if (happening.type === 'sent') {
        const { text, order, at } = happening;
        flights.push({ text, order, from: member, sentAt: at, arrivals: [] });
      }
    }
    for (const { member, happening } of this.all) {
      if (happening.type !== 'delivered') continue;
      const { text, at } = happening;
      flights.findLast(each => each.text === text && each.sentAt <= at)?.arrivals.push({ member, at });
    }
    return flights.filter(({ sentAt }) => from <= sentAt && sentAt <= to);
  }
}
