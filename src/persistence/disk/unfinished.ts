// The rule for every file that is written as a whole: under another name first, so that a crash
// leaves all of it or nothing.

/** Suffix of a file that is not finished; recovery removes what a crash leaves of it. */
export const UNFINISHED = '.tmp';
