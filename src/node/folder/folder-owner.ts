// Which node has worked on a folder last, in a small file of its own. Data may be given to another
// id, by a copy of the folder for example, and their next owner may be a mistake: which of the two
// it is, only people know. The rule: it is said, and nothing is refused.

import { type Disk, readAll, withFile, writeAll } from '../../persistence/disk/disk.ts';
import { RealDisk } from '../../persistence/disk/real-disk.ts';
import { writeWhole } from '../../persistence/disk/unfinished.ts';
import type { Logger } from '../diagnostics/logger.ts';

const OWNER = 'node.json';

/** No id is longer, nor is its mark. */
const BYTES_MAX = 256;

/** Notes that the node of this id works on the folder from now on, and warns where that was another
 * node's. In memory there is nothing to note. */
export async function takeFolder(
  { id, dataDir }: { readonly id: string; readonly dataDir: string | null },
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  if (dataDir === null) return;
  const disk = new RealDisk(dataDir);
  const earlier = await ownerOf(disk);
  if (earlier === id) return;
  if (earlier !== null) {
    logger.warn(
      { earlier },
      `the data in ${dataDir} were another node's; they are those of ${id} from now on`,
    );
  }
  await noteOwner(disk, id);
}

/** The id of the node that worked there last; null where nothing says so. */
async function ownerOf(disk: Disk): Promise<string | null> {
  try {
    return await withFile(disk, OWNER, 'read', async (file) => {
      const text = Buffer.alloc(Math.min(BYTES_MAX, await file.size()));
      await readAll(file, text, 0);
      const { node } = JSON.parse(text.toString('utf8')) as { node?: unknown };
      return typeof node === 'string' ? node : null;
    });
  } catch {
    // A folder from before there was the mark, a new one, or one whose mark is damaged: the data
    // say nothing of it.
    return null;
  }
}

async function noteOwner(disk: Disk, node: string): Promise<void> {
  const text = Buffer.from(`${JSON.stringify({ node })}\n`);
  try {
    await writeWhole(disk, OWNER, (file) => writeAll(file, [text], 0));
  } catch {
    // A full disk, for example: that a node cannot be warned later is no reason not to start.
  }
}
