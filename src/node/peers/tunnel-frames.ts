// What travels through a tunnel between two nodes (tunnel-caller.ts, tunnel-door.ts): frames of a
// length, a number, and a payload. A request's payload is the body of its POST; an answer has the
// request's number, and its payload is a status and the body. Lengths and numbers are unsigned
// 32-bit, statuses 16-bit, little-endian.

/** What may travel through a tunnel, and the destination that a CONNECT names for it; the number is
 * that of the frames' format. Heartbeats have a tunnel of their own: they never wait behind a
 * Snapshot. */
export const TUNNELS = {
  Snapshot: 'replog-snapshots:1',
  Heartbeat: 'replog-heartbeats:1',
} as const;

export type Tunnelled = keyof typeof TUNNELS;

/** Sent with what may travel through a tunnel: the URL by which its sender reaches the receiver. */
export const REACHED_AT = 'replog-reached-at';

/** In the answer to that: a tunnel may be opened. */
export const OFFER = 'replog-tunnel';

const HEADER_BYTES = 8;
const STATUS_BYTES = 2;

export interface FramedAnswer {
  readonly status: number;
  readonly text: string;
}

/** The frame of a request whose body is in parts: in parts, too. */
export function requestFrame(id: number, body: readonly Buffer[]): Buffer[] {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  let length = 0;
  for (const part of body) length += part.length;
  header.writeUInt32LE(length, 0);
  header.writeUInt32LE(id, 4);
  return [header, ...body];
}

export function answerFrame(id: number, status: number, body: string | Uint8Array): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + STATUS_BYTES + bytes.length);
  frame.writeUInt32LE(STATUS_BYTES + bytes.length, 0);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt16LE(status, HEADER_BYTES);
  frame.set(bytes, HEADER_BYTES + STATUS_BYTES);
  return frame;
}

/** Throws FrameError for a payload without a status. */
export function answerOf(payload: Buffer): FramedAnswer {
  if (payload.length < STATUS_BYTES) throw new FrameError('an answer without a status');
  return { status: payload.readUInt16LE(0), text: payload.toString('utf8', STATUS_BYTES) };
}

/** The other side does not keep to the format. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly retriable = true;
}

/** Cuts what arrives into frames. Invariant: it keeps no more than one frame of `bytesMax`. */
export class FrameReader {
  private readonly bytesMax: number;
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerFilled = 0;
  private payload: Buffer | null = null;
  private filled = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Calls back for each frame that `chunk` completes. Throws FrameError for one that is longer
   * than `bytesMax`. */
  take(chunk: Buffer, onFrame: (id: number, payload: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.payload === null) {
        at += this.takeHeader(chunk, at);
        if (this.headerFilled < HEADER_BYTES) return;
        const length = this.header.readUInt32LE(0);
        if (length > this.bytesMax) throw new FrameError(`a frame of ${length} bytes`);
        if (chunk.length - at >= length) {
          // As a rule a frame comes in one piece, and is not copied.
          this.headerFilled = 0;
          onFrame(this.header.readUInt32LE(4), chunk.subarray(at, at + length));
          at += length;
          continue;
        }
        this.payload = Buffer.allocUnsafeSlow(length);
        this.filled = 0;
      }
      const taken = chunk.copy(this.payload, this.filled, at);
      this.filled += taken;
      at += taken;
      if (this.filled === this.payload.length) this.complete(onFrame);
    }
  }

  private takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.header, this.headerFilled, at);
    this.headerFilled += taken;
    return taken;
  }

  private complete(onFrame: (id: number, payload: Buffer) => void): void {
    const payload = this.payload!;
    this.payload = null;
    this.headerFilled = 0;
    onFrame(this.header.readUInt32LE(4), payload);
  }
}
