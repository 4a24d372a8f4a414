// How a command that serves ends when a signal comes before the program listens to signals, or when
// it does no more: in order, with the code that is settled so far. Nothing of it runs then that
// would have to be stopped.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Ends the process on the first of these signals, as long as nobody else listens to it. */
export function endEarly(command) {
  // Ctrl-C reaches every process of a terminal: a node waits for its launcher's word.
  const waits = process.send !== undefined && command !== 'cluster';
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (waits && name !== 'SIGTERM') return;
      if (process.listenerCount(name) === 1) process.exit();
    });
  }
}
