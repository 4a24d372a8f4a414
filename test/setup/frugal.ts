// What V8 is told in processes that compute while others do, too: the tests themselves, and the
// simulator's share of them.

/** By itself it collects garbage on four more threads, and compiles twice as eagerly: a sixth more
 * processor time for the unit tests, and a quarter more waiting on two processors. */
export const FRUGAL: readonly string[] = ['--single-threaded-gc', '--interrupt-budget=300000'];
