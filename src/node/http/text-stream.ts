// A body that is made piece by piece: small ones are sent whole, long ones are streamed as fast as
// the client reads, so that no answer is ever in memory as a whole.

/** Up to here an answer is sent in one piece, with its length. In bytes. */
const WHOLE_MAX = 64 << 10;

/** Puts the pieces together, or streams them if they are long. An error in an early piece is
 * thrown; one in a later piece cuts the connection, so that nobody takes the part for the whole. */
export async function bodyOf(
  pieces: AsyncGenerator<Buffer>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const head: Buffer[] = [];
  let bytes = 0;
  while (bytes < WHOLE_MAX) {
    const { done, value } = await pieces.next();
    if (done === true) return new Uint8Array(Buffer.concat(head));
    head.push(value);
    bytes += value.length;
  }
  return streamOf(Buffer.concat(head), pieces);
}

/** An answer of JSON text that is made piece by piece. Rejects as `bodyOf` does. */
export async function jsonOf(pieces: AsyncGenerator<Buffer>): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return new Response(await bodyOf(pieces), { headers });
}

function streamOf(head: Buffer, pieces: AsyncGenerator<Buffer>): ReadableStream<Uint8Array> {
  let first: Buffer | null = head;
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    const piece = first ?? (await nextOf(pieces));
    first = null;
    if (piece === null) controller.close();
    else controller.enqueue(piece);
  };
  const cancel = async (): Promise<void> => {
    await pieces.return(undefined);
  };
  // Nothing is made before it is asked for.
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** The next piece that is not empty: an empty one would not be asked for again. */
async function nextOf(pieces: AsyncGenerator<Buffer>): Promise<Buffer | null> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done === true) return null;
    if (value.length > 0) return value;
  }
}
