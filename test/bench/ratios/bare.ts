// The machine's own limit for a Node server: a Hono POST that parses its body and answers.

import { fileURLToPath } from 'node:url';
import { eventually, freePorts, type Subject, start, stopAll } from './subject.ts';

const PROGRAM = fileURLToPath(new URL('bare-server.mjs', import.meta.url));

export async function bareHono(): Promise<Subject> {
  const [port] = await freePorts(1);
  const child = start(process.execPath, [PROGRAM, String(port)]);
  const url = `http://127.0.0.1:${port}`;
  await eventually(() => fetch(url, { method: 'POST', body: '{}' }));
  return { name: 'bare Hono POST', url, pids: [child.pid!], stop: () => stopAll([child]) };
}
