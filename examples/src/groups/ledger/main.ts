/** `npm run example:ledger` */
import { thisMachine } from '../scene.js';
import { playLedger } from './play.js';

await playLedger(thisMachine);
