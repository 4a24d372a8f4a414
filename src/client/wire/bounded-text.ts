// The text of an answer whose length nobody promises. The rule: what goes on beyond its bound is
// no answer, and no more of it is read.

/** Rejects as the body does, and with an Error where it is longer than `bytesMax` bytes; the rest
 * is let go of then. */
export async function boundedText(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<string> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = '';
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) throw new Error(`the answer goes on beyond ${bytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
