import { expectTypeOf } from 'vitest';

import type * as inWorker from '../../src/in-worker.ts';
import type * as index from '../../src/index.ts';

// `import 'offloop'` has the same functions and classes in a worker as elsewhere.
expectTypeOf<typeof inWorker>().toEqualTypeOf<typeof index>();
