import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DamagedRoster,
  ForeignFolder,
  readRoster,
  removeData,
  rosterFor,
  writeRoster,
} from '../../../src/cluster/files/roster.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-roster-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('writeRoster', () => {
  it('leaves nothing where it cannot write: that would look like a file of others', () => {
    // Something in the place of the file: rights do not hold up every user.
    mkdirSync(join(dir, 'cluster.json', 'full'), { recursive: true });
    expect(() => writeRoster(dir, { nodes: ['n1'], removed: [] })).toThrow();
    expect(readdirSync(dir)).toEqual(['cluster.json']);
    rmSync(join(dir, 'cluster.json'), { recursive: true });
    removeData(dir);
  });
});

describe('rosterFor', () => {
  it('starts three nodes where nothing else is said', () => {
    expect(rosterFor(null, null)).toEqual({ nodes: ['n1', 'n2', 'n3'], removed: [] });
  });

  it('brings back the nodes of a folder', () => {
    const had = { nodes: ['n1', 'n3'], removed: ['n2'] };
    expect(rosterFor(null, had)).toEqual(had);
  });

  it('cuts or extends them to a number that is given, without giving an id twice', () => {
    const had = { nodes: ['n1', 'n2', 'n3'], removed: [] };
    expect(rosterFor(1, had)).toEqual({ nodes: ['n1', 'n2'], removed: ['n3'] });
    expect(rosterFor(3, { nodes: ['n1', 'n3'], removed: ['n2'] })).toEqual({
      nodes: ['n1', 'n3', 'n4', 'n5'],
      removed: ['n2'],
    });
    const cut = { nodes: ['n1', 'n2'], removed: ['n3'] };
    expect(rosterFor(2, cut)).toEqual({ nodes: ['n1', 'n2', 'n4'], removed: ['n3'] });
  });
});

describe('the roster on disk', () => {
  it('is read as it was written', () => {
    const roster = { nodes: ['n1', 'n2'], removed: ['n3'] };
    writeRoster(join(dir, 'new'), roster);
    expect(readRoster(join(dir, 'new'))).toEqual(roster);
    expect(readdirSync(join(dir, 'new'))).toEqual(['cluster.json']);
  });

  it('is null where there is none', () => {
    expect(readRoster(dir)).toBeNull();
    expect(readRoster(join(dir, 'missing'))).toBeNull();
  });

  it.each(['', '{}', 'null', 'garbage', '{"format":"replog-cluster-1","nodes":[7]}'])(
    'says that %j is damaged',
    (text) => {
      writeFileSync(join(dir, 'cluster.json'), text);
      expect(() => readRoster(dir)).toThrow(DamagedRoster);
    },
  );

  it('says that one of another version is foreign, not damaged', () => {
    const later = { format: 'replog-cluster-2', nodes: [], removed: [] };
    writeFileSync(join(dir, 'cluster.json'), JSON.stringify(later));
    expect(() => readRoster(dir)).toThrow(ForeignFolder);
  });

  it.each([
    { nodes: ['../precious'], removed: [] },
    { nodes: ['n1'], removed: ['../precious'] },
  ])('names no folder outside its own: %o', (outside) => {
    const text = JSON.stringify({ format: 'replog-cluster-1', ...outside });
    writeFileSync(join(dir, 'cluster.json'), text);
    expect(() => removeData(dir)).toThrow(DamagedRoster);
  });

  it('is not taken for missing where it cannot be read', () => {
    mkdirSync(join(dir, 'cluster.json'));
    expect(() => readRoster(dir)).toThrow('EISDIR');
  });
});

describe('removeData', () => {
  it('removes what the cluster made, and nothing else', () => {
    writeRoster(dir, { nodes: ['n1'], removed: ['n2'] });
    for (const folder of ['n1', 'n2', 'arbiter', 'mine']) {
      mkdirSync(join(dir, folder));
      writeFileSync(join(dir, folder, 'file'), 'x');
    }
    removeData(dir);
    expect(readdirSync(dir)).toEqual(['mine']);
    expect(existsSync(join(dir, 'mine', 'file'))).toBe(true);
  });

  it('refuses a folder that it does not recognise', () => {
    writeFileSync(join(dir, 'thesis.txt'), 'x');
    expect(() => removeData(dir)).toThrow(ForeignFolder);
    expect(existsSync(join(dir, 'thesis.txt'))).toBe(true);
  });

  it('has nothing to do where a killed start has left no more than a draft', () => {
    writeFileSync(join(dir, 'cluster.json.tmp'), '{"form');
    removeData(dir);
    writeRoster(dir, { nodes: ['n1'], removed: [] });
    expect(readdirSync(dir)).toEqual(['cluster.json']);
  });

  it('has nothing to do where there is nothing', () => {
    removeData(dir);
    removeData(join(dir, 'missing'));
    expect(existsSync(dir)).toBe(true);
  });
});
