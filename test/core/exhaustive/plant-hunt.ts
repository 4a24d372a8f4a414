// Explores a copy of the sources that has a planted bug, until the judges object; prints how many
// schedules that took, and what they say.

import { exploreOne } from './exploration.ts';
import { SHAPES } from './shape.ts';

const { objections, schedules } = exploreOne(SHAPES.short, 'few', 1);
const judge = objections[0]?.findings[0] ?? null;
process.stdout.write(`${JSON.stringify({ seed: schedules, judge, sentence: '' })}\n`);
