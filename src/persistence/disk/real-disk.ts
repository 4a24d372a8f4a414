// The Disk of a node: one folder of the file system. The rule: one thread-pool hop per call, which
// is why a file is opened with O_DSYNC instead of being synced after each write.

import fs from 'node:fs';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, type Disk, type DiskFile, type OpenMode } from './disk.ts';
import { makeFolder, syncFolder } from './folders.ts';

const { O_CREAT, O_DSYNC, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;

const FLAGS: Readonly<Record<OpenMode, number>> = {
  // Windows has no O_DSYNC: there `RealFile.write` syncs by itself.
  'durable-write': O_RDWR | O_CREAT | (O_DSYNC ?? 0),
  create: O_RDWR | O_CREAT | O_EXCL | (O_DSYNC ?? 0),
  write: O_RDWR | O_CREAT,
  read: O_RDONLY,
};

const call = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  ftruncate: promisify(fs.ftruncate),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
};

class RealFile implements DiskFile {
  private readonly fd: number;
  private readonly path: string;
  private readonly durable: boolean;

  constructor(fd: number, path: string, mode: OpenMode) {
    this.fd = fd;
    this.path = path;
    this.durable = mode === 'durable-write' || mode === 'create';
  }

  /** Of a file that somebody has removed the system goes on taking writes, which nobody will ever
   * read: it is asked each time, as that is a small part of what the write costs. */
  async write(buffers: readonly Buffer[], position: number): Promise<number> {
    const taken = await this.writeOnce(buffers, position);
    if (!this.durable) return taken;
    if (O_DSYNC === undefined) await call.fdatasync(this.fd);
    if (fs.fstatSync(this.fd).nlink === 0) {
      const message = 'ENOENT: what was written to is gone: somebody has removed the file';
      throw Object.assign(new Error(message), { code: 'ENOENT' });
    }
    return taken;
  }

  read(into: Buffer, position: number): Promise<number> {
    return new Promise((fulfil, reject) => {
      fs.read(this.fd, into, 0, into.length, position, (error, got) => {
        if (error) reject(this.named(error));
        else fulfil(got);
      });
    });
  }

  size(): Promise<number> {
    return new Promise((fulfil, reject) => {
      fs.fstat(this.fd, (error, stats) => {
        if (error) reject(error);
        else fulfil(stats.size);
      });
    });
  }

  truncate(length: number): Promise<void> {
    return call.ftruncate(this.fd, length);
  }

  sync(): Promise<void> {
    return call.fsync(this.fd);
  }

  close(): Promise<void> {
    return call.close(this.fd);
  }

  /** Of an open file the system does not say which it is. */
  private named(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
    error.message += ` '${this.path}'`;
    error.path = this.path;
    return error;
  }

  private writeOnce(buffers: readonly Buffer[], position: number): Promise<number> {
    return new Promise((fulfil, reject) => {
      const done = (error: Error | null, taken: number): void => {
        if (error) reject(error);
        else fulfil(taken);
      };
      const only = buffers[0];
      if (only !== undefined && buffers.length === 1) {
        fs.write(this.fd, only, 0, only.length, position, done);
      } else {
        fs.writev(this.fd, buffers as Buffer[], position, done);
      }
    });
  }
}

/** The folder `folder` as a Disk. Nothing is touched until the first call. */
export class RealDisk implements Disk {
  readonly name: string;
  /** Names are put behind it as they are: they have nothing in them that a path would resolve. */
  private readonly prefix: string;

  constructor(folder: string) {
    this.name = folder;
    this.prefix = join(folder, sep);
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const full = this.prefix + path;
    return new RealFile(await call.open(full, FLAGS[mode], 0o600), full, mode);
  }

  readNow(path: string, into: Buffer, position: number): number {
    const fd = fs.openSync(this.prefix + path, O_RDONLY);
    try {
      let filled = 0;
      while (filled < into.length) {
        const got = fs.readSync(fd, into, filled, into.length - filled, position + filled);
        if (got === 0) break;
        filled += got;
      }
      return filled;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Each folder's name stands in its parent, which must be synced for it. */
  async makeFolder(): Promise<void> {
    await makeFolder(this.name);
  }

  list(): Promise<string[]> {
    return fs.promises.readdir(this.name);
  }

  rename(from: string, to: string): Promise<void> {
    return fs.promises.rename(this.prefix + from, this.prefix + to);
  }

  async remove(path: string): Promise<void> {
    try {
      await fs.promises.unlink(this.prefix + path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  syncFolder(): Promise<void> {
    return syncFolder(this.name);
  }
}
