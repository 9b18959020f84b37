import * as offloop from 'offloop';
import { describe, expect, it } from 'vitest';

const message = 'what happened';
const cause = new Error('the cause');

/** The whole table: class, code, own fields, and an instance. */
const table: [name: keyof typeof offloop, code: string, fields: object, error: Error][] = [
  ['TaskTimeoutError', 'OFFLOOP_TIMEOUT', { workerStack: '    at spin', cpuMs: 31 }, new offloop.TaskTimeoutError(message, '    at spin', 31)],
  ['DeadlineExceededError', 'OFFLOOP_DEADLINE', {}, new offloop.DeadlineExceededError(message)],
  ['QueueFullError', 'OFFLOOP_QUEUE_FULL', {}, new offloop.QueueFullError(message)],
  ['WorkerCrashedError', 'OFFLOOP_WORKER_CRASHED', { exitCode: 7 }, new offloop.WorkerCrashedError(message, 7)],
  ['WorkerOutOfMemoryError', 'OFFLOOP_WORKER_OOM', {}, new offloop.WorkerOutOfMemoryError(message)],
  ['PoolClosedError', 'OFFLOOP_POOL_CLOSED', {}, new offloop.PoolClosedError(message)],
  ['NotCloneableError', 'OFFLOOP_NOT_CLONEABLE', { path: 'args[0].socket' }, new offloop.NotCloneableError(message, 'args[0].socket')],
  ['ContextError', 'OFFLOOP_CONTEXT', { store: 'request', path: 'request.user' }, new offloop.ContextError(message, 'request', 'request.user')],
  ['ContextTooLargeError', 'OFFLOOP_CONTEXT_TOO_LARGE', { store: 'request', bytes: 9000 }, new offloop.ContextTooLargeError(message, 'request', 9000)],
  ['TaskNotFoundError', 'OFFLOOP_TASK_NOT_FOUND', {}, new offloop.TaskNotFoundError(message)],
  ['EntryModuleError', 'OFFLOOP_ENTRY_MODULE', {}, new offloop.EntryModuleError(message)],
  ['ModuleLoadError', 'OFFLOOP_MODULE_LOAD', {}, new offloop.ModuleLoadError(message)],
  ['OptionError', 'OFFLOOP_OPTION', {}, new offloop.OptionError(message)],
  ['DuplicateNameError', 'OFFLOOP_DUPLICATE_NAME', {}, new offloop.DuplicateNameError(message)],
];

describe.each(table)('%s', (name, code, fields, error) => {
  it(`has the code ${code} and its own fields, and no other property`, () => {
    expect(Object.entries(error)).toEqual(Object.entries({ code, ...fields }));
  });

  it('has the name of its class, on the prototype', () => {
    expect(error.name).toBe(name);
    expect(Object.hasOwn(error, 'name')).toBe(false);
    expect(String(error)).toBe(`${name}: ${message}`);
    expect(error.stack).toMatch(new RegExp(`^${name}: ${message}\n`));
  });

  it('is an instance of its class, of OffloopError and of Error', () => {
    for (const errorClass of [offloop[name], offloop.OffloopError, Error]) expect(error).toBeInstanceOf(errorClass);
  });
});

describe('the table of errors', () => {
  it('has every exported class of an error', () => {
    const exported = Object.entries(offloop).filter(([, value]) => typeof value === 'function' && (value.prototype as unknown) instanceof Error);
    expect(exported.map(([name]) => name).sort()).toEqual(['OffloopError', ...table.map(([name]) => name)].sort());
  });

  it('has a code for each class, and no code twice', () => {
    const codes = table.map(([, code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toMatch(/^OFFLOOP_[A-Z_]+$/);
  });

  it('keeps a cause where the class takes a cause', () => {
    const errors = [
      new offloop.WorkerCrashedError(message, 1, { cause }),
      new offloop.WorkerOutOfMemoryError(message, { cause }),
      new offloop.NotCloneableError(message, 'result', { cause }),
      new offloop.ContextError(message, 'request', '', { cause }),
      new offloop.ModuleLoadError(message, { cause }),
      new offloop.OptionError(message, { cause }),
      new offloop.OffloopError('OFFLOOP_OTHER', message, { cause }),
    ];
    for (const error of errors) expect(error.cause).toBe(cause);
  });

  it('leaves unknown facts out: no workerStack, an empty path, an exit code of null', () => {
    for (const fact of ['workerStack', 'cpuMs']) expect(new offloop.TaskTimeoutError(message)).not.toHaveProperty(fact);
    expect(new offloop.ContextError(message, '').path).toBe('');
    expect(new offloop.WorkerCrashedError(message, null).exitCode).toBeNull();
  });
});
