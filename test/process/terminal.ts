// A real terminal: tmux is one, and can be asked what it shows.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { until } from './program.ts';

/** Whether there is a tmux to try things in. */
export const tmuxWorks: boolean = spawnSync('tmux', ['-V']).status === 0;
if (!tmuxWorks) process.stderr.write('no tmux here: nothing is tried on a terminal\n');

/** A shell in a tmux of its own. */
export class Terminal {
  readonly #socket: string;

  constructor(folder: string, env: Readonly<Record<string, string>>, columns = 120, rows = 40) {
    this.#socket = join(folder, 'tmux');
    const settings = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const shell = ['sh', '-c', 'PS1="ready> " exec sh'];
    const size = ['-x', `${columns}`, '-y', `${rows}`];
    this.run('-f', '/dev/null', 'new-session', '-d', '-s', 't', ...size, ...settings, ...shell);
  }

  run(...args: readonly string[]): string {
    const { stdout } = spawnSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
    return stdout;
  }

  type(...keys: readonly string[]): void {
    this.run('send-keys', '-t', 't', ...keys);
  }

  get screen(): string {
    return this.run('capture-pane', '-p', '-t', 't');
  }

  /** Whether the alternate screen is on, and the cursor shown. */
  get modes(): string {
    return this.run('display', '-p', '-t', 't', '#{alternate_on} #{cursor_flag}').trim();
  }

  shows(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    const look = async (): Promise<string> => this.screen;
    return until(look, (screen) => pattern.test(screen), `the screen shows ${pattern}`, timeoutMs);
  }

  close(): void {
    this.run('kill-server');
  }
}
