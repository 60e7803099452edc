/** All scenarios that groups must survive, by their numbers. */
import { agreeing } from './scenarios/agreeing.js';
import { calling } from './scenarios/calling.js';
import { failing } from './scenarios/failing.js';
import { flowing } from './scenarios/flowing.js';
import { joiningAndLeaving } from './scenarios/joining-and-leaving.js';
import { losing } from './scenarios/losing.js';
import { merging } from './scenarios/merging.js';
import { ordering } from './scenarios/ordering.js';
import { safety } from './scenarios/safety.js';
import { state } from './scenarios/state.js';
import type { Scenario } from './stage.js';

export const scenarios: readonly Scenario[] = [
  ...joiningAndLeaving,
  ...failing,
  ...losing,
  ...agreeing,
  ...ordering,
  ...merging,
  ...flowing,
  ...state,
  ...calling,
  ...safety,
];
