/** A view of a hundred members; `npm run test:soak` makes one of two hundred. */
import { test } from 'vitest';
import { playManyMembers } from './many-members.js';

test('100 members are in one view, take each other’s messages in one order, and exclude one that dies', () =>
  playManyMembers(100));
