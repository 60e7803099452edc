/** Where nobody listens, nothing is made of events. */
import { afterEach, expect, test, vi } from 'vitest';
import * as observedCall from '../../runtime/src/request-reply/observed-call.js';
import * as observedReceipt from '../../runtime/src/request-reply/observed-receipt.js';
import { job, play } from '../runtime/ledger.js';

vi.mock('../../runtime/src/request-reply/observed-call.js', { spy: true });
vi.mock('../../runtime/src/request-reply/observed-receipt.js', { spy: true });

/** Whatever fills events calls one of these. */
const makers = [...Object.values(observedCall), ...Object.values(observedReceipt)].map(each =>
  vi.mocked(each),
);
const made = () => makers.reduce((sum, maker) => sum + maker.mock.calls.length, 0);

afterEach(() => void vi.clearAllMocks());

const settings = { world: { loss: 0.2, duplicate: 0.2, latency: 5 } };

test('calls without listeners make no events, nor calls when the last listener has gone', () =>
  play(
    {},
    async ({ client, channel, server }) => {
      expect(makers.length).toBeGreaterThan(5);
      for (let i = 0; i < 10; i++) await client.once(job(`${i}`));
      expect(made()).toBe(0);
      const stop = [channel.subscribe(() => {}), server.subscribe(() => {})];
      await client.once(job('heard'));
      expect(made()).toBeGreaterThan(5);
      for (const each of stop) each();
      vi.clearAllMocks();
      for (let i = 0; i < 10; i++) await client.once(job(`again ${i}`));
      expect(made()).toBe(0);
    },
    settings,
  ));

test('who listens to one side has nothing made on the other', () =>
  play(
    {},
    async ({ client, channel }) => {
      channel.subscribe(() => {});
      await client.once(job('a'));
      expect(observedReceipt.aboutReceived).not.toHaveBeenCalled();
      expect(observedCall.observe).toHaveBeenCalledOnce();
    },
    settings,
  ));
