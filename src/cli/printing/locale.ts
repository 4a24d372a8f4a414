// What the terminal can show, as far as the environment tells.

/** A locale that names another character set, or none at all, is taken at its word. */
function showsUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}

/** Whether what is written there must be ASCII. */
export function isAsciiOnly(
  { isTTY }: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return isTTY === true && !showsUnicode(env);
}
