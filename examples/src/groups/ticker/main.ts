/** `npm run example:ticker` */
import { thisMachine } from '../scene.js';
import { playTicker } from './play.js';

await playTicker(thisMachine);
