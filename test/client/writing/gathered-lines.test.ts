// Lines in the answer to appends that travel together that are none, and appends that are none.

import { expect, test } from 'vitest';
import { OutcomeUnknown, ReplogClient } from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import { sendProblem, startStub } from '../stub-server.ts';

test.each([
  'null',
  '17',
  '{"n":1}',
  '{"n":1,"status":null}',
  '{"n":1,"status":503,"headers":null,"body":{"code":"no-master"}}',
  '{"n":"map","status":201,"body":{"acks":[]}}',
  '{"n":1,"sta',
])('%s ends the answer: those without a line are in doubt', async (line) => {
  const first = '{"n":0,"status":201,"body":{"index":7,"acks":["n1"]}}';
  const stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(`${first}\n${line}\n`);
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace(), retryForMs: 0 });
  const [answered, doubtful] = await Promise.allSettled([client.append('a'), client.append('b')]);
  expect(answered).toMatchObject({ value: { index: 7 } });
  expect(doubtful).toMatchObject({ reason: expect.any(OutcomeUnknown) });
});

test.each([undefined, null, 17])(
  '%s is no message: that is for the node to refuse',
  async (none) => {
    const stub = await startStub((_, response) => sendProblem(response, 400, 'invalid-request'));
    const client = new ReplogClient({ url: stub.url, pace: quickPace() });
    const refused = { status: 400, code: 'invalid-request' };
    await expect(client.append(none as never)).rejects.toMatchObject(refused);
  },
);

test('one that cannot be sent fails alone, with its reason', async () => {
  const stub = await startStub((request, response) => {
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ index: 1, acks: [request.path] }));
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const [wrong, right] = await Promise.allSettled([
    client.append('a', { w: 1n as never }),
    client.append('b'),
  ]);
  expect(wrong).toMatchObject({ reason: expect.any(TypeError) });
  expect(right).toMatchObject({ value: { index: 1, acks: ['/messages'] } });
});

test('what answers anything is not the cluster, for many as for one', async () => {
  const stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const answers = await Promise.allSettled([client.append('a'), client.append('b')]);
  const reason = expect.objectContaining({ name: 'UnexpectedAnswer', status: 200 });
  expect(answers).toMatchObject([{ reason }, { reason }]);
  expect(stub.hits).toHaveLength(1);
});

test('one acknowledgement is none of the appends that travelled together', async () => {
  const stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ index: 1, acks: ['n1'] }));
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const answers = await Promise.allSettled([client.append('a'), client.append('b')]);
  const reason = expect.objectContaining({ name: 'UnexpectedAnswer', status: 200 });
  expect(answers).toMatchObject([{ reason }, { reason }]);
});
