/** `npm run demo:group`: what a group of processes promises each other, while one is killed and the network is cut. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { paint } from '../demo/table.js';
import { Cast } from './cast.js';
import { comeBack, killCoordinator, meet, speakAtOnce, split, victim } from './chapters.js';
import { drawScenes } from './diagram.js';
import { judge } from './promises.js';
import { heading, milliseconds, tell } from './show.js';

const { values } = parseArgs({
  options: {
    svg: { type: 'string', default: join(tmpdir(), 'convoke-group-demo.svg') },
    // Milliseconds in which the survivors of the kill must have their view. A machine that does more than this may need more.
    within: { type: 'string', default: '1000' },
  },
});

async function play(cast: Cast): Promise<void> {
  console.log(paint('bold', 'How processes agree: a story in seven chapters'));
  await meet(cast);
  const atOnce = await speakAtOnce(cast);
  const { scene: kill, recovery } = await killCoordinator(cast);
  await comeBack(cast);
  const { scene: partition, reunion } = await split(cast);

  heading(7, 'Was it so? Each promise, held against all that the processes saw');
  const journals = await cast.journals();
  const verdicts = judge({
    trace: cast.trace,
    everybody: [victim, ...cast.names],
    journals,
    killed: victim,
    recovery,
    within: Number(values.within),
  });
  for (const { promise, broken } of verdicts) {
    tell(
      broken === undefined
        ? `${paint('green', '✓')} ${promise}`
        : `${paint('yellow', '✗')} ${promise}: ${broken}`,
    );
  }
  await cast.leave();

  writeFileSync(values.svg, drawScenes(cast.trace, [atOnce, kill, partition]));
  console.log(`\nA picture of this run: ${values.svg}`);
  const broken = verdicts.filter(each => each.broken !== undefined);
  if (broken.length > 0) {
    process.exitCode = 1;
    console.log(paint('yellow', `\nBROKEN: ${broken.map(({ promise }) => promise).join('; ')}`));
    return;
  }
  const lines = [...journals.values()][0]!.length;
  const seen = `a new view ${milliseconds(recovery)} after kill -9, one view ${milliseconds(reunion)} after the network healed, and ${journals.size} journals of ${lines} lines that are one.`;
  console.log(paint('green', `\nAll promises kept: ${seen}`));
}

const cast = new Cast();
try {
  await play(cast);
} finally {
  await cast.stop();
}
