/** What runs in the browser: calls, and a report of what each of them came to. The test bundles it. */
import { CallError, type CallOptions, type Channel, connect } from '@convoke/runtime';
import {
  Ending,
  Feed,
  type Item,
  type Job,
  Ledger,
  Refused,
  type StreamJob,
} from '../../../generated/testing/ledger/index.js';
import type { Report, Told } from './report.js';

declare const location: { readonly host: string; readonly search: string };

const job = (key: string, rest: Partial<Job> = {}): Job => ({
  key,
  work: 0,
  padding: 0,
  ending: Ending.receipt,
  ...rest,
});

/** Has the test do something to the server, in the middle of a call. */
const ask = (duty: string): Promise<unknown> => fetch(`/${duty}`, { method: 'POST' });

async function toldBy(call: Promise<{ readonly key: string; readonly padding: Uint8Array }>): Promise<Told> {
  try {
    const { key, padding } = await call;
    return { kind: 'receipt', key, padding: padding.length };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', key: error.data.key };
    if (error instanceof CallError) return { kind: 'failed', code: error.code, outcome: error.outcome };
    throw error;
  }
}

function* items(count: number): Iterable<Item> {
  for (let sequence = 0; sequence < count; sequence++) yield { sequence, padding: new Uint8Array(1000) };
}

/** Each shape of streams, of which each is longer than what may be on its way at a time. */
async function playStreams(channel: Channel): Promise<Report['streams']> {
  const feed = channel.client(Feed);
  const job = (key: string, count: number): StreamJob => ({
    key,
    count,
    padding: 1000,
    ending: Ending.receipt,
    interval: 0,
  });
  const watched: number[] = [];
  for await (const { sequence } of feed.watch(job('watch', 1000))) {
    watched.push(sequence);
    if (sequence === 300) await ask('drop');
  }
  const loaded = await feed.load(job('load', 0), items(1000));
  const talked: number[] = [];
  for await (const { sequence } of feed.talk(job('talk', 0), items(1000))) talked.push(sequence);
  let left = 0;
  for await (const _ of feed.watch(job('left', 1_000_000))) if (++left === 10) break;
  return { watched, loaded: loaded.count, talked };
}

async function play(): Promise<Report> {
  const report: Record<string, Told> = {};
  const channel = await connect(`ws://${location.host}/calls`);
  const ledger = channel.client(Ledger);
  const once = async (key: string, rest?: Partial<Job>, options: CallOptions = {}): Promise<void> => {
    report[key] = await toldBy(ledger.once(job(key, rest), options));
  };

  await once('receipt');
  await once('metadata', {}, { metadata: { from: 'page', bytes: new Uint8Array(3) } });
  await once('refused', { ending: Ending.refused });
  await once('surprise', { ending: Ending.surprise });
  await once('large', { load: new Uint8Array(3_000_000).fill(7), padding: 2_000_000 });
  await once('late', {}, { deadline: 50 });
  await ledger.note(job('note'));

  const controller = new AbortController();
  const cancelled = once('cancelled', {}, { signal: controller.signal });
  await ask('executed?cancelled');
  controller.abort();
  await cancelled;

  const dropped = once('dropped');
  await ask('executed?dropped');
  await ask('drop');
  await dropped;

  const streams = await playStreams(channel);

  const elsewhere = await connect(new URLSearchParams(location.search).get('elsewhere')!);
  report.elsewhere = await toldBy(elsewhere.client(Ledger).once(job('elsewhere')));
  await elsewhere.close();

  const unreachable = await connect('tcp://127.0.0.1:1').catch((error: Error) => error.message);
  const { retransmitted } = channel.stats();
  await channel.close();
  return { told: report, streams, unreachable: String(unreachable), retransmitted };
}

play()
  .catch(
    (error: Error): Report => ({
      told: {},
      streams: { watched: [], loaded: 0, talked: [] },
      unreachable: '',
      retransmitted: 0,
      thrown: error.stack ?? String(error),
    }),
  )
  .then(report => fetch('/report', { method: 'POST', body: JSON.stringify(report) }));
