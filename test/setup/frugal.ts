// What V8 is told in processes that compute while others do, too: the tests themselves, and the
// simulator's share of them.

/** From this version of Node on nobody has measured the setting, and 24 does not start with it. */
const BUDGET_UNTIL = 22;

/** Has V8 optimize a function after so many bytes of its bytecode have run. Node 20 has 67,584.
 * Empty where V8 may not know it. */
export function optimizedAfter(bytes: number): readonly string[] {
  const version = Number.parseInt(process.versions.node, 10);
  return version < BUDGET_UNTIL ? [`--interrupt-budget=${bytes}`] : [];
}

/** By itself V8 collects garbage on four more threads, and compiles more eagerly: nearly a quarter
 * more processor time for the unit tests, and a fifth more waiting on two processors. */
export const FRUGAL: readonly string[] = ['--single-threaded-gc', ...optimizedAfter(300_000)];
