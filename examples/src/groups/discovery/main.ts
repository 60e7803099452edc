/** `npm run example:discovery` */
import { thisMachine } from '../scene.js';
import { playDiscovery } from './play.js';

await playDiscovery(thisMachine);
