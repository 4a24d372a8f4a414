// The lines of a body, as they come.

/** Characters of a line whose end has not come: far above the answer to an append. */
const LINE_MAX = 1 << 20;

/** Those that came together, without the line ends; a last line without one counts. Throws where
 * one goes on beyond what a node writes. */
export async function* lines(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop()!;
    if (rest.length > LINE_MAX) throw new Error('the answer has a line that does not end');
    yield parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}
