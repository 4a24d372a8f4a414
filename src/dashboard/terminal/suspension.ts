// Stopped by a shell's job control (Ctrl-Z) and continued (`fg`): the terminal is given back before
// the process stops, and taken again when it goes on. The rule: who is asked to stop leaves a shell
// the screen that it knows.

/** What holds the terminal. */
export interface Holder {
  /** Gives it back. */
  release(): void;
  /** Takes it again, also where it was never given back: what continues a process may have changed
   * the terminal's modes, and others may have written to it. */
  retake(): void;
}

export interface JobControl {
  /** Stops this process and those it was started with (npx), as a terminal does on Ctrl-Z. */
  suspend(): void;
  /** Obeys no more. */
  end(): void;
}

/** Obeys until it is ended. */
export function obeyJobControl({ release, retake }: Holder): JobControl {
  // The terminal is given back first: the shell takes it as soon as whoever it waits for has
  // stopped, and from then on what this process sets there would stop it once more.
  const stop = (whom: number): void => {
    release();
    // Only without a listener does the signal stop this process: it stands still in `kill` until it
    // is continued. Where nobody could continue it, the system does not stop it at all.
    process.off('SIGTSTP', onStop);
    process.kill(whom, 'SIGTSTP');
    process.on('SIGTSTP', onStop);
    retake();
  };
  const onStop = (): void => stop(process.pid);
  process.on('SIGTSTP', onStop).on('SIGCONT', retake);
  return {
    suspend: () => stop(0),
    end: () => void process.off('SIGTSTP', onStop).off('SIGCONT', retake),
  };
}
