// What people type who know other programs: the command that does it here. A likeness of letters
// would send them elsewhere (`status` is like `start`, `top` like `stop`).

const COMMANDS: Readonly<Record<string, string>> = {
  ...named(
    '`replog kv get`, `put`, `rm` and `list` are the key-value store',
    'get put set del delete remove keys',
  ),
  ...named('`replog append` writes a message', 'write send post publish produce push insert'),
  ...named(
    '`replog list` shows what a node has, `--follow` what comes',
    'ls log read tail follow messages consume subscribe show',
  ),
  ...named(
    '`replog health` shows every member, `replog ps` the processes',
    'status info nodes members cluster-status',
  ),
  ...named(
    '`replog dashboard` shows the cluster, and `l` there what a node says',
    'logs top watch monitor ui',
  ),
  ...named('`replog cluster` starts a cluster', 'up run serve server init'),
  ...named('`replog stop` ends the cluster', 'down shutdown halt quit exit'),
  ...named('`replog --version` says which one this is', 'version'),
};

const IN_GROUPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kv: {
    ...named('`replog kv put` writes a key', 'set insert write add'),
    ...named('`replog kv rm` removes a key', 'del delete remove unset'),
    ...named('`replog kv list` shows all keys', 'ls keys all scan'),
    ...named('`replog kv get` reads a key', 'read show'),
  },
};

/** `words`: with spaces between them. */
function named(hint: string, words: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((word) => [word, hint]));
}

/** What does here what `word` does elsewhere; null: nobody knows. `group`: the command that it was
 * to be a part of; undefined: none. */
export function otherWord(word: string, group: string | undefined): string | null {
  const words = group === undefined ? COMMANDS : (IN_GROUPS[group] ?? {});
  return Object.hasOwn(words, word) ? words[word]! : null;
}
