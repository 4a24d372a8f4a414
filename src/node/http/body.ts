// Reads request bodies. The rule: bytes are counted while they arrive, chunked or not, and what is
// over the limit is refused without being kept; what is left of it is drained first, so that the
// client gets to read the answer.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { BodyRoom } from './body-room.ts';
import { type Call, header } from './call.ts';
import { excessIn, PEER_VALUES_MAX, VALUES_MAX } from './excess.ts';
import { askForBody, isHeld } from './expectation.ts';
import { isJson } from './media-type.ts';
import { invalid, problem, RequestRefused } from './problems.ts';
import { checked } from './validation.ts';

/** Client routes (contract, section 2). */
export const BODY_LIMIT: number = 1 << 20;

/** `POST /messages/batch` (contract, section 3). */
export const BATCH_LIMIT: number = 16 << 20;

/** Node-to-node routes. A batch may be one message as long as BATCH_LIMIT, which must still fit
 * with everything that stands around it, or its replication would be stuck for ever (B61). */
export const PEER_LIMIT: number = BATCH_LIMIT + (1 << 20);

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reads a JSON body and checks it. Throws RequestRefused: 415 for another media type, 413 above
 * `limit` bytes, 400 for anything that is not UTF-8, not JSON, or not as the schema says.
 * `ifEmpty` stands in for an absent body; without it that is malformed JSON. `briefly` may
 * know a shorter way to what the schema gives; null: not for this body.
 */
export async function readJson<T>(
  call: Call,
  limit: number,
  schema: z.ZodType<T>,
  ifEmpty?: unknown,
  briefly?: (bytes: Buffer) => T | null,
): Promise<T> {
  const type = header(call, 'content-type');
  const isOther = type === undefined ? hasBody(call) : !isJson(type);
  // A body that may be absent is looked at first: it may be empty, whatever the headers announce
  // (chunked without a chunk, or `curl -d ''`, which names the type of a form).
  if (isOther && ifEmpty === undefined) refuseType(type);
  const bytes = await readBody(call, limit);
  if (bytes.length === 0 && ifEmpty !== undefined) return checked(schema, ifEmpty);
  if (isOther) refuseType(type);
  const valuesMax = limit <= BATCH_LIMIT ? VALUES_MAX : PEER_VALUES_MAX;
  return jsonIn(bytes, schema, briefly, valuesMax);
}

const noFields = z.strictObject({});

/** For a route that takes nothing from a body. Whoever sends one means something by it, which
 * would not be done: throws as `readJson` does, unless it is empty or `{}`. */
export async function refuseFields(call: Call): Promise<void> {
  await readJson(call, BODY_LIMIT, noFields, {});
}

/** `readJson` for bytes that are there: 400 for what is not UTF-8, not JSON, or not as the schema
 * says. */
export function jsonIn<T>(
  bytes: Buffer,
  schema: z.ZodType<T>,
  briefly?: (bytes: Buffer) => T | null,
  valuesMax: number = PEER_VALUES_MAX,
): T {
  return briefly?.(bytes) ?? checked(schema, parse(bytes, valuesMax));
}

/** Reads the whole body. Throws RequestRefused: 413 above `limit` bytes, 415 for one that is sent
 * in any other form than its own. */
export async function readBody(call: Call, limit: number): Promise<Buffer> {
  refuseEncoded(call);
  const length = header(call, 'content-length');
  const incoming = call.env?.incoming;
  if (length !== undefined && Number(length) > limit) {
    if (incoming !== undefined && !isHeld(incoming)) await drained(incoming);
    throw tooLarge(limit);
  }
  if (incoming === undefined) return fromWeb(call.req.raw, limit);
  askForBody(incoming);
  // Other nodes are few, and each has a bounded number of requests under way. What they send
  // must arrive: a crowd of clients that fills the room must not stop replication.
  const room = limit <= BATCH_LIMIT ? call.env.bodies : undefined;
  return fromNode(incoming, limit, room, call.env);
}

/** What is compressed must not be taken for what it says. Node undoes the chunks, and hands over
 * what any coding before them has made of the body. */
