/** The same seed replays the same run, packet for packet, whatever the process did before. */
import { describe, expect, test } from 'vitest';
import { scenarios } from './cases.js';
import { mixture } from './mixture.js';
import { play, type Scenario } from './stage.js';

const scenarioOf = (number: number) => scenarios.find(each => each.number === number)!;

/**
 * Replies that leave together. Where they stand in the process's memory, and so in how many writes they leave, differs
 * from run to run.
 */
const repliesOfOneTurn: Scenario = {
  number: 101,
  title: 'twenty replies of a kilobyte leave in one turn over TCP',
  faults: { loss: 0.05 },
  async run(stage) {
    await stage.serve();
    const client = await stage.client('tcp');
    await stage.succeed(client, 'once');
    await Promise.all(Array.from({ length: 20 }, () => stage.succeed(client, 'once', { padding: 1000 })));
  },
};

/** A trace costs more than the run itself, so only who looks at it has it kept. */
const traced = (scenario: Scenario): Scenario => ({
  ...scenario,
  faults: { ...scenario.faults, trace: true },
});

describe('the same seed gives the same packet trace', () => {
  const played = [0, 13, 27, 35, 37].map(scenarioOf);
  for (const scenario of [...played, { ...mixture, secured: true }].map(traced)) {
    const { number, secured } = scenario;
    test(`of case ${number}${secured ? ', secured' : ''}, and another seed another`, async () => {
      const trace = await play(scenario, 42);
      expect(trace.length).toBeGreaterThan(1000);
      expect(await play(scenario, 42)).toBe(trace);
      expect(await play(scenario, 43)).not.toBe(trace);
    });
  }

  test(`when ${repliesOfOneTurn.title}, thirty times over`, async () => {
    const traces = new Set<string>();
    for (let run = 0; run < 30; run++) traces.add(await play(traced(repliesOfOneTurn), 7));
    expect(traces.size).toBe(1);
  });
});
