// Commands whose answer need not say anything: what answers must be replog all the same.

import { expect, test } from 'vitest';
import { ReplogClient, UnexpectedAnswer } from '../../src/client/client.ts';
import { startStub } from './stub-server.ts';

test.each([
  ['faults are not set', (client: ReplogClient) => client.setFaults({ hold: true })],
  ['faults are not cleared', (client: ReplogClient) => client.clearFaults()],
])('%s by what answers 200 to anything', async (_, command) => {
  const stub = await startStub((__, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>');
  });
  await expect(command(new ReplogClient({ url: stub.url }))).rejects.toThrow(UnexpectedAnswer);
});

test.each([
  ['nothing', 204, ''],
  ['an object', 200, '{"faults":{}}'],
])('%s is an answer to a command', async (_, status, body) => {
  const stub = await startStub((__, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const client = new ReplogClient({ url: stub.url });
  await client.setFaults({ hold: true });
  await client.clearFaults();
  expect(stub.hits.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
});
