import { afterEach, expect, test, vi } from 'vitest';
import type { ReplogClient } from '../../../src/client/client.ts';
import { Questions } from '../../../src/dashboard/cluster/questions.ts';

const newQuestions = () => {
  const made: string[] = [];
  const questions = new Questions((url) => {
    made.push(url);
    return {} as ReplogClient;
  });
  return { made, questions };
};

/** Answered by nobody: it ends when it is given up. */
const unanswered = (_: ReplogClient, signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

afterEach(() => {
  vi.useRealTimers();
});

test('who does not answer in time is given up, and may be asked again', async () => {
  vi.useFakeTimers();
  const { questions } = newQuestions();
  const failed = vi.fn();
  const asked = questions.ask('a', 'u', unanswered, failed);
  expect(await questions.ask('a', 'u', async () => 1)).toBeNull();
  await vi.advanceTimersByTimeAsync(1_499);
  expect(failed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toBeNull();
  expect(failed).toHaveBeenCalledOnce();
  expect(await questions.ask('a', 'u', async () => 1)).toBe(1);
  // A timer left behind keeps the process alive.
  expect(vi.getTimerCount()).toBe(0);
});

test('the end gives up what is open, tells nobody, and nothing is asked after it', async () => {
  const { questions } = newQuestions();
  const [failed, question] = [vi.fn(), vi.fn()];
  const asked = questions.ask('a', 'u', unanswered, failed);
  questions.end();
  expect(await asked).toBeNull();
  expect(await questions.ask('b', 'u', question, failed)).toBeNull();
  expect(failed).not.toHaveBeenCalled();
  expect(question).not.toHaveBeenCalled();
});

test('questions that were answered leave nothing behind that listens', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const { questions } = newQuestions();
  for (let i = 0; i < 1_100; i += 1) await questions.ask(`${i}`, 'u', async () => i);
  // Warnings are told in the next turn.
  await new Promise(setImmediate);
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});

test('a client is made once per address, and not kept for ever', async () => {
  const { made, questions } = newQuestions();
  const ask = (url: string) => questions.ask('a', url, async () => 1);
  for (let i = 0; i < 200; i += 1) await ask(`u${i}`);
  await ask('u0');
  expect(made).toHaveLength(200);
  await ask('another');
  await ask('u0');
  expect(made.slice(200)).toEqual(['another', 'u0']);
});
