// The lines of a body, as they come.

/** Those that came together, without the line ends; a last line without one counts. */
export async function* lines(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop()!;
    yield parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}