function refuseEncoded(call: Call): void {
  const encoding = header(call, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    refuseMedia('Compressed bodies are not accepted.');
  }
  const transfer = header(call, 'transfer-encoding');
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    refuseMedia('No transfer encoding but chunked is accepted.');
  }
}

function refuseType(type: string | undefined): never {
  const got = type === undefined ? 'no content type' : 'another content type';
  refuseMedia(`The body has ${got}; send application/json.`);
}

function refuseMedia(detail: string): never {
  throw new RequestRefused(problem('unsupported-media-type', detail));
}

const tooLarge = (limit: number): RequestRefused =>
  new RequestRefused(problem('too-large', `The body is longer than ${limit} bytes.`, { limit }));

const tooMuch = (): RequestRefused =>
  new RequestRefused(problem('overloaded', 'Too much is being sent to this node already.'));

function hasBody(call: Call): boolean {
  if (call.env?.incoming === undefined) return call.req.raw.body !== null;
  const length = header(call, 'content-length');
  return (
    (length !== undefined && length !== '0') || header(call, 'transfer-encoding') !== undefined
  );
}

function parse(bytes: Buffer, valuesMax: number): unknown {
  if (!isUtf8(bytes)) throw malformed('is not valid UTF-8');
  const excess = excessIn(bytes, valuesMax);
  if (excess !== null) throw malformed(excess);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed(bytes.length === 0 ? 'is empty' : 'is not valid JSON');
  }
}

const malformed = (what: string): RequestRefused =>
  new RequestRefused(invalid([{ path: '', message: `the body ${what}` }]));

interface Settle {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (refusal: RequestRefused) => void;
}

/** Node's own stream: events only, because a web stream around it costs more than the append. */
function fromNode(
  incoming: IncomingMessage,
  limit: number,
  room: BodyRoom | undefined,
  env: Call['env'],
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // null: the body is whole. Whoever may settle a promise holds what it came to.
    let settle: Settle | null = { resolve, reject };
    const finish = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut);
    };
    const refuse = (refusal: RequestRefused, kept: number): void => {
      finish();
      room?.giveBack(kept);
      chunks.length = 0;
      const refused = settle?.reject;
      void drained(incoming).then(() => refused?.(refusal));
    };
    const onData = (chunk: Buffer): void => {
      const kept = size;
      size += chunk.length;
      if (size > limit) refuse(tooLarge(limit), kept);
      else if (room?.take(chunk.length, size) === false) refuse(tooMuch(), kept);
      else chunks.push(chunk);
    };
    // The listeners go with the request: taking them off costs as much as parsing a short body. It
    // may wait long for its write concern, so they keep nothing of the body.
    const onEnd = (): void => {
      const whole = settle?.resolve;
      settle = null;
      const handOver = (since?: number): void => {
        env.bodyAt = since;
        whole?.(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
        chunks.length = 0;
      };
      if (room === undefined) handOver();
      else room.whole(size, handOver);
    };
    const onCut = (): void => {
      if (settle === null) return;
      finish();
      room?.giveBack(size);
      incoming.on('error', ignored);
      settle.reject(malformed('ended too early'));
    };
    incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}

/** What is read into nothing before a refusal: the largest body of any route, a few times over. */
const DRAIN_BYTES: number = 64 << 20;
const DRAIN_MS = 1_000;

/** Resolves when the client has sent everything, or enough. Whoever is still sending reads no
 * answer, and if the connection closes behind the answer, the answer is lost with what was on
 * its way. */
function drained(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let size = 0;
    const finish = (): void => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', finish).off('close', finish);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > DRAIN_BYTES) finish();
    };
    const timer = setTimeout(finish, DRAIN_MS);
    incoming.on('error', ignored);
    incoming.on('data', onData).on('end', finish).on('close', finish).resume();
  });
}

/** The connection is gone and nobody reads the answer: there is nothing left to report. */
const ignored = (): void => {};

async function fromWeb(request: Request, limit: number): Promise<Buffer> {
  if (request.body === null) return EMPTY;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
