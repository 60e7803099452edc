/** `npm run example:cache` */
import { thisMachine } from '../scene.js';
import { playCache } from './play.js';

await playCache(thisMachine);
