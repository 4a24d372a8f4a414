// A Hono POST on any path: parses the JSON it gets and answers with as much as replog does.

import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();
app.post('*', async (c) => {
  await c.req.json();
  return c.json({ index: 1, w: 3, acks: ['n1', 'n2', 'n3'], durable: true, ms: 1.234 }, 201);
});
serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' });
