import { describe, expect, it } from 'vitest';

import { CpuAccount, TaskCpu } from '../../../src/pool/cpu/account.ts';
import { WorkerCpu } from '../../../src/pool/cpu/worker-cpu.ts';
import { BatchResults } from '../../../src/wire/batch-results.ts';

const idle = { pendingCalls: () => [] };

/** A worker whose figures come when the test writes them. */
function worker(): { cpu: WorkerCpu; results: BatchResults; written: Map<number, number>; running: Map<number, number> } {
  const [written, running] = [new Map<number, number>(), new Map<number, number>()];
  const results = new BatchResults();
  return { cpu: new WorkerCpu({ ofMessage: (tag) => written.get(tag), soFar: (tag) => running.get(tag) }, results), results, written, running };
}

function task(): { sum: TaskCpu; call: (place?: number) => { account: CpuAccount; place: number } } {
  const sum = new TaskCpu();
  return { sum, call: (place = 0) => ({ account: sum.account, place }) };
}

describe('a message', () => {
  it('is charged to its own calls, also where its figure comes when the next message has been sent', () => {
    const { cpu, written } = worker();
    const [one, two, three] = [task(), task(), task()];
    cpu.begin([one.call()], 1);
    cpu.end(idle);
    cpu.begin([two.call()], 2);
    written.set(1, 10);
    cpu.end(idle);
    cpu.begin([three.call()], 3);
    written.delete(1);
    written.set(2, 20);
    cpu.end(idle);
    cpu.collect();
    expect([one, two, three].map(({ sum }) => sum.cpuMs)).toEqual([10, 20, undefined]);
  });

  it('is charged once, and again only by what its figure has grown', () => {
    const { cpu, written } = worker();
    const { sum, call } = task();
    cpu.begin([call()], 1);
    written.set(1, 10);
    cpu.end(idle);
    for (let i = 0; i < 3; i++) cpu.collect();
    expect(sum.cpuMs).toBe(10);
    written.set(1, 11);
    cpu.begin([task().call()], 2);
    cpu.begin([task().call()], 3);
    expect(sum.cpuMs).toBe(11);
  });

  it('is not charged while it is under way, nor where its worker has not seen it', () => {
    const { cpu, written, running } = worker();
    const { sum, call } = task();
    running.set(1, 5).set(2, 5);
    cpu.begin([call()], 1);
    cpu.collect();
    cpu.drop();
    cpu.end(idle);
    cpu.collect();
    written.set(1, 10);
    cpu.collect();
    expect(sum.cpuMs).toBeUndefined();
  });

  it('is charged by what the kernel says where its worker has not written yet, and corrected later', () => {
    const { cpu, written, running } = worker();
    const { sum, call } = task();
    cpu.begin([call()], 1);
    cpu.end(idle);
    running.set(1, 7);
    cpu.collect();
    expect(sum.cpuMs).toBe(7);
    written.set(1, 8);
    cpu.collect();
    expect(sum.cpuMs).toBe(8);
  });
});

describe('a batch of several accounts', () => {
  it('is charged by call, and the rest to all calls that ran, in equal parts', () => {
    const { cpu, results, written } = worker();
    const [one, two, returned] = [task(), task(), task()];
    results.clear(3, 1);
    cpu.begin([one.call(0), two.call(1), returned.call(2)], -1);
    results.setCpu(0, 10);
    results.setCpu(1, 1);
    written.set(-1, 12);
    cpu.end(idle);
    expect([one, two, returned].map(({ sum }) => sum.cpuMs)).toEqual([10.5, 1.5, undefined]);
  });

  it('charges the call that was running when its worker ended with what no other call has used', () => {
    const { cpu, results, running } = worker();
    const [ended, endless] = [task(), task()];
    results.clear(2, 1);
    cpu.begin([ended.call(0), endless.call(1)], -1);
    results.setCpu(0, 3);
    running.set(-1, 103);
    cpu.endRunning({ pendingCalls: () => [endless.call(1)] });
    expect([ended, endless].map(({ sum }) => sum.cpuMs)).toEqual([3, 100]);
  });
});
