// Colour for people at a terminal, and for nobody else.

/** Wraps a text in a colour, or leaves it alone. */
export type Style = (text: string) => string;

export interface Styles {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
}

/** `--no-color` reaches this as NO_COLOR, which main.ts sets. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** The styles for a stream: escape codes, or nothing. */
export function stylesFor(
  stream: { readonly isTTY?: boolean } = process.stdout,
  env: NodeJS.ProcessEnv = process.env,
): Styles {
  const coloured = wantsColour(stream, env);
  const style =
    (on: number, off: number): Style =>
    (text) =>
      coloured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
  };
}
