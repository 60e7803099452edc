/** All cases that calls must survive, by their numbers; 0 is a mixture of them. */
import { addresses } from './cases/addresses.js';
import { attacks } from './cases/attacks.js';
import { cancellationAndDeadlines } from './cases/cancellation-and-deadlines.js';
import { errorsAndCrashes } from './cases/errors-and-crashes.js';
import { fragmentsAndBounds } from './cases/fragments-and-bounds.js';
import { lossAndDuplication } from './cases/loss-and-duplication.js';
import { schedules } from './cases/schedules.js';
import { sizesAndShutdown } from './cases/sizes-and-shutdown.js';
import { streams } from './cases/streams.js';
import { mixture } from './mixture.js';
import type { Scenario } from './stage.js';

export const scenarios: readonly Scenario[] = [
  ...lossAndDuplication,
  ...cancellationAndDeadlines,
  ...errorsAndCrashes,
  ...addresses,
  ...fragmentsAndBounds,
  ...sizesAndShutdown,
  ...streams,
  ...attacks,
  ...schedules,
  mixture,
];
