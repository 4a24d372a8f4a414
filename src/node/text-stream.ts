// A body that is made piece by piece: small ones are sent whole, long ones are streamed as fast as
// the client reads, so that no answer is ever in memory as a whole.

/** Up to here an answer is sent in one piece, with its length. In UTF-16 units. */
const WHOLE_MAX = 64 << 10;

/** Puts the pieces together, or streams them if they are long. An error in an early piece is
 * thrown; one in a later piece cuts the connection, so that nobody takes the part for the whole. */
export async function bodyOf(
  pieces: AsyncGenerator<string>,
): Promise<string | ReadableStream<Uint8Array>> {
  let head = '';
  while (head.length < WHOLE_MAX) {
    const { done, value } = await pieces.next();
    if (done === true) return head;
    head += value;
  }
  return streamOf(head, pieces);
}

function streamOf(head: string, pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let first: string | null = head;
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    const text = first ?? (await pieces.next()).value;
    first = null;
    if (typeof text === 'string') controller.enqueue(encoder.encode(text));
    else controller.close();
  };
  const cancel = async (): Promise<void> => {
    await pieces.return(undefined);
  };
  // Nothing is made before it is asked for.
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}
