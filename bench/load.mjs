/** The client's side of a workload: what it calls with, the check of the echoes, and the loop that is measured. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { bytesOf, sampleOf } from './workloads.mjs';

/** Loops end at whichever bound they reach first, time or count. */
const mostCalls = 4_000_000;
const latencies = new Float32Array(mostCalls);
const same = value => value;

/** The values of a workload: calls with them over a client, and the check of their echoes. */
export function createLoad(workload, { toNative = same, toPlain = same }) {
  const isBytes = workload.procedure === 'bytes';
  const distinct = isBytes ? workload.checks[1] : 1024;
  const make = isBytes ? index => bytesOf(workload.bytes, index) : sampleOf;
  const values = Array.from({ length: distinct }, (_, index) => make(index));
  const natives = isBytes ? values : values.map(toNative);
  return {
    over(client) {
      const procedure = client[workload.procedure];
      return index => procedure(natives[index % distinct]);
    },
    check(reply, index) {
      const expected = values[index % distinct];
      if (isBytes) assert.equal(Buffer.compare(reply, expected), 0, `echo ${index} has other bytes`);
      else assert.deepEqual({ ...toPlain(reply) }, expected);
    },
  };
}

/** Compares echoes: first one call at a time, then all in flight, so that replies which change places show. */
export async function checkEchoes({ check }, call, [oneByOne, together]) {
  for (let index = 0; index < oneByOne; index++) check(await call(index), index);
  const replies = await Promise.all(Array.from({ length: together }, (_, index) => call(index)));
  for (const [index, reply] of replies.entries()) check(reply, index);
}

/** Until both bounds are reached, `ms` and `calls`, but for `mostMs` at most: slow code is compiled late. */
export async function warmUp(call, inFlight, { ms, calls, mostMs }) {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  do {
    done += (await runCalls(call, inFlight, ms)).calls;
    elapsed = performance.now() - start;
  } while (done < calls && elapsed < mostMs);
}

/** Keeps `inFlight` calls under way for `ms`. Latencies are in microseconds. */
export async function measureCalls(call, inFlight, ms) {
  const { calls, seconds } = await runCalls(call, inFlight, ms);
  const sorted = latencies.subarray(0, calls).sort();
  const percentile = share => sorted[Math.min(calls - 1, Math.floor(calls * share))] * 1000;
  return { calls, seconds, p50: percentile(0.5), p99: percentile(0.99) };
}

async function runCalls(call, inFlight, ms) {
  const start = performance.now();
  const end = start + ms;
  let calls = 0;
  let isOver = false;

  async function keepOneInFlight(first) {
    let before = performance.now();
    for (let index = first; !isOver; index += inFlight) {
      await call(index);
      const after = performance.now();
      if (calls === mostCalls) return;
      latencies[calls++] = after - before;
      before = after;
      isOver ||= after >= end || calls === mostCalls;
    }
  }

  await Promise.all(Array.from({ length: inFlight }, (_, first) => keepOneInFlight(first)));
  return { calls, seconds: (performance.now() - start) / 1000 };
}
