// Each file of this folder is a document that explains, shows and checks one situation. `vitest -u`
// draws it anew; read the difference line by line before you accept it.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.ts';

const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));

describe('scenarios', () => {
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const scenario = new Scenario(text);
    test(scenario.title, async () => {
      await expect(scenario.play()).toMatchFileSnapshot(file);
    });
  }

  test('there are scenarios, and no two have the same title', () => {
    const titles = files.map(
      (file) => new Scenario(readFileSync(new URL(file, folder), 'utf8')).title,
    );
    expect(titles.length).toBeGreaterThanOrEqual(14);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
