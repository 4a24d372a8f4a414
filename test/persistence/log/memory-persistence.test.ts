import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { describePersistence } from '../../contracts/persistence.suite.ts';

describePersistence('MemoryPersistence', {
  open: async () => new MemoryPersistence(),
});

describePersistence('MemoryPersistence in small blocks', {
  open: async () => new MemoryPersistence({ blockBytes: 512, intervalBytes: 256 }),
});
