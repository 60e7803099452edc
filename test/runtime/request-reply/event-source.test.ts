import { describe, expect, it } from 'vitest';
import { createEventSource } from '../../../runtime/src/request-reply/event-source.js';
import { createManualPlatform } from './support.js';

interface Events {
  readonly sent: { readonly bytes: number };
  readonly lost: object;
}

function createSource() {
  const { clock } = createManualPlatform('events').platform;
  return createEventSource<Events>({ ...clock, now: () => 7, defer: callback => deferred.push(callback) });
}

const deferred: (() => void)[] = [];

describe('a source of events', () => {
  it('has nothing to call while nobody listens', () => {
    const source = createSource();
    let made = 0;
    const told = (): Events['sent'] => ({ bytes: ++made });
    source.emit?.('sent', told());
    const stop = source.subscribe(() => {});
    source.emit?.('sent', told());
    stop();
    source.emit?.('sent', told());
    expect(made).toBe(1);
    expect(source.emit).toBeUndefined();
  });

  it('tells all who listen, in the order in which they came, with kind and time', () => {
    const source = createSource();
    const told: unknown[] = [];
    source.subscribe(event => told.push(['first', event]));
    source.subscribe(event => told.push(['second', event]));
    source.emit?.('sent', { bytes: 3 });
    const event = { kind: 'sent', at: 7, bytes: 3 };
    expect(told).toEqual([
      ['first', event],
      ['second', event],
    ]);
  });

  it('knows the same function twice by its two subscriptions', () => {
    const source = createSource();
    let told = 0;
    const listener = () => told++;
    const stop = source.subscribe(listener);
    source.subscribe(listener);
    stop();
    stop();
    source.emit?.('lost', {});
    expect(told).toBe(1);
  });

  it('lets listeners come and go while it tells', () => {
    const source = createSource();
    const told: string[] = [];
    const stop = source.subscribe(() => {
      told.push('once');
      stop();
      source.subscribe(() => told.push('later'));
    });
    source.emit?.('lost', {});
    source.emit?.('lost', {});
    expect(told).toEqual(['once', 'later']);
  });

  it('goes on when a listener throws, which is heard of later', () => {
    const source = createSource();
    const told: string[] = [];
    source.subscribe(() => {
      throw new Error('a mistake');
    });
    source.subscribe(({ kind }) => told.push(kind));
    source.emit?.('lost', {});
    expect(told).toEqual(['lost']);
    expect(deferred).toHaveLength(1);
    expect(deferred[0]).toThrow('a mistake');
  });
});
