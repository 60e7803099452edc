import { describe, expect, it } from 'vitest';
import { createGrantedKeys } from '../../../runtime/src/transport/granted-keys.js';
import { createSeal, secretBytes } from '../../../runtime/src/transport/seal.js';
import { createManualClock } from '../request-reply/support.js';

const minute = 60_000;

function createBench(most = 10) {
  const clock = createManualClock();
  const keys = createGrantedKeys(clock, most);
  const grant = (name: string) => {
    const seal = createSeal(Buffer.alloc(secretBytes), Buffer.from(name.padEnd(8)), 'server');
    keys.add(seal, undefined);
    return seal.id;
  };
  const hear = (id: string) => {
    keys.find(id)!.lastHeard = clock.now();
  };
  return { clock, keys, grant, hear };
}

describe("a server's keys", () => {
  it('are as many as it was told', () => {
    const { keys, grant } = createBench(2);
    grant('a');
    expect(keys.isFull).toBe(false);
    grant('b');
    expect(keys.isFull).toBe(true);
  });

  it('are dropped soon when nothing comes with them', () => {
    const { clock, keys, grant } = createBench();
    const id = grant('a');
    clock.advance(30_000);
    expect(keys.find(id)).toBeDefined();
    clock.advance(15_001);
    expect(keys.find(id)).toBe(undefined);
  });

  it('are dropped when nothing came for ten minutes', () => {
    const { clock, keys, grant, hear } = createBench();
    const [used, unused] = [grant('a'), grant('b')];
    for (const id of [used, unused]) hear(id);
    for (let passed = 0; passed < 11 * minute; passed += minute) {
      clock.advance(minute);
      hear(used);
    }
    expect(keys.find(used)).toBeDefined();
    expect(keys.find(unused)).toBe(undefined);
  });

  it('are dropped after two hours, however much they are used', () => {
    const { clock, keys, grant, hear } = createBench();
    const id = grant('a');
    for (let passed = 0; passed < 120 * minute; passed += minute) {
      hear(id);
      clock.advance(minute);
    }
    expect(keys.find(id)).toBeDefined();
    clock.advance(minute);
    expect(keys.find(id)).toBe(undefined);
    expect(keys.isFull).toBe(false);
  });
});
