/** What a process of the measurement can be asked for, a duty at a time. */
import process from 'node:process';

/** Offers duties to the process that started this one, and ends with it. */
export function offer(duties) {
  process.on('message', async ({ duty, argument }) => {
    try {
      process.send({ value: await duties[duty](argument) });
    } catch (error) {
      process.send({ error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send({ value: 'ready' });
}
