import { createApp } from '../../../src/node/api/app.ts';
import { type Clock, systemClock } from '../../../src/node/clock.ts';
import { FakeEngine } from '../fake-engine.ts';

/** A node over a fake engine, whose clock goes on by hand. */
export function readingNode() {
  const engine = new FakeEngine();
  const stopping = new AbortController();
  const beats: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock(),
    after: (_ms, callback) => {
      beats.push(callback);
      return () => beats.splice(beats.indexOf(callback), 1);
    },
  };
  const app = createApp(engine, { stopping: stopping.signal, clock, streamsMax: 2 });
  return { engine, app, stopping, beats };
}
